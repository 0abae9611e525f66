"""The calls of Hermes and Qwen chat templates: what is written is read, and taken out whole."""

import json
import re
from typing import ClassVar

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from toolformer.calls import (
    ArgumentsEnd,
    HermesGrammar,
    PlacedCall,
    Segment,
    ToolCall,
    grammar_from_dict,
)
from toolformer.calls.pieces import Span
from toolformer.errors import CallError

GRAMMAR = HermesGrammar()
CALL = ToolCall("Calculator", '{"expression": "400 / 1400"}')
WRITTEN = (
    '<tool_call>\n{"name": "Calculator", "arguments": {"expression": "400 / 1400"}}\n</tool_call>'
)
TOLD = "\n<tool_response>\n0.29\n</tool_response>"
LEAD_A = '<tool_call>\n{"name": "A", "arguments":'

# Texts that are mostly made of what the language itself is made of.
PIECES = [
    *("<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>", "\n", " ", "{", "}"),
    *(
        "[",
        "]",
        '"',
        "\\",
        ":",
        "<",
        ">",
        "/",
        "A",
        "é",
        "5",
        "\r",
        '{"name": "',
        '", "arguments":',
    ),
    *(LEAD_A, f"{LEAD_A} {{", f"{LEAD_A} {{}}}}\n</tool_call>", "}\n</tool_call>", ' {"a": 1}'),
    *("\n<tool_response>\n", "\n</tool_response>", "\n<tool_response>\n5\n</tool_response>"),
]
crowded = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=10).map("".join)
names = st.sampled_from(["A", "Calculator", "<tool_call>", "α", '"', "\\", "->"]) | st.text(
    min_size=1, max_size=4
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | crowded,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(crowded, inner, max_size=2),
    max_leaves=4,
)
objects = st.dictionaries(crowded, values, max_size=2)


@st.composite
def placed_calls(draw: st.DrawFn, text: str) -> list[PlacedCall]:
    placed = []
    for _ in range(draw(st.integers(0, 3))):
        indent = draw(st.sampled_from([None, 1]))
        arguments = json.dumps(draw(objects), indent=indent) if draw(st.booleans()) else None
        call = ToolCall(draw(names), draw(crowded) if arguments is None else arguments)
        assume(GRAMMAR.is_readable(call))
        output = draw(st.none() | crowded)
        assume(output is None or GRAMMAR.is_renderable_output(output))
        position = draw(st.integers(0, len(text)))
        assume(output is not None or not text.startswith("\n<tool_response>\n", position))
        placed.append(PlacedCall(position, call, output))
    return placed


@st.composite
def annotated(draw: st.DrawFn) -> tuple[str, list[PlacedCall]]:
    text = draw(crowded)
    assume(not GRAMMAR.holds_call(text))
    return text, draw(placed_calls(text))


@given(annotated())
@example((LEAD_A, [PlacedCall(len(LEAD_A), CALL, "0.29")]))
@example((f"{LEAD_A} {{", [PlacedCall(len(LEAD_A) + 2, CALL)]))
@example(("<tool_call>\n", [PlacedCall(11, CALL, "<tool_call>")]))
@example(("\n<tool_response>\n5", [PlacedCall(18, CALL, "6")]))
@example(("\n<tool_response>\n5\n</tool_response>", [PlacedCall(1, CALL)]))
def test_strip_is_the_inverse_of_render_on_any_text_without_calls(
    case: tuple[str, list[PlacedCall]],
) -> None:
    text, placed = case
    assert GRAMMAR.strip(GRAMMAR.render(text, placed)) == text


@given(annotated())
def test_the_calls_that_were_rendered_are_read_back_with_their_positions(
    case: tuple[str, list[PlacedCall]],
) -> None:
    text, placed = case
    by_position = sorted(placed, key=lambda each: each.position)
    assert GRAMMAR.calls(GRAMMAR.render(text, placed)) == by_position


@given(annotated())
def test_segments_are_what_is_read_from_the_rendered_text(
    case: tuple[str, list[PlacedCall]],
) -> None:
    text, placed = case
    assert GRAMMAR.segments(text, placed) == GRAMMAR.read(GRAMMAR.render(text, placed))


@given(crowded)
def test_segments_joined_are_the_text_whatever_it_is(text: str) -> None:
    assert "".join(segment.text for segment in GRAMMAR.read(text)) == text


@given(objects, st.sampled_from([None, 2]))
def test_the_text_of_any_json_object_is_readable_arguments(
    values: dict[str, object], indent: int | None
) -> None:
    arguments = json.dumps(values, indent=indent, ensure_ascii=False)
    assert GRAMMAR.is_readable(ToolCall("A", arguments))
    end = GRAMMAR.end_of_arguments(f" {arguments}}}\n</tool_call> and on")
    assert end == ArgumentsEnd(arguments, len(arguments) + len(" }\n</tool_call>"))


@given(objects)
def test_arguments_that_are_being_written_have_no_end_before_they_close(
    values: dict[str, object],
) -> None:
    whole = f" {json.dumps(values)}}}\n</tool_call>"
    assert {GRAMMAR.end_of_arguments(whole[:size]) for size in range(len(whole))} == {None}


