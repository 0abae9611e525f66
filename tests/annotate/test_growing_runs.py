"""A pilot over some documents grows into a run over more: what was done stays."""

import json
from pathlib import Path

import pytest

from tests.annotate.given import SCRIPT, documents, run_into
from toolformer.errors import ConfigError, RunError
from toolformer.lm.scripted.model import ScriptedLanguageModel
from toolformer.runs.directory import Run


def sizes(run: Run) -> list[int]:
    return [len(run.read(number)) for number in run.shards()]


def shard_times(run: Run) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in run.shards().values()}


def test_a_pilot_grows_and_nothing_of_it_is_done_twice(tmp_path: Path) -> None:
    pilot = run_into(tmp_path / "run", max_documents=4)
    before = shard_times(pilot)
    model = ScriptedLanguageModel(SCRIPT)
    grown = run_into(tmp_path / "run", max_documents=7, model=model)
    assert sizes(grown) == [3, 1, 3]
    assert before.items() <= shard_times(grown).items()
    assert model.usage.text == 3 * 8  # three texts of eight tokens
    assert [each.document for each in grown.documents()] == documents(7)
    assert grown.stats().documents == 7


def test_a_run_grows_as_often_as_it_is_asked_to_and_at_last_to_the_whole_corpus(
    tmp_path: Path,
) -> None:
    for most in (1, 2, None):
        run = run_into(tmp_path / "run", max_documents=most)
    assert sizes(run) == [1, 1, 3, 3, 2]
    assert list(run.manifest.ends) == [1, 2]
    assert run.manifest.max_documents is None
    assert [each.document for each in run.documents()] == documents()


def test_a_grown_run_is_selected_like_one_that_was_made_at_once(tmp_path: Path) -> None:
    run_into(tmp_path / "grown", max_documents=4)
    grown = run_into(tmp_path / "grown")
    assert list(grown.documents()) == list(run_into(tmp_path / "whole").documents())


def test_a_pilot_that_was_interrupted_grows_too(tmp_path: Path) -> None:
    run_into(tmp_path / "run", max_documents=4, shards=[1])
    grown = run_into(tmp_path / "run", max_documents=8)
    assert sizes(grown) == [3, 1, 3, 1]


def test_a_grown_run_is_resumed_like_any(tmp_path: Path) -> None:
    run_into(tmp_path / "run", max_documents=4)
    grown = run_into(tmp_path / "run", max_documents=9)
    whole = {path.name: path.read_bytes() for path in grown.shards().values()}
    for number in (0, 2):
        grown.shards()[number].unlink()
    again = run_into(tmp_path / "run", max_documents=9)
    assert {path.name: path.read_bytes() for path in again.shards().values()} == whole


def test_fewer_documents_than_a_run_has_are_refused(tmp_path: Path) -> None:
    run_into(tmp_path / "run", max_documents=4)
    with pytest.raises(RunError, match=r"config\.max_documents \(4, now 2\)"):
        run_into(tmp_path / "run", max_documents=2)
    with pytest.raises(RunError, match=r"config\.seed"):
        run_into(tmp_path / "run", max_documents=8, seed=3)
    assert run_into(tmp_path / "run", max_documents=4).is_complete


def test_a_run_that_never_grew_has_no_ends_in_its_manifest(tmp_path: Path) -> None:
    run = run_into(tmp_path / "run", max_documents=4)
    assert "ends" not in json.loads((run.path / "manifest.json").read_text())


def test_several_rounds_do_not_grow(tmp_path: Path) -> None:
    settings = {"rounds": 2, "prompt_style": "demonstrations", "min_used": 0.5}
    run_into(tmp_path / "run", max_documents=4, **settings)
    with pytest.raises(ConfigError, match="4 documents, and they cannot grow"):
        run_into(tmp_path / "run", max_documents=8, **settings)
