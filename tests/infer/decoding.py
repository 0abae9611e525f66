"""What the tests of the decoder start from: a scripted model, and tools that are functions.

The prompt is "2 + 2 is" unless a test needs another.
"""

from collections.abc import Callable, Sequence

from toolformer.calls import Segment, ToolCall
from toolformer.infer.answers import Answer, CallEvent
from toolformer.infer.config import InferConfig
from toolformer.infer.decode import decode, stream
from toolformer.infer.decoder import Execute
from toolformer.infer.request import Request
from toolformer.lm.base import LanguageModel
from toolformer.lm.scripted.model import ScriptedLanguageModel
from toolformer.lm.scripted.streams import Continuation
from toolformer.tools.context import ToolContext
from toolformer.tools.result import ToolResult

PROMPT = "2 + 2 is"
CALL = " [Calculator(2 + 2)"
GOES_ON = Continuation("]", " 4.")
NAMES = ("Calculator", "Calendar")

Tools = Callable[[ToolCall], str]


def four(call: ToolCall) -> str:
    return "4"


def scripted(*script: Continuation | tuple[str, str], **options: object) -> ScriptedLanguageModel:
    continuations = [
        each if isinstance(each, Continuation) else Continuation(*each) for each in script
    ]
    return ScriptedLanguageModel(continuations=continuations, **options)  # type: ignore[arg-type]


def executing(say: Tools) -> Execute:
    """Runs calls with a function; what it raises as ValueError is the tool's error."""

    def run(call: ToolCall, _context: ToolContext) -> ToolResult:
        try:
            return ToolResult(call, output=say(call), seconds=0.5)
        except ValueError as error:
            return ToolResult(call, error=str(error), seconds=0.5)

    return run


def requests_of(
    *prompts: str,
    tools: Sequence[str] = NAMES,
    barred: Sequence[str] = (),
    first_index: int = 0,
    **settings: object,
) -> list[Request]:
    """Returns requests of one kind, counted from `first_index`."""
    config = InferConfig(**settings)
    return [
        Request(prompt, tools=tuple(tools), barred=tuple(barred), config=config, index=index)
        for index, prompt in enumerate(prompts, first_index)
    ]


def answers_to(
    model: LanguageModel,
    *prompts: str,
    say: Tools = four,
    **options: object,
) -> list[Answer]:
    requests = requests_of(*prompts or (PROMPT,), **options)  # type: ignore[arg-type]
    return list(decode(model, requests, execute=executing(say)))


def answer_of(*script: Continuation | tuple[str, str], **options: object) -> Answer:
    """Returns how a scripted model goes on from "2 + 2 is", or from the `prompt` given."""
    prompt = str(options.pop("prompt", PROMPT))
    model = scripted(*script, max_length=options.pop("max_length", 1024))
    [answer] = answers_to(model, prompt, **options)  # type: ignore[arg-type]
    return answer


def pieces_of(
    model: LanguageModel,
    prompt: str = PROMPT,
    *,
    say: Tools = four,
    **options: object,
) -> list[Segment | CallEvent]:
    [request] = requests_of(prompt, **options)  # type: ignore[arg-type]
    return list(stream(model, request, execute=executing(say)))


def texts_of(pieces: Sequence[Segment | CallEvent], *, kind: str = "text") -> list[str]:
    return [each.text for each in pieces if isinstance(each, Segment) and each.kind == kind]
