"""`generate` of transformers with tools: the ids of prompts in, those of prompts and answers out.

What `custom_generate/generate.py` of a tuned model calls. The answer is the one that `decode` gives
of the prompt's text: greedy unless sampling is asked for, whatever `generation_config.json` says.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from toolformer.errors import ConfigError, ModelError, clipped
from toolformer.infer.answers import Answer
from toolformer.infer.config import InferConfig
from toolformer.infer.decode import decode
from toolformer.infer.live_tools import LiveTools, taught_tools
from toolformer.infer.request import Request
from toolformer.sidecar import Sidecar, sidecar_of_values
from toolformer.tools.registry import Tools, as_tools

if TYPE_CHECKING:
    from toolformer.lm.hf.model import HFLanguageModel

_KEPT = "_toolformer_language_model"  # on the model: wrapping it reads all of its weights
# Arguments of `generate` that change nothing here, and values of others that ask for nothing.
_IGNORED = frozenset(
    {
        *("synced_gpus", "use_model_defaults", "use_cache", "cache_implementation"),
        *("eos_token_id", "bos_token_id", "token_type_ids", "position_ids", "assistant_tokenizer"),
        *("early_stopping", "max_time", "disable_compile"),
    }
)
_NEUTRAL: Mapping[str, tuple[object, ...]] = {
    "num_beams": (1,),
    "num_return_sequences": (1,),
    "top_p": (1.0,),
    "top_k": (0,),
    "repetition_penalty": (1.0,),
}


@dataclass(frozen=True, slots=True)
class _Settings:
    """What is asked of an answer, by argument or else by a generation config that was given."""

    max_new_tokens: int | None
    max_length: int | None
    temperature: float
    stop: tuple[str, ...]
    pad: int

    def config(self, *, prompt: int, seed: int, max_calls: int | None) -> InferConfig:
        """Returns the settings of one answer, behind a prompt of so many tokens."""
        most = self.max_new_tokens
        if most is None and self.max_length is not None:
            most = max(1, self.max_length - prompt)
        return InferConfig(temperature=self.temperature, seed=seed, stop=self.stop).override(
            max_new_tokens=most, max_calls=max_calls
        )


def generate_with_tools(
    model: Any,
    inputs: Any = None,
    *,
    sidecar: Mapping[str, Any] | Sidecar | None = None,
    input_ids: Any = None,
    attention_mask: Any = None,
    tokenizer: Any = None,
    generation_config: Any = None,
    streamer: Any = None,
    tools: Tools | None = None,
    today: date | None = None,
    trust_tools: bool = False,
    seed: int = 0,
    max_calls: int | None = None,
    **arguments: Any,
) -> Any:
    """Returns the ids of prompts with their answers, calls and outputs in them.

    Args:
        model: a `PreTrainedModel`.
        inputs: (prompts, tokens) int64, the ids of the prompts; or as `input_ids`.
        sidecar: how the model was taught to write calls, or the values of its toolformer.json.
        input_ids: the same as `inputs`.
        attention_mask: (prompts, tokens), 0 where a prompt is padded.
        tokenizer: of the model; the one beside its weights when None.
        generation_config: whose lengths, temperature and stop texts count where they are not given.
        streamer: is given a prompt, and its answer when it is finished; of one prompt.
        tools: that may be called; those that the model was taught, as far as making them opens
            nothing, when None.
        today: what counts as today; the clock's day when None.
        trust_tools: whether the tools that the model's files name may be made, whatever they open.
        seed: of sampling.
        max_calls: calls of an answer, at most.
        arguments: `max_new_tokens`, `max_length`, `do_sample`, `temperature`, `stop_strings` and
            `pad_token_id`, as `generate` has them.

    Returns:
        (prompts, tokens) int64 on the device of the inputs, padded at the end.

    Raises:
        ConfigError: an argument asks for what this cannot do.
        ModelError: a prompt is too long, or the model cannot be used.
    """
    ids = input_ids if inputs is None else inputs
    if ids is None:
        raise ConfigError("There is no prompt to continue: give generate input_ids.")
    settings = _settings(arguments, generation_config, model=model, tokenizer=tokenizer)
    taught = sidecar_of_values(sidecar) if isinstance(sidecar, Mapping) else sidecar
    language_model = _language_model(model, tokenizer, sidecar=taught)
    rows = _rows(ids, attention_mask)
    if streamer is not None and len(rows) != 1:
        raise ConfigError("A streamer takes the answer to one prompt: give generate one.")
    named = as_tools(tools) if tools is not None else None
    if named is None:
        named = taught_tools(taught, model=language_model.name, is_trusted=trust_tools)
    known = [] if taught is None else [each.name for each in taught.tools]
    with LiveTools(named, today=today or date.today(), taught=known) as live:
        requests = [
            live.equip(
                _request(
                    language_model,
                    row,
                    config=settings.config(prompt=len(row), seed=seed, max_calls=max_calls),
                    index=index,
                )
            )
            for index, row in enumerate(rows)
        ]
        with _evaluating(model):
            answers = list(decode(language_model, requests, execute=live.execute))
    end = _end_of(model)
    continued = [_continuation(language_model, answer, end=end) for answer in answers]
    if streamer is not None:
        streamer.put(ids.cpu())
        streamer.put(ids.new_tensor(continued[0]).cpu())
        streamer.end()
    return _joined(ids, continued, pad=settings.pad)


def _settings(arguments: Mapping[str, Any], given: Any, *, model: Any, tokenizer: Any) -> _Settings:
    """Reads the arguments of `generate`.

    Raises:
        ConfigError: one asks for what this cannot do.
    """
    taken = ("max_new_tokens", "max_length", "do_sample", "temperature", "stop_strings")
    for name, value in arguments.items():
        is_asked = value is not None and value is not False and value not in _NEUTRAL.get(name, ())
        if is_asked and name not in (*taken, "pad_token_id") and name not in _IGNORED:
            raise ConfigError(
                f"generate cannot run tools with {name}={clipped(repr(value))}: leave it out. It "
                f"takes {', '.join(taken)}, tools and today."
            )

    def asked(name: str) -> Any:
        value = arguments.get(name)
        return getattr(given, name, None) if value is None else value

    stop = asked("stop_strings") or ()
    temperature = asked("temperature")
    sampled = 1.0 if temperature is None else float(temperature)
    pads = (
        arguments.get("pad_token_id"),
        getattr(model.generation_config, "pad_token_id", None),
        getattr(tokenizer, "pad_token_id", None),
        _end_of(model),
    )
    return _Settings(
        max_new_tokens=asked("max_new_tokens"),
        max_length=asked("max_length"),
        temperature=sampled if asked("do_sample") else 0.0,
        stop=(stop,) if isinstance(stop, str) else tuple(stop),
        pad=next((int(each) for each in pads if each is not None), 0),
    )


def _language_model(model: Any, tokenizer: Any, *, sidecar: Sidecar | None) -> "HFLanguageModel":
    """Returns a model as the decoder asks for one, which is kept while its weights are the same."""
    from toolformer.lm.hf.formats.reading import load_tokenizer
    from toolformer.lm.hf.model import HFLanguageModel

    weights = tuple((each.data_ptr(), each._version) for each in model.parameters())
    known = model.__dict__.get(_KEPT)
    if known is not None and known[:-1] == (weights, sidecar, id(tokenizer)):
        found: HFLanguageModel = known[-1]
        return found
    used = load_tokenizer(model.name_or_path) if tokenizer is None else tokenizer
    with _evaluating(model):
        found = HFLanguageModel.from_pretrained_model(model, used, sidecar=sidecar)
    model.__dict__[_KEPT] = (weights, sidecar, id(tokenizer), found)
    return found


@contextmanager
def _evaluating(model: Any) -> Iterator[None]:
    """Sets a model to evaluate, as whoever generates in the middle of a training wants it."""
    was_training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(was_training)


def _rows(ids: Any, mask: Any) -> list[list[int]]:
    """Returns the tokens of each prompt, without what pads it."""
    rows: list[list[int]] = ids.tolist()
    if mask is None:
        return rows
    return [
        [token for token, is_there in zip(row, there, strict=True) if is_there]
        for row, there in zip(rows, mask.tolist(), strict=True)
    ]


def _request(
    model: "HFLanguageModel", row: Sequence[int], *, config: InferConfig, index: int
) -> Request:
    """Returns the request of a prompt of tokens, which a chat template may have written."""
    encoding = model.engine.encoding
    own = list(row)
    if encoding.start and own[:1] == list(encoding.start):
        del own[0]
    if model.engine.silent.intersection(own):
        return Request(encoding.decode_row(row), templated=True, config=config, index=index)
    return Request(encoding.decode_row(own), config=config, index=index)


def _continuation(model: "HFLanguageModel", answer: Answer, *, end: int | None) -> list[int]:
    """Returns the tokens of an answer, of which the prompt has the first characters already.

    Raises:
        ModelError: the prompt leaves no room for one.
    """
    if answer.error is not None:
        raise ModelError(answer.error)
    text = answer.annotated[answer.taken :]
    ids = list(model.engine.encoding.piece(text)) if text else []
    return [*ids, end] if answer.finish == "end" and end is not None else ids


def _end_of(model: Any) -> int | None:
    ends = getattr(model.generation_config, "eos_token_id", None)
    return next(iter(ends), None) if isinstance(ends, list | tuple) else ends


def _joined(ids: Any, continued: Sequence[Sequence[int]], *, pad: int) -> Any:
    """Returns prompts with their answers as one tensor, shorter ones padded at the end."""
    prompt, longest = ids.shape[1], max(map(len, continued))
    whole = ids.new_full((len(continued), prompt + longest), pad)
    whole[:, :prompt] = ids
    for number, row in enumerate(continued):
        whole[number, prompt : prompt + len(row)] = ids.new_tensor(row)
    return whole
