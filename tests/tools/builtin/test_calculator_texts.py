"""The paper's heuristic for the texts the Calculator is tried on."""

import time

import pytest

from toolformer.tools.base import ToolContext
from toolformer.tools.builtin.calculator_texts import WINDOW, suits_calculator


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


def test_a_long_table_of_figures_is_judged_quickly() -> None:
    text = " ".join(str(7919 * number**3 % 1_000_003) for number in range(100_000))
    start = time.perf_counter()
    suits(text)
    assert time.perf_counter() - start < 5
