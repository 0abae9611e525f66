"""The decoder asks the grammar: a chat model's calls are decoded like the paper's."""

import pytest

from tests.infer.decoding import answers_to, pieces_of, scripted
from toolformer.calls import HermesGrammar, Segment, ToolCall
from toolformer.infer.answers import CallEvent
from toolformer.lm.scripted.streams import Continuation
from toolformer.tools.builtin.calculator import calculator

PROMPT = "400 of 1400 is"
CALL = (
    '<tool_call>\n{"name": "Calculator", "arguments": {"expression": "400 / 1400"}}\n</tool_call>'
)
TOLD = "\n<tool_response>\n0.29\n</tool_response>"
EXPRESSION = ToolCall("Calculator", '{"expression": "400 / 1400"}')
GOES_ON = Continuation("</tool_response>", " 29%.")
LEAD = ("<tool_call>", '\n{"name": "Calculator", "arguments":')
TAGGED = (*LEAD, ' {"expression": "400 / 1400', '"}', "}\n</tool_call>\nSo")


def run(call: ToolCall) -> str:
    return calculator.execute(call.arguments)


@pytest.mark.parametrize("says", [CALL, TAGGED], ids=["in pieces", "with the tag as one token"])
def test_a_call_is_run_and_the_text_goes_on(says: str | tuple[str, ...]) -> None:
    model = scripted(Continuation(PROMPT, says), GOES_ON, grammar=HermesGrammar())
    [answer] = answers_to(model, PROMPT, say=run)
    assert answer.segments == (
        Segment("call", CALL),
        Segment("output", TOLD),
        Segment("text", " 29%."),
    )
    assert answer.events == (CallEvent(0, EXPRESSION, CALL, output="0.29", seconds=0.5),)
    assert model.grammar.read(answer.annotated) == list(answer.segments)


@pytest.mark.parametrize("begun", [len(CALL), len(CALL) - 12, 60, 36, 12])
def test_a_call_that_the_prompt_has_begun_is_finished(begun: int) -> None:
    model = scripted(Continuation(PROMPT, CALL), GOES_ON, grammar=HermesGrammar())
    [answer] = answers_to(model, PROMPT + CALL[:begun], say=run)
    assert answer.annotated == f"{CALL}{TOLD} 29%."


def test_a_call_that_cannot_close_leaves_no_trace() -> None:
    said = Continuation(PROMPT, (*LEAD, " 400 / 1400", "}\n</tool_call>"))
    model = scripted(said, Continuation(PROMPT, " 29%."), grammar=HermesGrammar())
    [answer] = answers_to(model, PROMPT, say=run)
    assert answer.annotated == " 29%."
    assert [event.error for event in answer.events] == ["The arguments are not a JSON object."]


def test_a_call_is_shown_as_it_forms() -> None:
    model = scripted(Continuation(PROMPT, CALL), GOES_ON, grammar=HermesGrammar())
    shown = [each for each in pieces_of(model, PROMPT, say=run) if isinstance(each, Segment)]
    assert "".join(each.text for each in shown if each.kind == "call") == CALL
    assert "".join(each.text for each in shown) == f"{CALL}{TOLD} 29%."
