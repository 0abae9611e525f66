"""What a client asks for, as requests of the decoder."""

import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from toolformer.calls import CallGrammar, ToolCall
from toolformer.errors import ConfigError, ToolError, ToolformerError, clipped
from toolformer.files import is_encodable
from toolformer.infer.config import InferConfig
from toolformer.infer.live_tools import LiveTools
from toolformer.infer.request import Request, spellings_of
from toolformer.lm.base import LanguageModel
from toolformer.lm.chat import chat_prompt, has_chat_template
from toolformer.serve.config import ServeConfig
from toolformer.serve.interface.bodies import Body, ChatBody, CompletionBody, ToolRow
from toolformer.serve.interface.conversation import read_conversation
from toolformer.serve.interface.refusals import RefusedError, not_supported
from toolformer.tools.base import Tool
from toolformer.tools.context import ToolContext
from toolformer.tools.parameters.by_name import named_arguments
from toolformer.tools.parameters.schema import tool_from_schema


@dataclass(frozen=True, slots=True)
class Served:
    """Everything that a server answers with.

    Attributes:
        name: what clients call the model.
        grammar: how it writes calls.
        tools: run while it decodes.
        config: limits and defaults.
        model: None where another server has it.
        stop: where answers end whose request does not say.
        today: the day of all calls; None: the clock's.
        created: when it was loaded, in seconds since 1970.
    """

    name: str
    grammar: CallGrammar
    tools: LiveTools
    config: ServeConfig
    model: LanguageModel | None = None
    stop: tuple[str, ...] = ()
    today: date | None = None
    created: int = field(default_factory=lambda: int(time.time()))

    @property
    def has_chat_template(self) -> bool:
        """Whether messages can be asked for."""
        return self.model is not None and has_chat_template(self.model)

    def __post_init__(self) -> None:
        if self.config.default_tokens > self.config.max_tokens:
            raise ConfigError(
                f"default_tokens is {self.config.default_tokens}, and an answer may have "
                f"{self.config.max_tokens} tokens: raise max_tokens."
            )


@dataclass(frozen=True, slots=True)
class Asked:
    """What a client asks for.

    Attributes:
        requests: one for each answer.
        streams: whether answers are told as they are written.
        tells_usage: whether a stream ends with what it took.
        is_scored: whether log probabilities are told.
        hides_calls: whether calls and outputs are left out of the text.
        is_traced: whether the pieces of an answer are told with it.
        own_tools: the client's, by name: it runs them itself.
    """

    requests: tuple[Request, ...]
    streams: bool
    tells_usage: bool
    is_scored: bool
    hides_calls: bool
    is_traced: bool
    own_tools: Mapping[str, Tool]


def ask_for_completions(body: CompletionBody, served: Served) -> Asked:
    """Returns what a request for continuations asks for.

    Raises:
        RefusedError: it asks for more than it may.
    """
    prompts = [body.prompt] if isinstance(body.prompt, str) else body.prompt
    for prompt in prompts:
        if not is_encodable(prompt):
            raise RefusedError("The prompt holds half a surrogate pair.", param="prompt")
    if served.model is None and body.logprobs is not None:
        raise not_supported("logprobs", "another server has the model. Leave it out.")
    config = _settings(body, body.max_tokens, served)
    each = _copies(body, len(prompts), served)
    requests = [
        served.tools.equip(
            Request(prompt, config=config, context=_context(served), index=place * each + copy)
        )
        for place, prompt in enumerate(prompts)
        for copy in range(each)
    ]
    return _asked(body, requests, is_scored=body.logprobs is not None)


