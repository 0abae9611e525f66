"""The paper's calls: what is written is read, and taken out byte for byte."""

import re
import time

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from toolformer.calls import (
    ArgumentsEnd,
    InlineGrammar,
    PlacedCall,
    Segment,
    ToolCall,
    grammar_from_dict,
)
from toolformer.errors import CallError

GRAMMAR = InlineGrammar()
XML = InlineGrammar(open="<API> ", arrow=" →", close=" </API>")

# Texts that are mostly made of what the language itself is made of.
PIECES = [
    *(
        " [",
        " ->",
        "]",
        "[",
        "(",
        ")",
        "((",
        "))",
        " ",
        "\n",
        "\r",
        "\t",
        '"',
        "'",
        "\\",
        ",",
        "->",
    ),
    *(" [A(", " [A(1)", " [A(1) ->", " [A(1) -> ", "A", "Calculator", "é", "𝄞", "\u200b", "5"),
    *("<API> ", "<API> A(", " </API>", " →", "<", ">"),
]
crowded = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=12).map("".join)
names = st.sampled_from(["A", "Calculator", "<x>", "α", '"', "->"]) | st.text(
    min_size=1, max_size=4
)


@st.composite
def placed_calls(draw: st.DrawFn, text: str, grammar: InlineGrammar) -> list[PlacedCall]:
    placed = []
    for _ in range(draw(st.integers(0, 3))):
        call = ToolCall(draw(names), draw(crowded))
        assume(grammar.is_readable(call))
        output = draw(st.none() | crowded)
        assume(output is None or grammar.is_renderable_output(output))
        placed.append(PlacedCall(draw(st.integers(0, len(text))), call, output))
    return placed


@st.composite
def annotated(draw: st.DrawFn) -> tuple[InlineGrammar, str, list[PlacedCall]]:
    grammar = draw(st.sampled_from([GRAMMAR, XML]))
    text = draw(crowded)
    assume(not grammar.holds_call(text))
    return grammar, text, draw(placed_calls(text, grammar))


@given(annotated())
@example((GRAMMAR, "a [A(", [PlacedCall(5, ToolCall("B", "1"), ")")]))
@example((GRAMMAR, "a [A(x -> y]", [PlacedCall(6, ToolCall("B", "2"), "smile :)")]))
@example((GRAMMAR, "a [A(x) -> y", [PlacedCall(12, ToolCall("B", "]"))]))
@example((GRAMMAR, "a [A(x) ->]", [PlacedCall(10, ToolCall("B", "1"))]))
@example((GRAMMAR, "a [A(x)]b"[:-2], [PlacedCall(2, ToolCall("B", "1"), "2")]))
def test_strip_is_the_inverse_of_render_on_any_text_without_calls(
    case: tuple[InlineGrammar, str, list[PlacedCall]],
) -> None:
    grammar, text, placed = case
    assert grammar.strip(grammar.render(text, placed)) == text


@given(annotated())
def test_the_calls_that_were_rendered_are_read_back_with_their_positions(
    case: tuple[InlineGrammar, str, list[PlacedCall]],
) -> None:
    grammar, text, placed = case
    by_position = sorted(placed, key=lambda each: each.position)
    assert grammar.calls(grammar.render(text, placed)) == by_position


@given(annotated())
def test_segments_are_what_is_read_from_the_rendered_text(
    case: tuple[InlineGrammar, str, list[PlacedCall]],
) -> None:
    grammar, text, placed = case
    assert grammar.segments(text, placed) == grammar.read(grammar.render(text, placed))


@given(st.sampled_from([GRAMMAR, XML]), crowded)
def test_segments_joined_are_the_text_whatever_it_is(grammar: InlineGrammar, text: str) -> None:
    assert "".join(segment.text for segment in grammar.read(text)) == text


def read_by_definition(text: str) -> list[tuple[str, str, str | None]]:
    """The language's definition, tried at every character, with no thought for speed."""
    found = []
    start = 0
    while start < len(text):
        match = re.compile(r" \[([^\s()\[\]]+)\(").match(text, start)
        end = None
        if match:
            depth, after = 1, match.end()
            while after < len(text) and depth and text[after] not in "\n\r":
                depth += {"(": 1, ")": -1}.get(text[after], 0)
                after += 1
            arguments, output = text[match.end() : after - 1], None
            if depth == 0 and text.startswith("]", after):
                end = after + 1
            elif depth == 0 and text.startswith(" -> ", after):
                depth, end = 1, after + 4
                while end < len(text) and depth and text[end] not in "\n\r":
                    depth += {"[": 1, "]": -1}.get(text[end], 0)
                    end += 1
                output = text[after + 4 : end - 1]
                end = end if depth == 0 and output else None
            if end and re.search(r" \[[^\s()\[\]]+\(", text[start + 1 : end]):
                end = None
            if end:
                found.append((match[1], arguments, output))
        start = end or start + 1
    return found


