"""When an output counts as right."""

import time
from collections.abc import Callable
from decimal import Decimal

import pytest

from toolformer.evaluate.tasks.judging import (
    end_of_first_words,
    end_of_number,
    first_number,
    is_number_right,
    is_within_first_words,
    named_option,
    options_of,
    plain_words,
)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        (" 42.", "42"),
        (" 1,400 people", "1400"),
        (" 12,345,678.90", "12345678.90"),
        (" 1,40 is no thousand", "1"),
        (" it is 3.75 or so", "3.75"),
        (" .5 of it", ".5"),
        (" -7 degrees", "-7"),
        (" −7 degrees", "-7"),
        (" 10-7", "10"),
        (" covid-19", "19"),
        (" $12.50 each", "12.50"),
        (" The first 5, then 6", "5"),
    ],
)
def test_the_first_number_of_a_text_is_found(text: str, number: str) -> None:
    assert first_number(text) == Decimal(number)


def test_in_an_equation_the_number_after_the_equals_sign_counts() -> None:
    assert first_number(" 5 + 3 = 8 apples") == 8
    assert first_number(" 5 x 300 = $1,500 in all") == 1500


def test_a_text_without_digits_has_no_number() -> None:
    assert first_number(" seven") is None
    assert not is_number_right(" seven", ["7"])


def test_numbers_are_equal_by_value() -> None:
    assert is_number_right(" 43 seashells", ["43.0"])
    assert is_number_right(" 0.50", [".5"])
    assert not is_number_right(" 43.1", ["43.0"])


def test_an_answer_within_the_first_five_words_is_right() -> None:
    assert is_within_first_words(" one two three four Paris", ["Paris"])
    assert not is_within_first_words(" one two three four five Paris", ["Paris"])


def test_an_answer_of_several_words_has_to_lie_within_the_first_five_whole() -> None:
    assert is_within_first_words(" in the United States of", ["United States"])
    assert not is_within_first_words(" that is in the United States", ["United States"])


def test_an_answer_of_more_than_five_words_may_take_as_many_as_it_has() -> None:
    answer = "Church of Jesus Christ of Latter Days"
    assert is_within_first_words(f" {answer}.", [answer])
    assert not is_within_first_words(f" the {answer}.", [answer])


def test_case_and_the_signs_around_a_word_do_not_matter() -> None:
    assert is_within_first_words(' the "PARIS", they said', ["Paris"])
    assert is_within_first_words(" March 3 2023", ["March 3, 2023"])


def test_part_of_a_word_is_not_an_answer() -> None:
    assert not is_within_first_words(" Romania", ["Roman", "Rome"])


def test_one_of_several_right_answers_is_enough() -> None:
    assert is_within_first_words(" Chile", ["Peru", "Chile"])


def test_nothing_says_nothing() -> None:
    assert not is_within_first_words("", ["Paris"])
    assert not is_within_first_words("Paris", [])
    assert not is_within_first_words("Paris", ["-"])


QUESTION = "When?\nOptions:\n(A) 12/11/1937\n(B) 12/25/1937\n(C) 01/04/1938"


def test_the_option_that_is_named_first_is_the_one_meant() -> None:
    options = options_of(QUESTION)
    assert named_option(" (C), not (A)", options) == "C"
    assert named_option(" 12/25/1937, that is (A)", options) == "B"
    assert named_option(" the day after", options) is None
    assert named_option(" 112/11/1937", options) is None
    assert named_option(" 12/11/19371 or 12/25/1937.", options) == "B"


@pytest.mark.parametrize(
    "judge", [end_of_first_words, plain_words, first_number, end_of_number, options_of]
)
@pytest.mark.parametrize(
    "piece", ["!", " ", "=", "= ", "a!", "1,", "-", "(A) ", "\n", "(", "\u2212"]
)
def test_whatever_a_model_repeats_is_judged_in_linear_time(
    judge: Callable[[str], object], piece: str
) -> None:
    start = time.process_time()
    for frame in ("{}", "{}x", "={}", "(A) a{}b", "a{}a{}a"):
        judge(frame.replace("{}", piece * 30_000))
    assert time.process_time() - start < 3  # a square would be a minute
