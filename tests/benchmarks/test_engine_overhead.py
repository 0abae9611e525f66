"""The overhead's documents have 200 characters and two calls each, all different."""

from pathlib import Path

from benchmarks.engine_overhead import measure_here, texts, write_corpus
from toolformer.records import Verdict
from toolformer.runs.directory import Run


def test_texts_have_200_characters_whatever_their_number() -> None:
    assert {len(text) for text in texts(2000)} == {200}


def test_every_document_gets_two_calls_that_its_text_confirms(tmp_path: Path) -> None:
    write_corpus(tmp_path / "corpus.jsonl", 30)
    found = measure_here(tmp_path / "corpus.jsonl", tmp_path / "run", documents=30)
    assert (found.documents, found.candidates) == (30, 60)
    candidates = [
        each for every in Run.open(tmp_path / "run").documents() for each in every.candidates
    ]
    assert {each.verdict for each in candidates} == {Verdict.KEPT}
    assert len({each.arguments for each in candidates}) == 60
