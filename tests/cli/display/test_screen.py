"""How an answer looks: colours on a terminal, none elsewhere, and nothing that steers it."""

import io
from collections.abc import Sequence

import pytest
from rich.console import Console

from tests.cli.repl.sessions import printed_on, terminal
from toolformer.calls import Segment, ToolCall
from toolformer.cli.display.screen import Screen
from toolformer.infer.answers import CallEvent

CALL = ToolCall("Calculator", "3 + 4")
PIECES = (
    Segment("text", " It"),
    Segment("text", " is"),
    Segment("call", " [Calculator("),
    Segment("call", "3 + 4)"),
    Segment("output", " -> 7]"),
    CallEvent(6, CALL, " [Calculator(3 + 4)", "7"),
    Segment("text", " 7."),
)


def shown(console: Console, pieces: Sequence[Segment | CallEvent]) -> str:
    screen = Screen(console)
    for piece in pieces:
        screen.show(piece)
    screen.end()
    return printed_on(console)


def test_text_calls_and_outputs_have_colours_of_their_own() -> None:
    cyan, green, plain = "\x1b[1;36m", "\x1b[1;32m", "\x1b[0m"
    assert shown(terminal(), PIECES) == (
        f"It is{cyan} [Calculator({plain}{cyan}3 + 4){plain}{green} -> 7]{plain} 7.\n"
    )


def test_a_failed_call_is_dim_red_with_its_reason() -> None:
    failed = CallEvent(6, CALL, " [Calculator(3 + 4)", error="No.")
    assert "\x1b[2;31m⟨failed: No.⟩\x1b[0m" in shown(terminal(), [*PIECES[:4], failed])


def test_of_a_long_failure_the_first_sentences_are_shown() -> None:
    error = "Unknown attribute. Did you mean 'area'? Available: " + "area, " * 50
    failed = CallEvent(6, CALL, " [Calculator(3 + 4)", error=error)
    said = shown(Console(file=io.StringIO()), [*PIECES[:4], failed])
    assert said.endswith("⟨failed: Unknown attribute. Did you mean 'area'? …⟩\n")


def test_a_call_that_was_never_shown_leaves_no_trace() -> None:
    failed = CallEvent(6, None, "", error="No.")
    assert shown(Console(file=io.StringIO()), [PIECES[0], failed, PIECES[-1]]) == "It 7.\n"


def test_no_color_leaves_the_colours_out() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, no_color=True)
    assert "\x1b[36m" not in shown(console, PIECES)
    assert "[Calculator(" in printed_on(console)


@pytest.mark.parametrize("said", [" \x1b[31mred", " \x07", " \x9b2J", " a\rb"])
def test_a_text_that_steers_the_terminal_is_shown_harmlessly(said: str) -> None:
    printed = shown(terminal(), [Segment("text", said)])
    assert "�" in printed
    assert not set(printed) & {"\x1b", "\x07", "\x9b", "\r"}


def test_a_line_that_the_answer_ended_is_not_ended_twice() -> None:
    assert shown(Console(file=io.StringIO()), [Segment("text", " a\n")]) == "a\n"


def test_square_brackets_are_no_markup() -> None:
    assert shown(terminal(), [Segment("text", " [bold]x[/bold]")]) == "[bold]x[/bold]\n"


def test_where_no_terminal_is_text_goes_as_it_is() -> None:
    pieces = [Segment("text", " a\tb \x1b"), Segment("text", "\n\n  c")]
    assert shown(Console(file=io.StringIO()), pieces) == "a\tb \x1b\n\n  c\n"


def test_white_space_before_the_answer_is_left_out_piece_by_piece() -> None:
    pieces = [Segment("text", "\n"), Segment("text", "  "), *PIECES[2:]]
    assert shown(Console(file=io.StringIO()), pieces) == "[Calculator(3 + 4) -> 7] 7.\n"
