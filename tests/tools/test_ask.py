"""A tool may ask a language model, without knowing one."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest

from toolformer.calls import ToolCall
from toolformer.errors import ConfigError, ToolError
from toolformer.infer.decode import decode
from toolformer.infer.request import Request
from toolformer.lm.scripted import ScriptedLanguageModel
from toolformer.lm.scripted.streams import Continuation
from toolformer.tools.base import Tool
from toolformer.tools.context import Ask, ToolContext
from toolformer.tools.decorator import tool
from toolformer.tools.registry import load_tool
from toolformer.tools.toolbox import Toolbox

HOSTILE = Path(__file__).parent / "hostile.py"


def scripted_ask() -> Ask:
    """Returns what asks the scripted model, which knows one answer."""
    model = ScriptedLanguageModel(continuations=[Continuation("Denmark?", " Copenhagen.")])

    def ask(prompts: Sequence[str], /) -> list[str]:
        return [answer.text for answer in decode(model, map(Request, prompts))]

    return ask


@pytest.fixture
def qa() -> Tool:
    @tool(name="QA", context=("ask",))
    def answer(question: str, *, ask: Ask | None) -> str:
        """Answers a question."""
        if ask is None:
            raise ToolError("There is no model to ask here.")
        [text] = ask([f"Question: {question}"])
        return text

    return answer


def test_a_tool_asks_the_model_that_its_context_lends(qa: Tool) -> None:
    context = ToolContext(ask=scripted_ask())
    with Toolbox([qa]) as toolbox:
        [result] = toolbox.execute([ToolCall("QA", "What is the capital of Denmark?")], context)
    assert (result.output, result.error) == ("Copenhagen.", None)


def test_without_a_model_the_tool_is_given_none(qa: Tool) -> None:
    with pytest.raises(ToolError, match="There is no model to ask here"):
        qa.execute("Who?")
    assert qa.signature == "QA(question)"


def test_what_one_model_answered_is_no_answer_of_another() -> None:
    asked: list[str] = []

    def lend(name: str) -> ToolContext:
        def ask(prompts: Sequence[str], /) -> list[str]:
            asked.append(name)
            return [name for _ in prompts]

        return ToolContext(today=date(2023, 3, 3), ask=ask)

    @tool(context=("ask", "today"))
    def answer(question: str, *, ask: Ask, today: date) -> str:
        """Answers."""
        return ask([question])[0]

    calls = [ToolCall("answer", "who?")] * 3
    one, two = lend("one"), lend("two")
    with Toolbox([answer]) as toolbox:
        results = toolbox.execute(calls, [one, two, one])
    assert [result.output for result in results] == ["one", "two", "one"]
    assert sorted(asked) == ["one", "two"]


def test_a_tool_in_a_process_of_its_own_cannot_ask_and_the_toolbox_says_so() -> None:
    with pytest.raises(ConfigError) as error:
        Toolbox([load_tool(f"{HOSTILE}:asks")])
    assert str(error.value) == (
        "The tool asks asks for the context field 'ask', which cannot be handed to a process of "
        "its own; make the Tool in your program, or let it do without."
    )
