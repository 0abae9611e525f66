"""Questions put to models: what counts as right, and what the database tells."""

from pathlib import Path

import pytest

from toolformer.lm.scripted import ScriptedLanguageModel
from toolformer.lm.scripted.streams import Continuation
from toolformer.studies.in_tool.data.files import write_database
from toolformer.studies.in_tool.data.people import make_people
from toolformer.studies.in_tool.data.questions import Mode, questions_about
from toolformer.studies.in_tool.recall.asking import Recall, ask, drawn, recall_of, unaided
from toolformer.tools.builtin.database import database

PEOPLE = list(make_people(2))
QUESTIONS = list(questions_about(PEOPLE))
DATE, PLACE, *_ = QUESTIONS


def test_an_answer_is_right_that_is_the_sentence(tmp_path: Path) -> None:
    model = ScriptedLanguageModel(
        continuations=[
            Continuation(DATE.text, DATE.answer),
            Continuation(PLACE.text, f"{PLACE.answer} Yes."),
        ]
    )
    trials = list(ask(model, [DATE, PLACE], mode=Mode.WEIGHT, database_path=None))
    assert [trial.is_right for trial in trials] == [True, False]
    assert recall_of(trials) == Recall(asked=2, right=1, called=0)


def test_with_the_tool_the_database_tells_the_value(tmp_path: Path) -> None:
    write_database(tmp_path / "facts.db", PEOPLE)
    asked = DATE.placed.call
    model = ScriptedLanguageModel(
        continuations=[
            Continuation(DATE.text, f" [Database({asked.arguments})"),
            Continuation(f"{DATE.value}]", DATE.answer),
        ]
    )
    [trial] = ask(model, [DATE], mode=Mode.TOOL, database_path=tmp_path / "facts.db")
    assert trial.annotated == f" [Database({asked.arguments}) -> {DATE.value}]{DATE.answer}"
    assert trial.is_right
    assert recall_of([trial]) == Recall(asked=1, right=1, called=1)


def test_a_model_writes_the_name_by_itself(tmp_path: Path) -> None:
    write_database(tmp_path / "facts.db", PEOPLE)
    aided = database(tmp_path / "facts.db")
    try:
        assert aided.has_listed_values
        tool = unaided(aided)
        assert not tool.has_listed_values
        assert tool.execute(DATE.call.arguments) == DATE.value
    finally:
        aided.close()


def test_questions_are_drawn_whatever_their_order() -> None:
    some = drawn(QUESTIONS, 3, seed=1)
    assert drawn(list(reversed(QUESTIONS)), 3, seed=1) == some
    assert drawn(QUESTIONS, 99) == drawn(QUESTIONS, len(QUESTIONS))


@pytest.mark.parametrize("right", [0, 3])
def test_recall_is_a_share(right: int) -> None:
    assert Recall(4, right, 0).share == right / 4
    assert Recall(0, 0, 0).share == 0