@given(crowded)
def test_reading_agrees_with_the_definition_tried_at_every_character(text: str) -> None:
    read = [(each.call.tool, each.call.arguments, each.output) for each in GRAMMAR.calls(text)]
    assert read == read_by_definition(text)


def test_a_call_is_written_with_and_without_its_output() -> None:
    call = ToolCall("Calculator", "400 / 1400")
    assert GRAMMAR.format(call) == " [Calculator(400 / 1400)]"
    assert GRAMMAR.format(call, "0.29") == " [Calculator(400 / 1400) -> 0.29]"
    assert GRAMMAR.lead("Calculator") == " [Calculator("


def test_a_call_and_its_output_are_two_segments() -> None:
    text = "So [Calculator(2 + 3) -> 5] 5 [Calendar()] is it."
    assert GRAMMAR.read(text) == [
        Segment("text", "So"),
        Segment("call", " [Calculator(2 + 3)"),
        Segment("output", " -> 5]"),
        Segment("text", " 5"),
        Segment("call", " [Calendar()]"),
        Segment("text", " is it."),
    ]


def test_positions_of_read_calls_refer_to_the_text_without_calls() -> None:
    text = "So [A(1) -> 5] 5 [B()] is it."
    assert GRAMMAR.calls(text) == [
        PlacedCall(2, ToolCall("A", "1"), "5"),
        PlacedCall(4, ToolCall("B", "")),
    ]


def test_calls_at_one_place_stand_in_the_order_given() -> None:
    placed = [PlacedCall(1, ToolCall("B", "")), PlacedCall(1, ToolCall("A", ""))]
    assert GRAMMAR.render("xy", placed) == "x [B()] [A()]y"


@pytest.mark.parametrize("output", ['{"a": [1]}', "[1]", "a (b", "x -> y", "))", " 5", "[", "]"])
def test_outputs_are_readable_when_their_square_brackets_balance(output: str) -> None:
    balanced = output not in ("[", "]")
    assert GRAMMAR.is_renderable_output(output) is balanced
    assert GRAMMAR.holds_call(f"a [A(1) -> {output}]") is balanced


@pytest.mark.parametrize("output", ["", "two\nlines", "a\rb", "see [A(1)]", "[A(1)]", "][", "a]"])
def test_an_output_that_could_not_be_read_back_is_not_renderable(output: str) -> None:
    assert not GRAMMAR.is_renderable_output(output)


@pytest.mark.parametrize("arguments", ["(", ")", "a)(b", "a\nb", "1, [B(2)", '"("'])
def test_arguments_that_could_not_be_read_back_are_unreadable(arguments: str) -> None:
    assert not GRAMMAR.is_readable(ToolCall("A", arguments))


@pytest.mark.parametrize(
    "arguments", ["", "(2 + 3) * 4", '"it\'s"', "[1, 2]", "a -> b", "]", "x [y"]
)
def test_other_arguments_are_readable(arguments: str) -> None:
    assert GRAMMAR.is_readable(ToolCall("A", arguments))


@pytest.mark.parametrize("name", ["", "a b", "a(", "a)", "[a", "a]", "a\n", "a\u00a0b"])
def test_a_name_has_no_white_space_and_no_brackets(name: str) -> None:
    assert not GRAMMAR.is_readable(ToolCall(name, ""))


def test_a_text_that_holds_a_call_is_refused_by_that_call() -> None:
    with pytest.raises(CallError, match=re.escape("already holds the call '[A(1) -> 2]'")):
        GRAMMAR.render("x [A(1) -> 2] y", [])


def test_a_call_that_cannot_be_read_back_is_refused_by_name() -> None:
    with pytest.raises(CallError, match=re.escape("'[A(()]' could not be read back")):
        GRAMMAR.render("x", [PlacedCall(0, ToolCall("A", "("))])


def test_an_output_that_cannot_be_read_back_is_refused_by_name() -> None:
    with pytest.raises(CallError, match="The output 'a]' of A could not be read back"):
        GRAMMAR.render("x", [PlacedCall(0, ToolCall("A", ""), "a]")])


@pytest.mark.parametrize("position", [-1, 2])
def test_a_place_outside_the_text_is_refused(position: int) -> None:
    with pytest.raises(CallError, match=f"Position {position} lies outside the text of 1 char"):
        GRAMMAR.render("x", [PlacedCall(position, ToolCall("A", ""))])


