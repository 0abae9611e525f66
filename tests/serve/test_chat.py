"""Conversations, held by OpenAI's own client: tools of the server's, and tools of the client's."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import openai
import pytest

from tests.serve.serving import Serving, serving
from toolformer.lm.chat import Message
from toolformer.lm.scripted import ScriptedLanguageModel
from toolformer.lm.scripted.streams import Continuation
from toolformer.tools.builtin.calculator import calculator

SCRIPT = (
    Continuation("<user>3 + 4?<assistant>", "It is [Calculator(3 + 4)"),
    Continuation("-> 7]", " 7."),
    Continuation("7] 7.<user>Sure?<assistant>", "Yes."),
    Continuation("<user>Rain?<assistant>", "I see [Weather(Oslo, 2)"),
    Continuation("-> wet]", " rain."),
    Continuation("<user>Odd?<assistant>", "Well [Weather(Oslo, many)"),
    Continuation("<user>Odd?<assistant>Well", " no.", weight=0.5),
    Continuation("<system>Be brief.<user>Hello<assistant>", "Hi."),
    Continuation("<user>Tools?<assistant>", "None.", weight=0.1),
    Continuation("<tools>Weather<user>Tools?<assistant>", "Weather."),
)
WEATHER = {
    "type": "function",
    "function": {
        "name": "Weather",
        "description": "Tells the weather.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
            "required": ["city", "days"],
        },
    },
}


class Chatting(ScriptedLanguageModel):
    has_chat_template = True

    def chat_prompt(self, messages: Sequence[Message], *, tools: Sequence[Any] = ()) -> str:
        told = "".join(f"<tools>{each['function']['name']}" for each in tools)
        return told + "".join(f"<{each.role}>{each.text}" for each in messages) + "<assistant>"


@pytest.fixture(scope="module")
def server() -> Iterator[Serving]:
    model = Chatting(continuations=SCRIPT)
    with serving(model, [calculator], taught=["Calculator"]) as made:
        yield made


def ask(server: Serving, *messages: Any, **options: Any) -> Any:
    said = [
        {"role": "user", "content": each} if isinstance(each, str) else each for each in messages
    ]
    return server.client.chat.completions.create(model="tested", messages=said, **options)


def test_tools_run_while_the_model_answers(server: Serving) -> None:
    [choice] = ask(server, "3 + 4?").choices
    assert choice.message.content == "It is [Calculator(3 + 4) -> 7] 7."
    assert choice.message.tool_calls is None
    assert choice.finish_reason == "stop"
    [hidden] = ask(server, "3 + 4?", extra_body={"calls": "hidden"}).choices
    assert hidden.message.content == "It is 7."


def test_an_answer_is_streamed(server: Serving) -> None:
    chunks = list(ask(server, "3 + 4?", stream=True))
    assert chunks[0].choices[0].delta.role == "assistant"
    said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert said == "It is [Calculator(3 + 4) -> 7] 7."
    assert chunks[-1].choices[0].finish_reason == "stop"


def test_an_answer_with_its_calls_is_part_of_the_conversation(server: Serving) -> None:
    [first] = ask(server, "3 + 4?").choices
    [second] = ask(server, "3 + 4?", first.message, "Sure?").choices
    assert second.message.content == "Yes."


def test_system_and_developer_messages_come_first(server: Serving) -> None:
    for role in ("system", "developer"):
        parts = [{"type": "text", "text": "Hel"}, {"type": "text", "text": "lo"}]
        [choice] = ask(
            server, {"role": role, "content": "Be brief."}, {"role": "user", "content": parts}
        ).choices
        assert choice.message.content == "Hi."


def test_a_call_of_the_client_s_tool_is_left_to_it_and_its_output_is_read_on(
    server: Serving,
) -> None:
    [choice] = ask(server, "Rain?", tools=[WEATHER]).choices
    assert choice.finish_reason == "tool_calls"
    assert choice.message.content == "I see"
    [call] = choice.message.tool_calls
    assert call.function.name == "Weather"
    assert json.loads(call.function.arguments) == {"city": "Oslo", "days": 2}
    output = {"role": "tool", "tool_call_id": call.id, "content": "wet"}
    [then] = ask(server, "Rain?", choice.message, output, tools=[WEATHER]).choices
    assert then.message.content == " rain."
    assert then.finish_reason == "stop"


def test_a_call_is_streamed_as_a_call(server: Serving) -> None:
    deltas = [chunk.choices[0] for chunk in ask(server, "Rain?", tools=[WEATHER], stream=True)]
    said = "".join(each.delta.content or "" for each in deltas)
    calls = [call for each in deltas for call in each.delta.tool_calls or ()]
    assert said == "I see"
    assert [(call.index, call.function.name) for call in calls] == [(0, "Weather")]
    assert deltas[-1].finish_reason == "tool_calls"


def test_a_call_that_does_not_fit_the_client_s_tool_is_taken_back(server: Serving) -> None:
    [choice] = ask(server, "Odd?", tools=[WEATHER]).choices
    assert (choice.message.content, choice.message.tool_calls) == ("Well no.", None)


def test_the_server_s_tools_are_not_called_beside_the_client_s(server: Serving) -> None:
    [choice] = ask(server, "3 + 4?", tools=[WEATHER], max_tokens=4).choices
    assert choice.message.tool_calls is None
    assert "Calculator(" not in choice.message.content


def test_the_template_is_told_of_the_client_s_tools(server: Serving) -> None:
    assert ask(server, "Tools?").choices[0].message.content == "None."
    [choice] = ask(server, "Tools?", tools=[WEATHER]).choices
    assert choice.message.content == "Weather."


def test_no_call_is_made_where_the_client_wants_none(server: Serving) -> None:
    [choice] = ask(server, "3 + 4?", tool_choice="none").choices
    assert "[" not in choice.message.content


def test_a_client_that_is_told_of_log_probabilities_can_read_them(server: Serving) -> None:
    [choice] = ask(server, "3 + 4?", logprobs=True).choices
    tokens = [each.token for each in choice.logprobs.content]
    assert tokens == ["It", " is", " 7", "."]


@pytest.mark.parametrize(
    ("messages", "reason"),
    [
        ([{"role": "tool", "content": "4", "tool_call_id": "x"}], "answers no call: 'x'"),
        ([{"role": "assistant", "tool_calls": [{"id": "a", "function": {"name": "Weather",
           "arguments": '{"city": "Oslo", "days": 1}'}}]}], "'a' has no tool message"),
        ([{"role": "assistant", "tool_calls": [{"id": "a", "function": {"name": "Weather",
           "arguments": "Oslo"}}]}], "'a' cannot be used"),
        ([{"role": "judge", "content": "4"}], "Invalid 'messages.0.role' 'judge'"),
        ([], "Invalid 'messages'"),
    ],
)  # fmt: skip
def test_messages_that_do_not_fit_together_are_refused(
    server: Serving, messages: list[Any], reason: str
) -> None:
    with pytest.raises(openai.BadRequestError, match=reason):
        ask(server, *messages, tools=[WEATHER])


def test_a_model_without_a_template_has_no_chat() -> None:
    with serving(ScriptedLanguageModel()) as server:
        with pytest.raises(openai.BadRequestError, match="has no chat template"):
            ask(server, "Hello")
        models = server.client.models.list().data
        assert [(each.id, (each.model_extra or {})["has_chat_template"]) for each in models] == [
            ("tested", False)
        ]
