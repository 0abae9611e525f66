"""Workers on a Ray cluster write the run that one process writes, whatever becomes of them."""

import json
import os
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("ray")

from tests.annotate.given import BRIEF, SCRIPT, documents, run_into
from toolformer.annotate import RunProgress
from toolformer.annotate.workers.cluster import connected
from toolformer.annotate.workers.crew import Workers
from toolformer.annotate.workers.run import annotate_by_workers
from toolformer.corpus import CorpusProblem
from toolformer.errors import ConfigError, CorpusError, ModelError, RunError
from toolformer.lm.base import LanguageModel
from toolformer.lm.scripted.model import ScriptedCall, ScriptedLanguageModel
from toolformer.runs.directory import Run
from toolformer.tools.toolbox import Toolbox

# A cluster takes a while to start.
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    with connected(cpus=2):
        yield


class Failing(ScriptedLanguageModel):
    """Ends its process when it is to read, as long as there is a file that says so."""

    def __init__(self, script: Sequence[ScriptedCall], *, file: Path, is_kept: bool) -> None:
        super().__init__(script)
        self.file = file
        self.is_kept = is_kept

    def read(self, *requests: Any, **options: Any) -> Any:
        if self.file.exists():
            if not self.is_kept:
                self.file.unlink()
            os._exit(9)
        return super().read(*requests, **options)


def scripted() -> tuple[LanguageModel, Toolbox]:
    return ScriptedLanguageModel(SCRIPT), Toolbox(["calculator"])


def failing(file: Path, *, is_kept: bool) -> tuple[LanguageModel, Toolbox]:
    return Failing(SCRIPT, file=file, is_kept=is_kept), Toolbox(["calculator"])


def files_of(out: Path) -> dict[str, bytes]:
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }


def by_workers(out: Path, *, equip: object = None, corpus: object = None, **options: object) -> Run:
    config = BRIEF.override(documents_per_shard=3)
    return annotate_by_workers(
        documents() if corpus is None else corpus,  # type: ignore[arg-type]
        equip=equip or scripted,  # type: ignore[arg-type]
        out=out,
        config=config,
        **options,  # type: ignore[arg-type]
    )


def test_two_workers_write_the_bytes_of_one_process(tmp_path: Path) -> None:
    corpus = tmp_path / "c.jsonl"
    lines = [json.dumps({"text": each.text}) for each in documents(10)]
    corpus.write_text("\n".join([*lines[:4], "nonsense", *lines[4:]]))
    told: list[RunProgress] = []
    problems: list[CorpusProblem] = []
    run = by_workers(
        tmp_path / "ray",
        corpus=corpus,
        workers=Workers(1, 2),
        on_progress=told.append,
        on_problem=problems.append,
    )
    whole = run_into(tmp_path / "whole", corpus=corpus, tools="calculator")
    assert run.is_complete
    assert files_of(run.path) == files_of(whole.path)
    assert len(problems) == 1
    assert (told[-1].documents, told[-1].kept, told[-1].resumed) == (10, 3, 0)
    assert all((each.workers or 0) <= 2 for each in told)


def test_a_generator_is_read_once_and_what_is_there_is_not_done_again(tmp_path: Path) -> None:
    whole = run_into(tmp_path / "whole", corpus=iter(documents()), tools="calculator")
    begun = run_into(tmp_path / "run", corpus=iter(documents()), tools="calculator", shards=[0, 2])
    before = {path: path.stat().st_mtime_ns for path in begun.shards().values()}
    told: list[RunProgress] = []
    run = by_workers(tmp_path / "run", corpus=iter(documents()), on_progress=told.append)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert told[-1].resumed == 6
    assert files_of(run.path) == files_of(whole.path)


def test_what_a_lost_worker_had_is_done_by_another(tmp_path: Path) -> None:
    file = tmp_path / "fails"
    file.touch()
    equip = partial(failing, file, is_kept=False)
    run = by_workers(tmp_path / "run", equip=equip, workers=Workers(2, 2))
    assert not file.exists()
    assert files_of(run.path) == files_of(run_into(tmp_path / "whole", tools="calculator").path)


def test_a_shard_that_ends_every_worker_ends_the_run_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "fails").touch()
    equip = partial(failing, tmp_path / "fails", is_kept=True)
    with pytest.raises(RunError, match=r"^3 workers were lost with shard 0, one after another"):
        by_workers(tmp_path / "run", equip=equip)
    assert not Run.open(tmp_path / "run").is_complete


def test_what_a_worker_cannot_load_is_told_as_if_it_were_here(tmp_path: Path) -> None:
    def no_model() -> tuple[LanguageModel, Toolbox]:
        raise ModelError("There is no such model.")

    began = time.monotonic()
    with pytest.raises(ConfigError, match=r"rounds=1"):
        annotate_by_workers(documents(), equip=no_model, out=tmp_path, config={"rounds": 2})
    with pytest.raises(CorpusError, match=r"no document"):
        by_workers(tmp_path / "empty", corpus=iter([]))
    assert time.monotonic() - began < 5  # told before a worker is asked
    with pytest.raises(ModelError, match=r"no such model"):
        by_workers(tmp_path / "run", equip=no_model)
    assert not (tmp_path / "run" / "manifest.json").exists()


def test_another_run_in_the_directory_is_refused(tmp_path: Path) -> None:
    run_into(tmp_path / "run", tools="calculator", seed=2)
    with pytest.raises(RunError, match=r"config\.seed \(2, now"):
        by_workers(tmp_path / "run")
