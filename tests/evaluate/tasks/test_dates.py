"""Questions about dates: the calendar answers each of them; all ways of asking come in turn."""

import re
from datetime import date
from random import Random

import pytest

from toolformer.evaluate.task import Example
from toolformer.evaluate.tasks.dates import WORDINGS, date_questions, draw_date_question
from toolformer.tools.builtin.calendar import calendar
from toolformer.tools.context import ToolContext

_DATE = re.compile(r"[A-Z][a-z]+ \d+, \d{4}|\d+ [A-Z][a-z]+ \d{4}|\d{4}-\d\d-\d\d")
_SPAN = re.compile(r"\d+ (?:day|week|month|year)s")
ALL = list(date_questions(8 * sum(map(len, WORDINGS.values())), seed=0))


def asked_of_the_calendar(question: Example) -> str:
    """What somebody would ask who reads the question."""
    dates, span = _DATE.findall(question.prompt), "".join(_SPAN.findall(question.prompt)[:1])
    match question.group, dates:
        case "today", []:
            return "today"
        case "weekday", [day]:
            return f"weekday of {day}"
        case "after", [day]:
            return f"{day} + {span}"
        case "before", [day]:
            return f"{day} - {span}"
        case "ahead", []:
            return f"today + {span}"
        case "ago", []:
            return f"today - {span}"
        case "between", [first, last]:
            return f"days from {first} to {last}"
    raise AssertionError(question)


@pytest.mark.parametrize("kind", WORDINGS)
def test_the_first_answer_is_the_calendars(kind: str) -> None:
    found = [each for each in ALL if each.group == kind]
    assert len(found) == 8 * len(WORDINGS[kind])
    for each in found:
        told = calendar.execute(asked_of_the_calendar(each), ToolContext(today=each.today))
        assert each.answers[0] == told, each


def test_a_date_is_also_right_in_the_other_ways_of_writing_it() -> None:
    [question] = date_questions(1, seed=0)
    assert question.group == "today"
    assert question.today == date(1990, 9, 29)  # a Saturday
    assert question.answers == (
        "Saturday, September 29, 1990",
        "September 29, 1990",
        "1990-09-29",
        "29 September 1990",
    )


def test_every_wording_is_asked_equally_often_and_of_different_dates() -> None:
    assert len({each.id for each in ALL}) == len(ALL)
    weekdays = [each.prompt for each in ALL if each.group == "weekday"]
    ways = [_DATE.sub("#", prompt) for prompt in weekdays]
    assert {ways.count(way) for way in ways} == {8}
    assert len(set(weekdays)) == len(weekdays)


def test_more_questions_begin_with_the_fewer_and_another_seed_asks_others() -> None:
    fewer = list(date_questions(5, seed=0))
    assert ALL[:5] == fewer
    assert [each.answers for each in date_questions(5, seed=1)] != [each.answers for each in fewer]


def test_months_end_where_they_end() -> None:
    """Spans of months and years are drawn from every day, leap days and 31sts among them."""
    rng = Random(0)
    for _ in range(2000):
        drawn = draw_date_question("after", rng)
        told = calendar.execute(f"{drawn.fields['date']} + {drawn.fields['span']}", ToolContext())
        assert drawn.answers[0] == told
