"""Prompts decoded side by side, each stopping for its tools while the others go on."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from toolformer.calls import Segment, ToolCall
from toolformer.infer.answers import Answer, CallEvent
from toolformer.infer.config import InferConfig
from toolformer.lm.base import LanguageModel
from toolformer.tools.base import ToolResult

# Runs calls, each told with the index of the prompt it was made in. Called in a worker thread, for
# several prompts at once; it never raises for a tool's failure.
Execute = Callable[[Sequence[ToolCall], Sequence[int]], list[ToolResult]]


def decode(
    model: LanguageModel,
    prompts: Iterable[str],
    *,
    execute: Execute,
    tools: Sequence[str],
    config: InferConfig,
    barred: Sequence[str] = (),
    first_index: int = 0,
) -> Iterator[Answer]:
    """Continues prompts, `config.max_streams` at a time, and yields answers in their order.

    Neither the other prompts nor their tools change an answer.

    Args:
        model: writes the answers and the calls.
        prompts: looked at only as far as there is room for their streams.
        execute: runs a call; an exception is a bug and ends the decoding.
        tools: names that may be called, as the grammar writes them.
        config: what decides an answer.
        barred: names of tools that exist but may not be called: no call to them comes to stand.
        first_index: the first prompt's index, in draws and for `execute`; a resumed run goes on
            counting.

    Raises:
        ModelError: a prompt is too long for the model; raised where its answer would come.
    """
    raise NotImplementedError


def stream(
    model: LanguageModel,
    prompt: str,
    *,
    execute: Execute,
    tools: Sequence[str],
    config: InferConfig,
    barred: Sequence[str] = (),
) -> Iterator[Segment | CallEvent]:
    """Continues one prompt and yields what may be shown, as it comes; closing it stops at once.

    Consecutive pieces of one kind belong together, and no text is taken back. A call is shown as it
    forms, from its lead on; an event follows when it has its output or has failed. A failed call is
    no part of the answer: what comes next follows the text before it.
    """
    raise NotImplementedError
