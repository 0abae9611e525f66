"""What the tests of the decoder start from: a scripted model, and tools that are functions.

The prompt is "2 + 2 is" unless a test needs another.
"""

from collections.abc import Callable, Sequence

from toolformer.calls import Segment, ToolCall
from toolformer.infer.answers import Answer, CallEvent
from toolformer.infer.config import InferConfig
from toolformer.infer.decode import decode, stream
from toolformer.lm.base import LanguageModel
from toolformer.lm.scripted.model import ScriptedLanguageModel
from toolformer.lm.scripted.streams import Continuation
from toolformer.tools.base import ToolResult

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


def executing(say: Tools) -> Callable[[Sequence[ToolCall], Sequence[int]], list[ToolResult]]:
    """Runs calls with a function; what it raises as ValueError is the tool's error."""

    def run(call: ToolCall) -> ToolResult:
        try:
            return ToolResult(call, output=say(call), seconds=0.5)
        except ValueError as error:
            return ToolResult(call, error=str(error), seconds=0.5)

    return lambda calls, _: [run(call) for call in calls]


def answers_to(
    model: LanguageModel,
    *prompts: str,
    tools: Sequence[str] = NAMES,
    barred: Sequence[str] = (),
    say: Tools = four,
    **settings: object,
) -> list[Answer]:
    return list(
        decode(
            model,
            prompts or (PROMPT,),
            execute=executing(say),
            tools=tools,
            barred=barred,
            config=InferConfig(**settings),
        )
    )


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
    tools: Sequence[str] = NAMES,
    say: Tools = four,
    **settings: object,
) -> list[Segment | CallEvent]:
    config = InferConfig(**settings)
    return list(stream(model, prompt, execute=executing(say), tools=tools, config=config))


def texts_of(pieces: Sequence[Segment | CallEvent], *, kind: str = "text") -> list[str]:
    return [each.text for each in pieces if isinstance(each, Segment) and each.kind == kind]
