"""The embedded data show only what annotated corpora may show."""

import gzip
import json
import re
import sqlite3
from datetime import date
from pathlib import Path

import pytest

from recipes.data.excerpts import is_unseen_by_nano, kept_for_evaluation, seen_by_annotation
from recipes.data.sources import Article, Fact
from recipes.data.statements import FactIndex
from recipes.relations import ATTRIBUTE_NAMES
from recipes.splits import EVALUATION_RELATIONS, fold, is_held_out_gsm8k, owner

ASSETS = Path(__file__).parents[2] / "toolformer" / "assets"
Records = list[dict[str, str]]


@pytest.fixture(scope="module")
def sample() -> Records:
    with gzip.open(ASSETS / "sample.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def facts() -> list[Fact]:
    relations = {name: relation for relation, name in ATTRIBUTE_NAMES.items()}
    connection = sqlite3.connect(ASSETS / "facts.db")
    rows = connection.execute("SELECT entity, attribute, value FROM facts").fetchall()
    connection.close()
    return [
        Fact(entity, relations[name], value) for entity, name, value in rows if name in relations
    ]


def test_no_sample_text_mentions_a_fact_kept_for_evaluation(
    sample: Records, facts: list[Fact]
) -> None:
    kept = FactIndex(fact for fact in facts if kept_for_evaluation(fact))
    assert [record["text"] for record in sample if kept.mentions(record["text"])] == []


def test_every_wikipedia_text_states_a_fact_for_annotation(
    sample: Records, facts: list[Fact]
) -> None:
    index = FactIndex(fact for fact in facts if seen_by_annotation(fact))
    texts = [record["text"] for record in sample if record["source"] == "Wikipedia"]
    assert len(texts) >= 100
    assert [text for text in texts if not index.statements(text)] == []


def test_sample_articles_are_in_no_training_text(sample: Records) -> None:
    articles = [
        Article(record["id"].split("#")[0], record["title"], record["text"])
        for record in sample
        if record["source"] in ("Wikipedia", "Wikinews")
    ]
    assert len(articles) >= 140
    assert all(is_unseen_by_nano(article) for article in articles)


def test_sample_solutions_are_among_the_held_out_records(sample: Records) -> None:
    numbers = [int(r["id"].split("/")[-1]) for r in sample if r["source"] == "GSM8K"]
    assert len(numbers) == 110
    assert all(is_held_out_gsm8k(number, total=7473) for number in numbers)


def test_only_generated_notes_have_a_date_of_their_own(sample: Records) -> None:
    dated = [record for record in sample if "date" in record]
    assert len(dated) == 36
    assert {record["source"] for record in dated} == {"generated"}
    assert all(date.fromisoformat(record["date"]).year >= 2015 for record in dated)


def test_every_sample_record_names_its_licence_and_page(sample: Records) -> None:
    licences = {record["source"]: record["license"] for record in sample}
    assert licences == {
        "GSM8K": "MIT",
        "Wikipedia": "CC BY-SA 3.0",
        "Wikinews": "CC BY 2.5",
        "C4": "ODC-BY 1.0",
        "generated": "CC0-1.0",
    }
    unlinked = {record["source"] for record in sample if "url" not in record}
    assert unlinked == {"C4", "generated"}


def test_sample_texts_hold_no_markup_of_calls_or_marks(sample: Records) -> None:
    assert [r["text"] for r in sample if re.search(r"[\[\]<>]|->|####", r["text"])] == []


def test_sample_ids_are_unique(sample: Records) -> None:
    assert len({record["id"] for record in sample}) == len(sample)


def test_database_answers_the_facts_of_every_fold(facts: list[Fact]) -> None:
    assert {fold(fact.subject) for fact in facts} == {0, 1, 2, 3}
    assert {fact.relation for fact in facts} >= EVALUATION_RELATIONS


def test_a_subject_belongs_to_the_owner_of_its_hash_modulo_four() -> None:
    # The last byte of each SHA-256: Lima eb (3), Berlin f2 (2), Paris b1 (1).
    assert [owner(name) for name in ("Lima", "Berlin", "Paris")] == ["nano", "annotate", "nano"]