@pytest.mark.parametrize(
    "text",
    [
        "array [0]",
        "f(x) [see (1)]",
        "a [A(1)",
        "a [A (1)]",
        "a[A(1)]",
        "a [A(1) ->]",
        "a [A(1) -> ]",
    ],
)
def test_what_only_looks_like_a_call_is_text(text: str) -> None:
    assert GRAMMAR.read(text) == [Segment("text", text)]


@given(st.text(alphabet="()a\n\r"))
def test_the_closing_parenthesis_is_the_first_that_brings_the_depth_to_zero(text: str) -> None:
    line = re.split(r"[\n\r]", text)[0]
    depths = [1 + line[: n + 1].count("(") - line[: n + 1].count(")") for n in range(len(line))]
    end = GRAMMAR.end_of_arguments(text)
    closes_at = len(end.arguments) if end is not None and end.is_closed else None
    assert closes_at == (depths.index(0) if 0 in depths else None)


@pytest.mark.parametrize(
    "unit",
    [
        *(" [A(", "(", " [", " [A", "]", " [A(1)", " [A(1) -> ", " [A(1) -> [", " [A()]", "["),
        *(" [A(1) -> 2]", "a", " [A((", ")", " [A)(", " [A(1) -> [1]", "-> "),
    ],
)
def test_reading_a_megabyte_takes_well_under_the_time_of_a_rescan(unit: str) -> None:
    text = " [A(" + unit * (1_000_000 // len(unit)) + " [A(1) -> "
    started = time.process_time()
    GRAMMAR.read(text)
    assert time.process_time() - started < 5  # a tenth of a rescan's


@pytest.mark.parametrize(
    ("markers", "reason"),
    [
        ({"open": "API"}, "could be part of a tool's name"),
        ({"open": " ("}, "could be part of a tool's name"),
        ({"open": ""}, "is blank"),
        ({"close": "\n"}, "is blank or holds a newline"),
        ({"close": "] "}, "ends as the open marker"),
        ({"arrow": "]->"}, "begin alike"),
    ],
)
def test_markers_that_could_not_be_read_back_are_refused(
    markers: dict[str, str], reason: str
) -> None:
    with pytest.raises(CallError, match=reason):
        InlineGrammar(**markers)


@pytest.mark.parametrize(
    ("text", "arguments", "stop", "problem"),
    [
        ("1 + (2)) and", "1 + (2)", 8, ""),
        ("1, [B(2)) and", "1, [B(", 9, "Another call starts inside the call."),
        ("1, [B(2 and", "1, [B(", 11, "Another call starts inside the call."),
        ("1 +\nand", "1 +", 7, "The call does not close on its line."),
        ("1, [B(\nand", "1, [B(", 10, "The call does not close on its line."),
    ],
)
def test_arguments_end_where_they_close_and_where_they_can_close_no_more(
    text: str, arguments: str, stop: int, problem: str
) -> None:
    assert GRAMMAR.end_of_arguments(text) == ArgumentsEnd(arguments, stop, problem)


@pytest.mark.parametrize("text", ["", "1 + (2", "1 [B", "]"])
def test_arguments_that_may_continue_have_no_end(text: str) -> None:
    assert GRAMMAR.end_of_arguments(text) is None


def test_its_keys_are_the_three_markers_without_a_kind() -> None:
    assert GRAMMAR.to_dict() == {"open": " [", "arrow": " ->", "close": "]"}
    assert [grammar_from_dict(each.to_dict()) for each in (GRAMMAR, XML)] == [GRAMMAR, XML]
    assert grammar_from_dict({"kind": "inline"}) == GRAMMAR


def test_an_unknown_kind_of_grammar_is_refused_by_name() -> None:
    with pytest.raises(
        CallError, match=r"Unknown kind of call grammar 'herms'\. Did you mean 'herm"
    ):
        grammar_from_dict({"kind": "herms"})


def test_an_output_that_would_begin_a_lead_with_its_close_is_not_renderable() -> None:
    grammar = InlineGrammar(open=" <", arrow=" =>", close=">")
    assert not grammar.is_renderable_output("<>")  # before "(x" it would be the lead ` <>>(`
    assert grammar.is_renderable_output("<> ")


def test_an_output_of_somebody_else_is_fitted_into_a_call() -> None:
    grammar = InlineGrammar()
    fitted = [grammar.fitted_output(each) for each in ("[1]", "a ] b", "two\nlines", "")]
    assert fitted == ["[1]", "a ) b", None, None]
