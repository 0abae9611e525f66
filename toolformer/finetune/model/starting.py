"""The model that a training starts from, and whether the runs' calls fit it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from transformers import BitsAndBytesConfig, PreTrainedModel
from transformers import PreTrainedTokenizerFast as HFTokenizer

from toolformer.calls import CallGrammar
from toolformer.errors import ConfigError, ModelError, clipped
from toolformer.finetune.data.runs import SelectedRun
from toolformer.finetune.data.texts import TrainingText
from toolformer.finetune.processes import local_number
from toolformer.lm.encoding import Encoding
from toolformer.lm.hf.backend import context_length
from toolformer.lm.hf.formats.objects import loaded_from
from toolformer.lm.hf.load import Loaded, load_pretrained
from toolformer.sidecar import Sidecar

_CHECKED_TEXTS = 200  # so many texts' places tell one tokenizer from another


@dataclass(frozen=True, slots=True)
class StartingModel:
    """A loaded model, and everything known of it that a training asks for."""

    name: str
    fingerprints: frozenset[str]  # by any dtype it may have been loaded with
    fingerprint: str  # loaded as float32
    model: PreTrainedModel
    tokenizer: HFTokenizer
    encoding: Encoding
    end: int | None  # the end-of-text token
    context: int  # tokens
    sidecar: Sidecar  # how it was taught to write calls before


def load_base(
    model: str | tuple[PreTrainedModel, Any],
    *,
    grammar: CallGrammar | None,
    device: str = "auto",
    in_four_bits: bool = False,
    trust_remote_code: bool = False,
) -> StartingModel:
    """Loads the model to be trained, in float32 or in 4 bits.

    Args:
        model: a directory, a Hub id or "nano", whatever a model of weights may be called; or a
            model and its tokenizer, which is trained as it is, in float32.
        grammar: of the calls to be learned; the one the model was taught before when None.
        device: cpu, cuda, or auto for what is there.
        in_four_bits: whether the weights are held in 4 bits, as QLoRA does.
        trust_remote_code: whether Python files that come with the model may run.

    Raises:
        ModelError: there is no such model, or its tokenizer cannot spell the markers.
        ConfigError: an object is not a model, or is to be held in 4 bits.
    """
    if isinstance(model, str):
        loaded = load_pretrained(
            model,
            dtype="float32",
            device=device_of_process(
                device, process=local_number(), gpus=torch.cuda.device_count()
            ),
            quantization=_four_bits() if in_four_bits else None,
            trust_remote_code=trust_remote_code,
        )
    else:
        loaded = _given(model, in_four_bits=in_four_bits)
    tokenizer: Any = loaded.whole_tokenizer
    sidecar = Sidecar() if loaded.sidecar is None else loaded.sidecar
    grammar = sidecar.grammar if grammar is None else grammar
    return StartingModel(
        name=loaded.name,
        fingerprints=loaded.fingerprints,
        fingerprint=loaded.fingerprint,
        model=loaded.model,
        tokenizer=tokenizer,
        encoding=Encoding(loaded.tokenizer, grammar, start=loaded.start, name=loaded.name),
        end=tokenizer.eos_token_id,
        context=context_length(loaded.model),
        sidecar=replace(sidecar, start_token=loaded.start is not None),
    )


def device_of_process(device: str, *, process: str | None, gpus: int) -> str:
    """Returns where one of several processes trains.

    Args:
        device: as the user named it.
        process: the number of this one on its machine, as `accelerate launch` says; None when it
            is alone.
        gpus: that the machine has.

    >>> device_of_process("auto", process="1", gpus=2)
    'cuda:1'
    """
    if process is None or gpus < 2 or device not in ("auto", "cuda"):
        return device
    return f"cuda:{process}"


def check_base(base: StartingModel, *, run: SelectedRun, is_named: bool) -> None:
    """Refuses a model that is not the run's, unless the user named it.

    Raises:
        ModelError: the weights are not those that the run was made with.
    """
    wanted = run.manifest.model.fingerprint
    if not is_named and wanted not in base.fingerprints:
        raise ModelError(
            f"The weights of {base.name!r} are not those that '{run.name}' was made with (hash "
            f"{wanted}, now {base.fingerprint}). Restore them, or name the model to train: "
            f"--model {base.name}."
        )


def check_places(
    base: StartingModel, texts: Sequence[TrainingText], *, runs: Sequence[SelectedRun]
) -> None:
    """Refuses a model whose tokenizer splits the texts elsewhere than the runs' one model.

    Texts that were annotated in windows prove nothing: a window is tokenised by itself.

    Raises:
        ModelError: a call comes after another number of tokens.
    """
    run = runs[0]
    if run.manifest.model.fingerprint in base.fingerprints:
        return
    window = min(each.manifest.window_tokens for each in runs)
    for text in texts[:_CHECKED_TEXTS]:
        encoded = base.encoding.text(text.text)
        if len(encoded.ids) > window:
            continue
        for placed, before in zip(text.calls, text.tokens_before, strict=True):
            tokens = encoded.tokens_before(placed.position)
            if before is not None and tokens != before:
                there = "inside a token" if tokens is None else f"after {tokens} tokens"
                raise ModelError(
                    f"The tokenizer of {base.name} does not fit '{run.name}': in document "
                    f"{text.id!r} the call at character {placed.position} stands {there}, for "
                    f"{run.manifest.model.name} after {before}. Train the run's own model, or "
                    f"annotate again with {base.name}."
                )


def _given(model: object, *, in_four_bits: bool) -> Loaded:
    """Returns a model that the caller has loaded, ready to be trained."""
    if not isinstance(model, tuple) or len(model) != 2:
        raise ConfigError(
            f"{type(model).__name__} {clipped(repr(model))} cannot be trained: give a name, or a "
            "model of transformers with its tokenizer, model=(model, tokenizer)."
        )
    if in_four_bits:
        raise ConfigError(
            "Weights are put into 4 bits on their way from a file: save_pretrained the model and "
            "its tokenizer, and name that directory."
        )
    loaded = loaded_from(*model)
    loaded.model.float()  # type: ignore[no-untyped-call]
    return loaded


def _four_bits() -> BitsAndBytesConfig:
    """Returns the settings of QLoRA (arXiv 2305.14314): nf4, the scales quantised as well."""
    return BitsAndBytesConfig(  # type: ignore[no-untyped-call]
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
    )