def test_a_call_is_laid_out_as_in_the_chat_templates() -> None:
    assert GRAMMAR.format(CALL) == WRITTEN
    assert GRAMMAR.format(CALL, "0.29") == WRITTEN + TOLD


def test_a_call_and_its_output_are_two_segments() -> None:
    assert GRAMMAR.read(f"So {WRITTEN}{TOLD} 29%, {WRITTEN}\nand") == [
        Segment("text", "So "),
        Segment("call", WRITTEN),
        Segment("output", TOLD),
        Segment("text", " 29%, "),
        Segment("call", WRITTEN),
        Segment("text", "\nand"),
    ]


def test_a_lead_names_its_tool_whatever_the_name() -> None:
    for name in ("Calculator", '"', "\\", "α", "<x>"):
        assert GRAMMAR.tool_of(GRAMMAR.lead(name)) == name
        assert GRAMMAR.calls(GRAMMAR.format(ToolCall(name, "{}"))) == [
            PlacedCall(0, ToolCall(name, "{}"))
        ]


@pytest.mark.parametrize(
    "arguments", ["", "400 / 1400", "[1]", "{", '{"a": 1}}', '{"a": 1} ', '{"a\n": 1}', '{"a}']
)
def test_arguments_that_are_not_one_object_are_unreadable(arguments: str) -> None:
    assert not GRAMMAR.is_readable(ToolCall("A", arguments))


@pytest.mark.parametrize("output", ["", "a\n</tool_response>", f"see {WRITTEN}", LEAD_A])
def test_an_output_that_could_not_be_read_back_is_not_renderable(output: str) -> None:
    assert not GRAMMAR.is_renderable_output(output)


def test_a_call_without_output_is_not_put_before_an_output() -> None:
    with pytest.raises(CallError, match="the text after it continues as its output would"):
        GRAMMAR.render(f"x{TOLD}", [PlacedCall(1, CALL)])
    assert GRAMMAR.strip(GRAMMAR.render(f"x{TOLD}", [PlacedCall(1, CALL, "5")])) == f"x{TOLD}"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (" 400 / 1400", "The arguments are not a JSON object."),
        ('{"a": 1}}', "The arguments are not a JSON object."),
        (' {"a": 1} and', "The call does not close after its arguments."),
        (f' {{"a": {LEAD_A}', "Another call starts inside the call."),
    ],
)
def test_arguments_that_can_close_no_more_say_why(text: str, problem: str) -> None:
    end = GRAMMAR.end_of_arguments(text)
    assert end is not None
    assert (end.problem, end.stop, end.is_closed) == (problem, len(text), False)


@pytest.mark.parametrize(
    "text",
    [
        WRITTEN.replace('": ', '":'),
        WRITTEN.replace("\n</tool_call>", "</tool_call>"),
        WRITTEN.replace('"Calculator"', '"Calc ulator"'),
        WRITTEN.replace('"Calculator"', '"\\u0043alculator"'),
        WRITTEN.replace('"Calculator"', '"\\x"'),
        TOLD,
    ],
)
def test_what_only_looks_like_a_call_is_text(text: str) -> None:
    assert GRAMMAR.read(text) == [Segment("text", text)]


@pytest.mark.parametrize(
    ("token", "opens"),
    [
        ("<tool_call>", True),
        ('<tool_call>\n{"', True),
        ('<tool_call>\n{"name": "Calc', True),
        ("<tool_call>\n[", False),
        ('<tool_call>\n{"name": "a b', False),
        ("<tool", False),
    ],
)
def test_a_token_opens_a_call_if_a_lead_can_follow_from_it(token: str, opens: bool) -> None:
    assert GRAMMAR.opens_call(token) is opens


class Watched(HermesGrammar):
    """Notes which stretches of a text are looked at for a call."""

    looked_at: ClassVar[list[range]] = []

    def span(self, text: str, lead: re.Match[str], limit: int) -> Span | None:
        self.looked_at.append(range(lead.end(), limit))
        return super().span(text, lead, limit)


@given(crowded)
def test_no_part_of_a_text_is_looked_at_for_two_calls(text: str) -> None:
    Watched.looked_at.clear()
    assert Watched().read(text) == GRAMMAR.read(text)
    ends = [0, *(each.stop for each in Watched.looked_at)]
    assert all(each.start >= end for each, end in zip(Watched.looked_at, ends, strict=False))


def test_it_is_read_back_from_disk_by_its_kind() -> None:
    assert GRAMMAR.to_dict() == {"kind": "hermes"}
    assert grammar_from_dict({"kind": "hermes"}) == GRAMMAR


def test_an_exemplar_is_spelled_as_the_values_it_gives() -> None:
    def read(arguments: str) -> dict[str, object]:
        return dict(zip(("entity", "attribute"), re.split(", ", arguments), strict=True))

    assert GRAMMAR.spell("Perú, capital", read) == '{"entity": "Perú", "attribute": "capital"}'
