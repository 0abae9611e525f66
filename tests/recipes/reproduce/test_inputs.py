"""What the reproduction reads: nothing that it is asked stands in what it learns from."""

import json
from collections import Counter
from pathlib import Path

import pytest

from recipes.data.sources import read_facts
from recipes.data.statements import FactIndex, sentences
from recipes.data.templates import template_sentences
from recipes.reproduce.inputs import COMPUTED, DATED, FACTS, SOLUTIONS, write_inputs
from recipes.splits import EVALUATION_RELATIONS, fold, is_evaluation_template

SHARED = Path(__file__).parents[4] / "shared" / "data"
Rows = list[dict[str, str]]

needs_data = pytest.mark.skipif(not SHARED.is_dir(), reason="the data lie beside the project only")


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inputs")
    write_inputs(folder, shared=SHARED, seed=0)
    return folder


@pytest.fixture(scope="module")
def asked() -> FactIndex:
    return FactIndex(fact for fact in read_facts(SHARED) if fold(fact.subject) == 0)


def read(path: Path) -> Rows:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def kinds(rows: Rows) -> Counter[str]:
    return Counter(row["id"].split("/")[0] for row in rows)


def test_without_the_data_the_corpus_is_made_up_and_the_sample(tmp_path: Path) -> None:
    write_inputs(tmp_path, shared=None, seed=0)
    assert [path.name for path in tmp_path.iterdir()] == ["corpus.jsonl"]
    found = kinds(read(tmp_path / "corpus.jsonl"))
    assert (found.pop("dated"), found.pop("computed")) == (DATED, COMPUTED)
    assert sum(found.values()) == 336  # the sample's


def test_one_seed_writes_the_same_and_another_one_other_texts(tmp_path: Path) -> None:
    texts = []
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        write_inputs(tmp_path / name, shared=None, seed=seed)
        texts.append((tmp_path / name / "corpus.jsonl").read_bytes())
    assert texts[0] == texts[1]
    assert texts[0] != texts[2]


def test_dated_texts_say_their_day_and_no_others_have_one(tmp_path: Path) -> None:
    write_inputs(tmp_path, shared=None, seed=0)
    days = {
        row["id"].split("/")[0]: "date" in row
        for row in read(tmp_path / "corpus.jsonl")
        if row["id"].startswith(("dated/", "computed/"))
    }
    assert days == {"dated": True, "computed": False}


@needs_data
@pytest.mark.slow
def test_the_corpus_has_as_many_texts_of_each_kind_as_asked(inputs: Path) -> None:
    assert kinds(read(inputs / "corpus.jsonl")) == {
        "dated": DATED,
        "computed": COMPUTED,
        "facts": FACTS,
        "gsm8k": SOLUTIONS,
    }


@needs_data
def test_no_text_is_made_from_a_fact_or_a_template_of_the_evaluation() -> None:
    made = template_sentences(SHARED, count=FACTS)
    assert {fold(each.fact.subject) for each in made} == {2}
    assert {each.fact.relation for each in made} & EVALUATION_RELATIONS == set()
    patterns = {(each.template.relation, each.template.pattern) for each in made}
    assert [each for each in patterns if is_evaluation_template(*each)] == []


@needs_data
@pytest.mark.slow
def test_no_text_of_the_corpus_states_a_fact_that_is_asked(inputs: Path, asked: FactIndex) -> None:
    subjects = {each.text: each.fact.subject for each in template_sentences(SHARED, count=FACTS)}
    found = [
        (row["text"], said.fact)
        for row in read(inputs / "corpus.jsonl")
        for said in asked.statements(row["text"])
        # "Time" says nothing of itself in "Construction Time Again was written in English".
        if said.fact.subject not in subjects.get(row["text"], "")
    ]
    assert found == []


@needs_data
@pytest.mark.slow
def test_no_text_that_is_mixed_in_states_a_fact_that_is_asked(
    inputs: Path, asked: FactIndex
) -> None:
    found = [
        (sentence, said.fact)
        for row in read(inputs / "mix.jsonl")
        for paragraph in row["text"].split("\n")
        for sentence in sentences(paragraph)
        for said in asked.statements(sentence)
    ]
    assert found == []


@needs_data
@pytest.mark.slow
def test_an_article_serves_one_end(inputs: Path) -> None:
    names = ("mix", "plain-c4", "plain-wikipedia", "wikipedia")
    articles = {
        name: {row["id"].split("#")[0] for row in read(inputs / f"{name}.jsonl")} for name in names
    }
    assert min(len(found) for found in articles.values()) >= 60
    together = [article for found in articles.values() for article in found]
    assert len(together) == len(set(together))


@needs_data
@pytest.mark.slow
def test_the_facts_that_are_asked_are_those_of_one_split(inputs: Path) -> None:
    assert {fold(row["subject"]) for row in read(inputs / "lama-facts.jsonl")} == {0}
    training = read(inputs / "lama-training.jsonl")
    assert {fold(row["subject"]) for row in training} == {1, 2, 3}
    assert {row["relation"] for row in training} & EVALUATION_RELATIONS == set()
