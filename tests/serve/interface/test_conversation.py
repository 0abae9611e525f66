"""Messages of OpenAI's become the text that a model reads, with the calls as it writes them."""

import json
from typing import Any

import pytest

from toolformer.calls import HermesGrammar, InlineGrammar
from toolformer.lm.chat import Message
from toolformer.serve.interface.bodies import ChatMessage
from toolformer.serve.interface.conversation import read_conversation
from toolformer.serve.interface.refusals import RefusedError
from toolformer.tools.builtin.calculator import calculator

TOOLS = {"Calculator": calculator}


def call(arguments: str, *, name: str = "Calculator", identity: str = "a") -> dict[str, Any]:
    function = {"name": name, "arguments": arguments}
    return {"id": identity, "type": "function", "function": function}


def read(*messages: dict[str, Any], grammar: Any = InlineGrammar()) -> Any:  # noqa: B008
    return read_conversation(
        [ChatMessage.model_validate(each) for each in messages], TOOLS, grammar
    )


def told(output: str, identity: str = "a") -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": identity, "content": output}


USER = {"role": "user", "content": "3 + 4?"}
CALLS = {
    "role": "assistant",
    "content": "It is",
    "tool_calls": [call('{"expression": "3 + 4"}')],
}


def test_a_call_with_its_output_stands_in_the_answer_that_has_begun() -> None:
    made = read(USER, CALLS, told("7"))
    assert made.messages == (Message("user", "3 + 4?"),)
    assert made.begun == "It is [Calculator(3 + 4) -> 7]"


def test_what_follows_the_output_belongs_to_the_same_answer() -> None:
    after = {"role": "assistant", "content": " 7."}
    made = read(USER, CALLS, told("7"), after, {"role": "user", "content": "Sure?"})
    whole = Message("assistant", "It is [Calculator(3 + 4) -> 7] 7.")
    assert made.messages == (Message("user", "3 + 4?"), whole, Message("user", "Sure?"))
    assert made.begun == ""


def test_several_calls_are_answered_in_any_order() -> None:
    both = [call('{"expression": "1"}'), call('{"expression": "2"}', identity="b")]
    asks = {"role": "assistant", "content": None, "tool_calls": both}
    made = read(USER, asks, told("two", "b"), told("one", "a"))
    assert made.begun == " [Calculator(2) -> two] [Calculator(1) -> one]"


def test_another_grammar_writes_calls_in_its_own_way() -> None:
    made = read(USER, CALLS, told("7"), grammar=HermesGrammar())
    [placed] = HermesGrammar().calls(made.begun)
    assert json.loads(placed.call.arguments) == {"expression": "3 + 4"}
    assert placed.output == "7"


@pytest.mark.parametrize(
    ("output", "written"),
    [("two\nlines", "two lines"), ("", "(nothing)"), ("a ] b [", "a ) b ("), ("[1]", "[1]")],
)
def test_an_output_is_one_line_that_a_call_can_hold(output: str, written: str) -> None:
    assert read(USER, CALLS, told(output)).begun == f"It is [Calculator(3 + 4) -> {written}]"


def test_a_call_of_a_tool_that_is_gone_is_still_read() -> None:
    gone = {"role": "assistant", "content": "", "tool_calls": [call("{}", name="Gone")]}
    assert read(USER, gone, told("7")).begun == " [Gone({}) -> 7]"


def test_messages_between_a_call_and_its_output_are_refused() -> None:
    with pytest.raises(RefusedError, match="The call 'a' has no tool message"):
        read(USER, CALLS, USER)
