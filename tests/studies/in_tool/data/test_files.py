"""The data of the study on disk: the same bytes for a seed, and what other parts read of it."""

import json
from pathlib import Path

import pytest

from toolformer.calls import InlineGrammar
from toolformer.corpus import read_corpus
from toolformer.studies.in_tool.data.biographies import biographies
from toolformer.studies.in_tool.data.facts import edited
from toolformer.studies.in_tool.data.files import (
    write_biographies,
    write_database,
    write_people,
    write_questions,
)
from toolformer.studies.in_tool.data.people import Attribute, make_people
from toolformer.studies.in_tool.data.questions import Mode, questions_about
from toolformer.tools.builtin.database import database


def test_equal_seeds_give_equal_bytes_in_every_file(tmp_path: Path) -> None:
    for folder in (tmp_path / "a", tmp_path / "b"):
        people = list(make_people(30, seed=4))
        write_people(folder / "people.jsonl", people)
        write_biographies(folder / "biographies.jsonl", biographies(people, seed=4))
        write_questions(folder / "qa.jsonl", questions_about(people), mode=Mode.TOOL)
        write_database(folder / "facts.db", people)
    first, second = ({p.name: p.read_bytes() for p in (tmp_path / n).iterdir()} for n in "ab")
    assert first == second
    assert sorted(first) == ["biographies.jsonl", "facts.db", "people.jsonl", "qa.jsonl"]


def test_the_database_tool_answers_the_calls_of_the_questions(tmp_path: Path) -> None:
    people = list(make_people(5))
    write_database(tmp_path / "facts.db", people)
    tool = database(tmp_path / "facts.db")
    try:
        for question in questions_about(people):
            assert tool.execute(question.call.arguments) == question.value
    finally:
        tool.close()


def test_a_written_call_is_read_back_in_front_of_the_answer(tmp_path: Path) -> None:
    people = list(make_people(3))
    write_questions(tmp_path / "qa.jsonl", questions_about(people), mode=Mode.TOOL)
    rows = [json.loads(line) for line in (tmp_path / "qa.jsonl").read_text().splitlines()]
    assert len(rows) == 12
    grammar = InlineGrammar()
    for row in rows:
        [placed] = grammar.calls(row["text"])
        assert placed.position == len(row["prompt"])
        assert placed.call.arguments == f"{row['name']}, {row['attribute']}"
        assert placed.output == row["value"]
        assert row["value"] in grammar.strip(row["text"]).removeprefix(row["prompt"])


def test_without_tool_use_no_call_is_written() -> None:
    [question, *_] = questions_about(make_people(1))
    assert question.written(Mode.WEIGHT) == question.text + question.answer


def test_a_biography_says_all_four_facts_and_is_read_as_a_corpus(tmp_path: Path) -> None:
    people = list(make_people(40))
    write_biographies(tmp_path / "b.jsonl", biographies(people))
    documents = list(read_corpus(tmp_path / "b.jsonl"))
    assert [document.id for document in documents] == [person.name for person in people]
    for person, document in zip(people, documents, strict=True):
        said = [person.name, *(person.value(each) for each in Attribute)]
        assert [each for each in said if each not in document.text] == []


@pytest.mark.parametrize("attribute", list(Attribute))
def test_no_fact_of_an_edited_person_is_what_it_was(attribute: Attribute) -> None:
    people = list(make_people(200))
    for before, after in zip(people, edited(people, seed=1), strict=True):
        assert before.name == after.name
        assert before.value(attribute) != after.value(attribute)
        assert after.value(attribute) in attribute.pool
