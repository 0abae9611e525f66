"""Rows as others train on them."""

import json
from collections import Counter
from typing import Any

import pytest

from tests.studies.api_bank.given import WANTED, row
from toolformer.calls import HermesGrammar
from toolformer.errors import ConfigError
from toolformer.studies.api_bank.export import UNWRITTEN, ApiExport, export_rows, tools_of

TWO = row(7, "[Now(), SetAlarm(time='07:00', days=5)]")


def exported(kind: ApiExport) -> dict[str, Any]:
    [made] = export_rows([TWO], kind, left_out=Counter())
    assert made["id"] == "row-7"
    return made


def test_a_conversation_of_trl_has_arguments_as_objects() -> None:
    user, assistant = exported("messages")["messages"]
    assert user == {"role": "user", "content": TWO.prompt.strip()}
    assert assistant["content"] == ""
    assert [each["function"] for each in assistant["tool_calls"]] == [
        {"name": "Now", "arguments": {}},
        {"name": "SetAlarm", "arguments": {"time": "07:00", "days": 5}},
    ]


def test_a_conversation_of_openai_has_arguments_as_texts_and_numbered_calls() -> None:
    _, assistant = exported("openai")["messages"]
    assert assistant["content"] is None
    assert [each["id"] for each in assistant["tool_calls"]] == ["call_1", "call_2"]
    arguments = assistant["tool_calls"][1]["function"]["arguments"]
    assert json.loads(arguments) == {"time": "07:00", "days": 5}


def test_the_apis_of_a_prompt_are_its_tools() -> None:
    [tool] = exported("messages")["tools"]
    assert tool["function"] == {
        "name": "SetAlarm",
        "description": "Sets an alarm.",
        "parameters": {
            "type": "object",
            "properties": {
                "time": {"type": "string", "description": "When."},
                "days": {"type": "integer", "description": "How often."},
            },
        },
    }
    [search] = tools_of(WANTED[3].prompt)
    assert search["function"]["parameters"]["required"] == ["keywords"]


def test_a_pair_is_a_prompt_and_the_call_in_its_format() -> None:
    assert exported("inline")["completion"] == " [Now()] [SetAlarm(time='07:00', days=5)]"
    made = exported("hermes")
    calls = HermesGrammar().calls(made["completion"])
    assert [placed.call.tool for placed in calls] == ["Now", "SetAlarm"]
    assert json.loads(calls[1].call.arguments) == {"time": "07:00", "days": 5}


@pytest.mark.parametrize("kind", ["inline", "hermes", "messages", "openai"])
def test_a_row_without_a_call_is_counted(kind: ApiExport) -> None:
    left_out: Counter[str] = Counter()
    assert list(export_rows([row(0, "no call")], kind, left_out=left_out)) == []
    assert left_out == {UNWRITTEN: 1}


def test_a_chat_template_writes_what_is_exported() -> None:
    jinja2 = pytest.importorskip("jinja2")
    template = jinja2.Template(
        "{% for m in messages %}{{ m.role }}: {{ m.content }}{% for c in m.tool_calls or [] %}"
        "<{{ c.function.name }} {{ c.function.arguments | tojson }}>{% endfor %}\n{% endfor %}"
    )
    written = template.render(**exported("messages"))
    assert written.endswith('assistant: <Now {}><SetAlarm {"days": 5, "time": "07:00"}>\n')


def test_another_form_is_refused() -> None:
    with pytest.raises(ConfigError, match="--format is one of inline, hermes, messages, openai"):
        list(export_rows([TWO], "chatml", left_out=Counter()))  # type: ignore[arg-type]
