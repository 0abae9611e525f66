"""Solutions told with larger numbers: every sum is right again, and what cannot be is told."""

import gzip
import json
import re
from pathlib import Path

import pytest

from toolformer.evaluate.tasks.gsm8k.scale import (
    INEXACT,
    NO_DEGREES,
    TOO_FAR,
    UNMARKED,
    UNSAID,
    scale,
)
from toolformer.evaluate.tasks.gsm8k.solutions import Solution, read_solution
from toolformer.evaluate.tasks.gsm8k.sums import NUMBER, read_sum, value_of

CLIPS = (
    "She sold 48/2 = <<48/2=24>>24 clips in May.\n"
    "She sold 48+24 = <<48+24=72>>72 clips in all, each for $.50, so $<<72*.5=36>>36.\n#### 36"
)
QUESTION = "She sold 48 clips in April, half as many in May, each for $.50. How much did she earn?"


def scaled(answer: str, *, digits: int = 4, question: str = "") -> Solution:
    found = scale(read_solution(answer), digits=digits, question=question)
    assert found.solution is not None, found.reason
    return found.solution


def factor_of(solution: Solution) -> int:
    return int(solution.marks[0].expression.partition("/")[0]) // 48


def test_what_is_counted_is_multiplied_by_one_factor_and_the_rest_stays() -> None:
    solution = scaled(CLIPS)
    factor = factor_of(solution)
    assert solution.text == (
        f"She sold {48 * factor}/2 = {24 * factor} clips in May.\n"
        f"She sold {48 * factor}+{24 * factor} = {72 * factor} clips in all, each for $.50, "
        f"so ${36 * factor}."
    )
    assert solution.answer == str(36 * factor)


def test_every_mark_is_right_and_stands_before_its_value() -> None:
    solution = scaled(CLIPS)
    assert len(solution.marks) == 3
    for mark in solution.marks:
        read = read_sum(mark.expression)
        assert read is not None
        assert read.value == value_of(mark.value)
        assert solution.text[mark.offset :].startswith(mark.value)


@pytest.mark.parametrize("digits", [3, 4, 5])
def test_numbers_have_as_many_digits_as_asked_and_at_most_two_more(digits: int) -> None:
    solution = scaled(CLIPS, digits=digits)
    counted = [int(mark.value) for mark in solution.marks]
    assert min(counted) >= 10 ** (digits - 1)
    assert max(counted) < 10 ** (digits + 2)


def test_it_is_the_same_whenever_it_is_asked_and_appends_no_zeros() -> None:
    assert scaled(CLIPS) == scaled(CLIPS)
    assert factor_of(scaled(CLIPS)) % 10 in (1, 3, 7, 9)


def test_a_question_is_scaled_with_its_solution() -> None:
    found = scale(read_solution(CLIPS), digits=4, question=QUESTION)
    assert found.solution is not None
    factor = factor_of(found.solution)
    assert found.question == QUESTION.replace("48", str(48 * factor))


def test_decimals_and_commas_stay_as_they_were_written() -> None:
    solution = scaled("It is 1,200+2.50 = <<1200+2.50=1202.5>>1202.5 in all.\n#### 1202.5")
    whole, rest = re.findall(r"[\d,.]*\d", solution.text)[:2]
    assert re.fullmatch(r"\d{1,3},\d{3}", whole)
    assert re.fullmatch(r"\d+\.\d{2}", rest)
    assert value_of(rest) / value_of(whole) == value_of("2.50") / value_of("1,200")


def test_a_mark_without_a_scaled_number_is_not_asked() -> None:
    found = scale(
        read_solution(
            "He keeps 100-20 = <<100-20=80>>80% of it, 50*80/100 = <<50*80/100=40>>40 nuts."
        ),
        digits=4,
    )
    assert found.solution is not None
    assert found.solution.marks[0].expression == "100-20"
    assert [mark.expression for mark in found.asked] == [found.solution.marks[1].expression]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("It is 2*3 = 6 and 6+1 = <<6+1=7>>7.", UNMARKED),
        ("He has no nuts.", UNMARKED),
        ("It is 10/3 = <<10/3=3.33>>3.33.", INEXACT),
        ("It is 3*x = <<3*x=6>>6.", INEXACT),
        ("It is 5 = <<5=5>>5, so 5*5 = <<5*5=25>>25 and 25+5 = <<25+5=30>>30.", NO_DEGREES),
        ("It is 20% + 30% = <<20+30=50>>50%.", NO_DEGREES),
        ("It is 1+200000 = <<1+200000=200001>>200001.", TOO_FAR),
    ],
)
def test_what_cannot_be_scaled_is_told_by_reason(answer: str, reason: str) -> None:
    found = scale(read_solution(answer), digits=4)
    assert (found.solution, found.reason) == (None, reason)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("She sold two score and eight clips and half as many.", CLIPS),  # 48 in words
        (QUESTION, CLIPS.replace("#### 36", "#### 37")),  # does not follow from the marks
    ],
)
def test_a_question_that_does_not_give_the_numbers_is_told(question: str, answer: str) -> None:
    assert scale(read_solution(answer), digits=4, question=question).reason == UNSAID


GSM8K = Path(__file__).parents[5] / "shared" / "data" / "gsm8k" / "train.jsonl.gz"


@pytest.mark.slow
@pytest.mark.skipif(not GSM8K.exists(), reason="no GSM8K here")
def test_every_scaled_solution_of_gsm8k_is_right() -> None:
    with gzip.open(GSM8K, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file][-473:]
    found = [scale(read_solution(row["answer"]), digits=4) for row in rows]
    solutions = [each.solution for each in found if each.solution is not None]
    assert len(solutions) > 300
    for solution in solutions:
        for mark in solution.marks:
            read = read_sum(mark.expression)
            said = NUMBER.match(solution.text, mark.offset)
            assert read is not None
            assert said is not None
            assert read.value == value_of(mark.value) == value_of(said[0])