def ask_for_message(body: ChatBody, served: Served) -> Asked:
    """Returns what a request for a message asks for.

    Raises:
        RefusedError: the model has no chat template, the messages do not fit together, or it asks
            for more than it may.
    """
    model = served.model
    if model is None or not has_chat_template(model):
        raise RefusedError(
            f"{served.name} has no chat template: ask /v1/completions, which continues a text.",
            code="no_chat_template",
        )
    own = _own_tools(body.tools or ())
    known = own or {tool.name: tool for tool in served.tools.tools}
    conversation = read_conversation(body.messages, known, served.grammar)
    definitions = [row.model_dump(exclude_none=True) for row in body.tools or ()]
    try:
        prompt = chat_prompt(model, conversation.messages, tools=definitions) + conversation.begun
    except ToolformerError as error:
        raise RefusedError(str(error), param="messages") from None
    if not is_encodable(prompt):
        raise RefusedError("A message holds half a surrogate pair.", param="messages")
    config = _settings(body, body.max_completion_tokens or body.max_tokens, served)
    if body.tool_choice == "none":
        config = config.override(bar_markers=True)
    requests = []
    for copy in range(_copies(body, 1, served)):
        plain = Request(prompt, config=config, context=_context(served), templated=True, index=copy)
        equipped = served.tools.equip(plain)
        requests.append(_with_own(equipped, own) if own else equipped)
    return _asked(body, requests, is_scored=bool(body.logprobs), own_tools=own)


def _asked(
    body: Body,
    requests: Sequence[Request],
    *,
    is_scored: bool,
    own_tools: Mapping[str, Tool] | None = None,
) -> Asked:
    return Asked(
        requests=tuple(requests),
        streams=bool(body.stream),
        tells_usage=body.stream_options is not None and body.stream_options.include_usage,
        is_scored=is_scored,
        hides_calls=body.calls == "hidden",
        is_traced=body.trace,
        own_tools=own_tools or {},
    )


def _settings(body: Body, tokens: int | None, served: Served) -> InferConfig:
    """Returns the settings of each answer."""
    config = served.config
    if tokens is not None and tokens > config.max_tokens:
        raise RefusedError(
            f"An answer may have {config.max_tokens} tokens here, not {tokens}.",
            param="max_tokens",
            code="invalid_value",
        )
    return InferConfig(
        top_k_start=config.top_k_start,
        max_calls=config.max_calls,
        max_new_tokens=tokens or config.default_tokens,
        max_call_tokens=config.max_call_tokens,
        temperature=config.temperature if body.temperature is None else body.temperature,
        seed=secrets.randbits(31) if body.seed is None else body.seed,
        stop=body.stops or served.stop,
    )


def _copies(body: Body, prompts: int, served: Served) -> int:
    """Returns how many answers there are of each prompt."""
    copies, most = body.n or 1, served.config.max_choices
    if prompts * copies > most:
        raise RefusedError(
            f"A request may ask for {most} answers here, not {prompts * copies}.",
            param="n" if copies > 1 else "prompt",
            code="invalid_value",
        )
    return copies


def _context(served: Served) -> ToolContext:
    return ToolContext(today=served.today or date.today())


def _own_tools(rows: Sequence[ToolRow]) -> dict[str, Tool]:
    """Returns a client's tools by name."""
    try:
        made = [tool_from_schema(row.model_dump(exclude_none=True), _left) for row in rows]
    except ConfigError as error:
        raise RefusedError(str(error), param="tools", code="invalid_value") from None
    by_name = {tool.name: tool for tool in made}
    if len(by_name) < len(made):
        raise RefusedError("Two tools have the same name.", param="tools", code="invalid_value")
    return by_name


def _left(**_arguments: object) -> object:
    raise ToolError("The client runs this tool.")


def _with_own(request: Request, own: Mapping[str, Tool]) -> Request:
    """Returns a request whose calls are a client's to run."""

    def hand_back(call: ToolCall) -> None:
        named_arguments(own[call.tool], call.arguments)

    names = {name.casefold() for name in own}
    others = (*request.tools, *request.barred)
    return replace(
        request,
        tools=tuple(own),
        barred=tuple(name for name in others if name.casefold() not in names),
        spellings=spellings_of(own.values()),
        hand_back=hand_back,
    )


def check_length(request: Request, model: LanguageModel) -> None:
    """Refuses a prompt that is longer than the model reads, before others have to wait for it.

    Raises:
        RefusedError: says how long it is.
    """
    tokens = model.count_tokens([request.text])[0]
    if tokens > model.max_length:
        raise too_long(
            f"The prompt {clipped(request.text)!r} cannot be continued: its {tokens} tokens leave "
            f"no room in the {model.max_length} that {model.name} can read."
        )


def too_long(message: str) -> RefusedError:
    """Returns the refusal of a prompt that leaves no room for an answer."""
    return RefusedError(message, param="prompt", code="context_length_exceeded")
