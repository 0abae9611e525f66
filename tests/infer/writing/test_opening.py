"""What could belong to a call moves from a prompt's end into its answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolformer.calls import InlineGrammar
from toolformer.infer.writing.opening import Opening, open_answer

GRAMMAR = InlineGrammar()
LEADS = [GRAMMAR.lead("Calculator"), GRAMMAR.lead("Calendar")]


def opened(prompt: str) -> Opening:
    return open_answer(prompt, leads=LEADS, grammar=GRAMMAR)


def test_an_ordinary_prompt_stays_whole() -> None:
    opening = opened("2 + 2 is")
    assert (opening.kept, opening.lead, opening.rest, opening.begins) == ("2 + 2 is", "", "", "")


@pytest.mark.parametrize("white", [" ", "\n\n", " \t", "\u2003"])
def test_white_space_at_the_end_begins_the_answer(white: str) -> None:
    opening = opened(f"2 + 2 is{white}")
    assert (opening.kept, opening.begins, opening.rest) == ("2 + 2 is", white, "")
    assert opening.taken == len(white)


def test_a_call_without_its_output_is_taken_over() -> None:
    opening = opened("2 + 2 is [Calculator(2 * (1 + 1))")
    assert (opening.kept, opening.lead) == ("2 + 2 is", " [Calculator(")
    assert opening.rest == "2 * (1 + 1))"


def test_white_space_behind_such_a_call_is_the_arrows() -> None:
    assert opened("is [Calendar() ").begins == " [Calendar()"


def test_a_call_that_is_still_being_written_is_taken_over() -> None:
    opening = opened("2 + 2 is [Calculator(2 + ")
    assert (opening.kept, opening.rest) == ("2 + 2 is", "2 +")
    assert opening.begins == " [Calculator(2 + "


@pytest.mark.parametrize("end", [" [", " [Cal", " [Calculator"])
def test_the_beginning_of_a_lead_is_taken_over(end: str) -> None:
    opening = opened(f"2 + 2 is{end}")
    assert (opening.kept, opening.lead, opening.rest) == ("2 + 2 is", "", end)


@pytest.mark.parametrize(
    "prompt",
    [
        "2 + 2 is [Calculator(2 + 2) -> 4]",
        "2 + 2 is [Calculator(2 + 2) and",
        "2 + 2 is [Calculator(2 +\n2",
        "2 + 2 is [Unknown(2 + 2)",
        "2 + 2 is [Calculator(2 [Unknown(2)",
        "[Calculator(2 + 2)",
    ],
)
def test_what_is_no_open_call_of_a_known_tool_stays(prompt: str) -> None:
    assert opened(prompt).kept == prompt


def test_a_call_that_a_line_end_follows_stays() -> None:
    opening = opened("is [Calendar()\n")
    assert (opening.kept, opening.begins) == ("is [Calendar()", "\n")


@given(st.lists(st.sampled_from([*LEADS, " [", "2", ")", "(", " ", "\n", "x", "]"])).map("".join))
def test_nothing_of_a_prompt_is_lost(prompt: str) -> None:
    opening = opened(prompt)
    assert opening.kept == prompt[: len(prompt) - opening.taken]
    assert prompt.startswith(opening.kept + opening.begins)
    assert opening.begins.startswith(opening.lead + opening.rest)
    assert prompt[len(opening.kept + opening.begins) :].strip() == ""
