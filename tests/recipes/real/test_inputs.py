"""What a real model is shown, annotates and is asked: no record serves two ends."""

import json
from datetime import date
from pathlib import Path

import pytest

from recipes.real.dated import SHOWN, dated_exemplars
from recipes.real.inputs import ASKED, write_inputs
from recipes.real.sizes import SMALL
from recipes.reproduce.statements import DATES, dated
from recipes.splits import fold
from toolformer.calls import InlineGrammar
from toolformer.evaluate.tasks.dates import WORDINGS
from toolformer.tools.builtin.calendar import answer

SHARED = Path(__file__).parents[4] / "shared" / "data"
Rows = list[dict[str, str]]

needs_data = pytest.mark.skipif(not SHARED.is_dir(), reason="the data lie beside the project only")


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inputs")
    write_inputs(folder, shared=SHARED, size=SMALL, seed=0)
    return folder


def read(path: Path) -> Rows:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_every_exemplar_of_the_calendar_tells_what_follows_it() -> None:
    grammar = InlineGrammar()
    found = list(dated_exemplars(seed=5))
    assert len(found) == SHOWN * len(DATES)
    for each in found:
        [placed] = grammar.calls(each.text)
        output = answer(placed.call.arguments, each.today)
        after = grammar.strip(each.text)[placed.position :]
        assert after.startswith(f" {output}"), each.text


def test_dated_sentences_are_about_other_days_than_exemplars_and_in_other_words_than_the_task() -> (
    None
):
    shown = {InlineGrammar().strip(each.text) for each in dated_exemplars(seed=0)}
    assert shown.isdisjoint(each.text for each in dated(500, seed=0))
    asked = {wording for wordings in WORDINGS.values() for wording in wordings}
    assert asked.isdisjoint(
        wording.partition("{answer}")[0].rstrip() for found in DATES.values() for wording in found
    )


@needs_data
@pytest.mark.slow
def test_solutions_are_shown_annotated_and_asked_from_ranges_of_their_own(inputs: Path) -> None:
    annotated = {int(row["id"].removeprefix("gsm8k/")) for row in read(inputs / "solutions.jsonl")}
    asked = {int(row["id"].removeprefix("gsm8k/")) for row in read(inputs / ASKED)}
    assert len(annotated) == SMALL.solutions
    assert (min(asked), len(asked)) == (7000, 473)
    assert min(annotated) >= 400
    assert max(annotated) < 7000
    assert not any("<<" in row["text"] for row in read(inputs / "solutions.jsonl"))


@needs_data
@pytest.mark.slow
def test_facts_are_shown_and_asked_about_other_subjects_than_are_annotated(inputs: Path) -> None:
    calls = [InlineGrammar().calls(row["text"]) for row in read(inputs / "shown-facts.jsonl")]
    subjects = {found[0].call.arguments.rpartition(", ")[0] for found in calls}
    assert {fold(each) for each in subjects} == {1}
    assert {fold(row["subject"]) for row in read(inputs / "lama-facts.jsonl")} == {0}


@needs_data
@pytest.mark.slow
def test_sizes_decide_how_much_is_read(inputs: Path) -> None:
    assert len(read(inputs / "dated.jsonl")) == SMALL.dated
    assert len(read(inputs / "facts.jsonl")) == SMALL.facts
    assert len(read(inputs / "mix.jsonl")) == SMALL.mixed
    predicted = sum(len(row["text"]) for row in read(inputs / "wikipedia.jsonl"))
    assert 0 < predicted <= SMALL.predicted
    assert (inputs / "finished").read_text() == "small\n"
    assert all(date.fromisoformat(row["date"]) for row in read(inputs / "dated.jsonl"))
