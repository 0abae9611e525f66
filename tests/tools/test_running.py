"""Calls that wait for a tool together run together, and one failure is not that of the others."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from toolformer.calls import ToolCall
from toolformer.errors import ToolError
from toolformer.tools.base import Tool, ToolResult, tool
from toolformer.tools.registry import load_tool
from toolformer.tools.running import MAX_BATCH
from toolformer.tools.toolbox import Toolbox

HOSTILE = Path(__file__).parent / "hostile.py"


class Model:
    """A tool that answers several calls at once, and remembers how many."""

    def __init__(self, *, is_broken: bool = False) -> None:
        self.batches: list[int] = []
        self.alone: list[str] = []
        self.is_broken = is_broken

    def answer(self, text: str) -> str:
        """Answers."""
        self.alone.append(text)
        if text == "bad":
            raise ToolError("It is bad.")
        return text.upper()

    def answer_all(self, calls: Sequence[Mapping[str, object]]) -> list[object]:
        self.batches.append(len(calls))
        if self.is_broken:
            raise ConnectionError("It is gone.")
        texts = [str(call["text"]) for call in calls]
        return [ToolError("It is bad.") if text == "bad" else text.upper() for text in texts]

    def tool(self, *, pure: bool = True) -> Tool:
        return tool(self.answer, name="Answer", run_batch=self.answer_all, pure=pure)


def execute(made: Tool, *texts: str, **settings: float) -> list[ToolResult]:
    with Toolbox([made], **settings) as toolbox:  # type: ignore[arg-type]
        return toolbox.execute([ToolCall(made.name, text) for text in texts])


def said(results: Sequence[ToolResult]) -> list[str | None]:
    return [result.output or result.error for result in results]


def test_calls_that_wait_together_are_one_batch_with_results_in_order() -> None:
    model = Model()
    assert said(execute(model.tool(), "a", "bad", "a", "c")) == ["A", "It is bad.", "A", "C"]
    assert (model.batches, model.alone) == ([3], [])  # the second "a" is the first


def test_a_batch_is_kept_like_single_calls() -> None:
    model = Model()
    with Toolbox([model.tool()]) as toolbox:
        first = toolbox.execute([ToolCall("Answer", "a"), ToolCall("Answer", "bad")])
        again = toolbox.execute([ToolCall("Answer", "bad"), ToolCall("Answer", "a")])
    assert model.batches == [2]
    assert said(first) == said(again)[::-1] == ["A", "It is bad."]
    assert [result.seconds for result in again] == [0.0, 0.0]


def test_one_call_is_not_a_batch() -> None:
    model = Model()
    assert said(execute(model.tool(), "a")) == ["A"]
    assert (model.batches, model.alone) == ([], ["a"])


def test_more_calls_than_a_batch_holds_are_several() -> None:
    model = Model()
    texts = [str(number) for number in range(2 * MAX_BATCH + 2)]
    assert said(execute(model.tool(), *texts)) == texts
    assert sorted(model.batches) == [2, MAX_BATCH, MAX_BATCH]


def test_an_impure_tool_takes_no_batches() -> None:
    model = Model()
    execute(model.tool(pure=False), "a", "b", "a")
    assert (model.batches, model.alone) == ([], ["a", "b", "a"])


def test_a_batch_that_fails_as_a_whole_is_run_call_by_call() -> None:
    model = Model(is_broken=True)
    assert said(execute(model.tool(), "a", "bad", "c")) == ["A", "It is bad.", "C"]
    assert (model.batches, model.alone) == ([3], ["a", "bad", "c"])


def test_calls_of_other_tools_run_beside_a_batch() -> None:
    model, other = Model(), tool(lambda: "other", name="Other", description="Is another.")
    with Toolbox([model.tool(), other]) as toolbox:
        calls = [ToolCall("Answer", "a"), ToolCall("Other", ""), ToolCall("Answer", "b")]
        results = toolbox.execute(calls)
    assert said(results) == ["A", "other", "B"]
    assert model.batches == [2]


def test_a_batch_runs_in_a_worker_too() -> None:
    made = load_tool(f"{HOSTILE}:batched")
    results = execute(made, "a", "bad", "c")
    assert said(results) == ["3", "batched raised ValueError: no such thing", "3"]


def test_a_batch_that_ends_its_worker_ends_only_the_call_that_did_it() -> None:
    made = load_tool(f"{HOSTILE}:batched")
    results = execute(made, "a", "poison", "c", workers=1)
    assert said(results) == ["1", "batched ended its process with exit status 5.", "1"]


@pytest.mark.parametrize("texts", [("bad", "bad!"), ("a", "bad")])
def test_a_failure_in_a_batch_has_the_seconds_of_its_share(texts: tuple[str, str]) -> None:
    one, other = execute(Model().tool(), *texts)
    assert one.seconds == other.seconds > 0
