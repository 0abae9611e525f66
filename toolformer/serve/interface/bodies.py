"""The requests that clients send, in OpenAI's words, and what of them has no meaning here.

A parameter that the decoder does not have is refused, unless its value changes nothing.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from toolformer.serve.interface.refusals import RefusedError, not_supported, refusal_of

_STOPS = Field(min_length=1, max_length=16)
_Text = Annotated[str, Field(min_length=1, max_length=1000)]
_ALL = "the decoder draws from all tokens"
_PENALTY = "the decoder changes the probability of no token"
# What changes nothing, and why anything else is refused.
_LACKING: Mapping[str, tuple[tuple[object, ...], str]] = {
    "top_p": ((None, 1), f"{_ALL}. Leave it out or set it to 1."),
    "top_k": ((None, -1, 0), f"{_ALL}. Leave it out."),
    "min_p": ((None, 0), f"{_ALL}. Leave it out."),
    "frequency_penalty": ((None, 0), f"{_PENALTY}. Leave it out."),
    "presence_penalty": ((None, 0), f"{_PENALTY}. Leave it out."),
    "logit_bias": ((None, {}), f"{_PENALTY}. Leave it out."),
    "best_of": ((None, 1), "every answer is returned. Ask for several with n."),
    "echo": ((None, False), "the prompt is yours already. Leave it out."),
    "suffix": ((None, ""), "the model writes from left to right. Leave it out."),
    "top_logprobs": (
        (None, 0),
        "only the chosen token's log probability is known. Set it to 0 or leave it out.",
    ),
    "response_format": (
        (None, {"type": "text"}),
        "an answer is text. Leave it out.",
    ),
    "function_call": ((None,), "it is replaced by tool_choice."),
    "functions": ((None, []), "it is replaced by tools."),
    "audio": ((None,), "an answer is text. Leave it out."),
    "modalities": ((None, ["text"]), "an answer is text. Leave it out."),
    "prediction": ((None,), "nothing is predicted ahead. Leave it out."),
    "reasoning_effort": ((None,), "a model does not reason apart from its answer. Leave it out."),
    "web_search_options": ((None,), "name a tool when the server is started."),
}
# What says nothing about the answer.
_IGNORED = ("user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key")


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class StreamOptions(_Body):
    """How an answer is streamed."""

    include_usage: bool = False
    include_obfuscation: bool = False


class Body(_Body):
    """What both kinds of requests may say.

    `calls` and `trace` are this server's own: whether calls stand in the text, and whether its
    pieces are told with it.
    """

    model: str | None = None
    max_tokens: int | None = Field(default=None, ge=1)
    temperature: float | None = Field(default=None, ge=0, le=100)
    seed: int | None = None
    n: int | None = Field(default=None, ge=1)
    stop: _Text | Annotated[list[_Text], _STOPS] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    calls: Literal["inline", "hidden"] = "inline"
    trace: bool = False

    @property
    def stops(self) -> tuple[str, ...]:
        """The texts at which an answer ends."""
        return (self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ())


class CompletionBody(Body):
    """A request for the continuation of texts."""

    prompt: str | Annotated[list[str], Field(min_length=1)] = ""
    logprobs: int | None = Field(default=None, ge=0)


class FunctionCall(_Body):
    """A call, with its arguments as the text of a JSON object."""

    name: str
    arguments: str


class CallRow(_Body):
    """A call that an assistant made."""

    id: str
    type: Literal["function"] = "function"
    function: FunctionCall
    index: int | None = None


class TextPart(_Body):
    """A text of a message that is made of parts."""

    type: Literal["text"]
    text: str


class ChatMessage(BaseModel):
    """A message; what else it says, as clients send back what they got, is passed over."""

    model_config = ConfigDict(extra="ignore", strict=True)

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[TextPart] | None = None
    tool_calls: list[CallRow] | None = None
    tool_call_id: str | None = None

    @property
    def text(self) -> str:
        """All of its text."""
        if isinstance(self.content, list):
            return "".join(part.text for part in self.content)
        return self.content or ""


class FunctionRow(_Body):
    """A function that the client can run."""

    name: str = Field(pattern=r"^[a-zA-Z0-9_.-]{1,64}$")
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class ToolRow(_Body):
    """A tool of the client's."""

    type: Literal["function"]
    function: FunctionRow


class ChatBody(Body):
    """A request for the next message of a conversation."""

    messages: list[ChatMessage] = Field(min_length=1)
    max_completion_tokens: int | None = Field(default=None, ge=1)
    logprobs: bool | None = None
    tools: list[ToolRow] | None = Field(default=None, max_length=128)
    tool_choice: Any = None
    parallel_tool_calls: bool | None = None


def read_completion(values: object) -> CompletionBody:
    """Reads the body of a request for continuations.

    Raises:
        RefusedError: it is not one, or asks for what there is not.
    """
    try:
        body = CompletionBody.model_validate(_supported(values))
    except ValidationError as error:
        raise refusal_of(error) from None
    if body.logprobs:
        raise not_supported(
            "logprobs", "only the chosen token's log probability is known. Set it to 0."
        )
    return body


def read_chat(values: object) -> ChatBody:
    """Reads the body of a request for a message.

    Raises:
        RefusedError: it is not one, or asks for what there is not.
    """
    try:
        body = ChatBody.model_validate(_supported(values))
    except ValidationError as error:
        raise refusal_of(error) from None
    if body.tool_choice not in (None, "auto", "none"):
        raise not_supported("tool_choice", "a model calls when it helps. Use 'auto' or 'none'.")
    return body


def _supported(values: object) -> dict[str, Any]:
    """Returns what is left of a body once what changes nothing is taken out of it."""
    if not isinstance(values, dict):
        raise RefusedError("The body of a request is a JSON object.")
    left = {name: value for name, value in values.items() if name not in _IGNORED}
    for name, (neutral, reason) in _LACKING.items():
        value = left.pop(name, None)
        if not any(_is(value, each) for each in neutral):
            raise not_supported(name, reason)
    return left


def _is(value: object, neutral: object) -> bool:
    """Returns whether a value is the neutral one; 1 is 1.0, and true is not 1."""
    return value == neutral and isinstance(value, bool) == isinstance(neutral, bool)
