"""The statements are true, and no question of the evaluation is worded like one."""

import random
import re
from itertools import permutations
from pathlib import Path

import pytest

from recipes.nano import calculator, calendar
from recipes.nano.words import MONTHS
from recipes.reproduce.statements import DATES, SUMS, Statement, computed, dated
from toolformer.evaluate.tasks.arithmetic import NEW_SENTENCES, NEW_WORDS
from toolformer.evaluate.tasks.dates import WORDINGS
from toolformer.tools.builtin.calendar import calendar as told_by
from toolformer.tools.context import ToolContext

SHARED = Path(__file__).parents[4] / "shared" / "data"
STATED = [each for kinds in (DATES, SUMS) for wordings in kinds.values() for each in wordings]
ASKED = [
    each
    for kinds in (WORDINGS, NEW_SENTENCES, NEW_WORDS)
    for wordings in kinds.values()
    for each in wordings
]
# Of five words and more, these two alone: "the day of the week", which has no other name, and a
# span from one date to another.
KNOWN = {"which day of the week", "began on and ended on"}

_MONTH = "|".join(MONTHS)
_DATE = re.compile(rf"(?:{_MONTH}) \d+, \d{{4}}|\d+ (?:{_MONTH}) \d{{4}}|\d{{4}}-\d\d-\d\d")
_SPAN = re.compile(r"\d+ (?:day|week|month|year)s")
_WEEKDAY = re.compile(r"\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b")
_RIGHT = {
    "plus": lambda a, b, result: a + b == result,
    "minus": lambda a, b, result: a - b == result,
    "times": lambda a, b, result: a * b == result,
    "divided": lambda a, b, result: a == b * result,
    "percent": lambda a, b, result: a * b == 100 * result,
}


def test_the_kinds_come_in_turn() -> None:
    assert [each.kind for each in dated(14, seed=3)] == [*DATES, *DATES]
    assert [each.kind for each in computed(10, seed=3)] == [*SUMS, *SUMS]


def test_the_wordings_of_a_kind_come_in_turn() -> None:
    begun = [each.text for each in dated(len(DATES) * 3, seed=0) if each.kind == "today"]
    assert [text.split(" ")[0] for text in begun] == ["Today", "This", "Which"]


def test_a_wording_holds_its_answer_once_and_is_a_whole_sentence() -> None:
    assert [each for each in STATED if each.count("{answer}") != 1 or each[-1] != "."] == []


def test_another_seed_says_it_of_other_numbers_in_the_same_words() -> None:
    first, second = ([each.text for each in computed(50, seed=seed)] for seed in (0, 1))
    assert [re.sub(r"\d+", "#", text) for text in first] == [
        re.sub(r"\d+", "#", text) for text in second
    ]
    assert first != second


@pytest.mark.parametrize("kind", SUMS)
def test_what_is_computed_is_right(kind: str) -> None:
    wrong = []
    for said in computed(2 * len(SUMS) * len(SUMS[kind]), seed=0):
        numbers = [int(each) for each in re.findall(r"\d+", said.text)]
        is_right = any(_RIGHT[said.kind](*three) for three in permutations(numbers, 3))
        if said.kind == kind and not is_right:
            wrong.append(said.text)
    assert wrong == []


@pytest.mark.parametrize("kind", DATES)
def test_what_is_dated_is_what_the_calendar_tells(kind: str) -> None:
    found = [each for each in dated(2 * len(DATES) * len(DATES[kind]), seed=0) if each.kind == kind]
    assert len(found) == 2 * len(DATES[kind])
    assert [each.text for each in found if not is_told(each)] == []


def is_told(said: Statement) -> bool:
    """Says whether the calendar, asked about the first dates of a text, tells the rest of it."""
    context = ToolContext(today=said.today)
    dates, span = _DATE.findall(said.text), "".join(_SPAN.findall(said.text)[:1])
    sign = "+" if said.kind in ("after", "ahead") else "-"
    match said.kind, dates:
        case "today", [_]:
            return told_by.execute("today", context) in said.text
        case "weekday", [day]:
            weekday = told_by.execute(f"weekday of {day}", context)
            return _WEEKDAY.findall(said.text) == [weekday]
        case (("after" | "before"), [day, reached]):
            return told_by.execute(f"{day} {sign} {span}", context) == reached
        case (("ahead" | "ago"), [reached]):
            return told_by.execute(f"today {sign} {span}", context) == reached
        case "between", [first, last]:
            days = told_by.execute(f"days from {first} to {last}", context)
            return re.search(rf"(?<![\d-]){days} days", said.text) is not None
    return False


def test_no_question_is_worded_as_a_statement() -> None:
    stated = [wording.partition("{answer}")[0].strip() for wording in STATED]
    assert set(stated) & set(ASKED) == set()


def test_questions_and_statements_share_no_run_of_five_words() -> None:
    assert _runs(STATED) & _runs(ASKED) == KNOWN


@pytest.mark.skipif(not SHARED.is_dir(), reason="the data lie beside the project only")
def test_questions_and_nanos_texts_share_no_run_of_five_words() -> None:
    rng = random.Random(0)
    drawn = [
        passage(rng, SHARED).text
        for passage in (calendar.passage, calculator.passage)
        for _ in range(400)
    ]
    assert _runs(drawn) & _runs(ASKED) <= KNOWN


def _runs(texts: list[str]) -> set[str]:
    """Returns the runs of five words of texts; placeholders, dates and numbers are none."""
    found = set()
    for text in texts:
        words = re.findall(r"[a-z']+", re.sub(rf"\{{\w+\}}|{_DATE.pattern}", " ", text).lower())
        found |= {" ".join(words[start : start + 5]) for start in range(len(words) - 4)}
    return found
