"""A dry run finds what a run over its sample finds, and leaves nothing behind."""

import json
import tempfile
from pathlib import Path

import pytest

from tests.annotate.given import BRIEF, SCRIPT, documents, run_into
from toolformer.annotate.dry_run import dry_run
from toolformer.errors import ConfigError, CorpusError
from toolformer.lm.scripted.model import ScriptedCall, ScriptedLanguageModel
from toolformer.records import Verdict
from toolformer.tools.builtin.calculator import calculator

REFUSED = (ScriptedCall("Calculator", after=" =", writes=("9 / 0)", "3 + 2)", "8 / 0)")),)


def test_it_finds_what_a_run_finds(tmp_path: Path) -> None:
    model = ScriptedLanguageModel(SCRIPT)
    tried = dry_run(documents(10), 10, model=model, tools=[calculator], config=BRIEF)
    run = run_into(tmp_path / "run")
    assert tried.stats.tools == run.stats().tools
    kept = [
        (annotated.document.id, each.arguments)
        for annotated in run.documents()
        for each in annotated.candidates
        if each.verdict is Verdict.KEPT
    ]
    assert sorted((text.document.id, call.arguments) for text, call in tried.best) == sorted(kept)


def test_the_calls_at_the_border_come_nearest_first() -> None:
    tried = dry_run(
        documents(10), 10, model=ScriptedLanguageModel(SCRIPT), tools=[calculator], config=BRIEF
    )
    far = [abs((call.gain or 0.0) - 0.5) for _, call in tried.border]
    assert far == sorted(far)
    assert far


def test_errors_are_added_up_by_shape() -> None:
    tried = dry_run(
        documents(10), 10, model=ScriptedLanguageModel(REFUSED), tools=[calculator], config=BRIEF
    )
    [shape] = tried.errors["Calculator"]
    assert shape.count == 20


def test_the_tokens_are_those_of_the_sample() -> None:
    model = ScriptedLanguageModel(SCRIPT)
    one = dry_run(documents(9), 9, model=model, tools=[calculator], config=BRIEF)
    again = dry_run(documents(9), 9, model=model, tools=[calculator], config=BRIEF)
    assert one.usage == again.usage
    assert one.usage.text > 0


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    dry_run(documents(5), 3, model=ScriptedLanguageModel(SCRIPT), tools=[calculator], config=BRIEF)
    assert list(tmp_path.iterdir()) == []


def test_the_corpus_is_counted_up_to_max_documents(tmp_path: Path) -> None:
    corpus = tmp_path / "c.jsonl"
    corpus.write_text("\n".join(json.dumps({"text": each.text}) for each in documents(10)))
    config = BRIEF.override(max_documents=8)
    tried = dry_run(
        corpus, 4, model=ScriptedLanguageModel(SCRIPT), tools=[calculator], config=config
    )
    assert tried.estimate.documents == 8
    assert len(tried.sample.documents) == 4


def test_of_what_has_no_known_end_a_part_is_read() -> None:
    stream = (each for each in documents(1000))
    tried = dry_run(
        stream, 3, model=ScriptedLanguageModel(SCRIPT), tools=[calculator], config=BRIEF
    )
    assert tried.sample.corpus_documents == 60
    assert not tried.sample.is_whole


def test_too_few_documents_are_refused() -> None:
    model = ScriptedLanguageModel(SCRIPT)
    with pytest.raises(ConfigError, match="draw at least 2"):
        dry_run(documents(5), 1, model=model, tools=[calculator])
    with pytest.raises(CorpusError, match="1 documents to draw from"):
        dry_run(documents(1), 5, model=model, tools=[calculator])
