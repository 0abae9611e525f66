"""The paper's heuristic for the texts the Calculator is tried on."""

import random
import time

import pytest

from toolformer.tools.builtin.calculator import calculator
from toolformer.tools.builtin.calculator_texts import MAX_NUMBERS, WINDOW, suits_calculator
from toolformer.tools.context import ToolContext


def suits(text: str) -> bool:
    return suits_calculator(text, ToolContext())


@pytest.mark.parametrize(
    "text",
    [
        "Each of 4 boxes holds 6 eggs, 24 in all.",
        "Of 30 pupils 12 are girls and 18 are boys.",
        "It took 1,400 minutes in 7 runs, 200 for each.",
        "They paid $2.50 and $3.75, or $6.25.",
        "Of 1400 people 400 said yes, a share of 0.29.",
    ],
)
def test_three_numbers_of_which_one_is_a_result_suit(text: str) -> None:
    assert suits(text)


@pytest.mark.parametrize(
    "text",
    [
        "The sum = 12.",
        "It equals 12.",
        "The weight is equal to 12 kilos.",
        "They made a total of $12.",
        "She sleeps an average of 7 hours.",
    ],
)
def test_an_announced_number_suits(text: str) -> None:
    assert suits(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "No numbers at all.",
        "Born in 1950, died in 1999.",
        "The total of all that matters is 3.",
        "Rooms 101, 205 and 333 are taken.",
        "It = nothing.",
    ],
)
def test_other_texts_do_not_suit(text: str) -> None:
    assert not suits(text)


def test_the_three_numbers_must_stand_in_one_window() -> None:
    near = "4 and 6 make " + "word " * (WINDOW - 6) + "24"
    far = "4 and 6 make " + "word " * WINDOW + "24"
    assert suits(near)
    assert not suits(far)


def test_about_one_text_in_a_hundred_with_three_numbers_suits_anyway() -> None:
    texts = [f"Rooms 101, 205 and {1000 + number} are taken." for number in range(3000)]
    chosen = [text for text in texts if suits(text)]
    assert 10 <= len(chosen) <= 60  # 30 expected
    assert chosen == [text for text in texts if suits(text)]


@pytest.mark.parametrize(("before", "is_found"), [(MAX_NUMBERS - 3, True), (MAX_NUMBERS, False)])
def test_of_a_long_table_of_figures_the_first_two_thousand_are_looked_at(
    before: int, is_found: bool
) -> None:
    draw = random.Random(0)  # of these no three are an operation and its result
    figures = " ".join(str(draw.randrange(9 * 10**11, 10**12)) for _ in range(before))
    assert not suits(f"{figures} 4 and 6 make 25")
    assert suits(f"{figures} 4 and 6 make 24") is is_found


@pytest.mark.parametrize(
    "text", ["=" + " " * 200_000, "equals " * 40_000, "2 3 " * 500 + "5 " * 9000, "1,111" * 9000]
)
def test_a_hostile_text_is_looked_at_in_linear_time(text: str) -> None:
    start = time.process_time()
    suits_calculator(text, ToolContext())
    assert time.process_time() - start < 5  # the first took minutes


@pytest.mark.parametrize(
    "text", [" 24 in all", "24", " $4,000", " (-3)", ' "7"', "\n€.50", " US$5", " -$3"]
)
def test_a_call_may_stand_in_front_of_a_number(text: str) -> None:
    assert calculator.may_precede(text)


@pytest.mark.parametrize("text", ["", " eggs, 24 in all", ". 24", " a 24", " = 24", " B12"])
def test_a_call_may_stand_in_front_of_nothing_else(text: str) -> None:
    assert not calculator.may_precede(text)


def test_a_call_may_stand_where_the_exemplars_have_theirs() -> None:
    assert all(calculator.may_precede(each.after) for each in calculator.exemplars)
