"""Results and trials are read through typed models: what was edited is refused by its field."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from toolformer.cli.main import run
from toolformer.errors import RunError
from toolformer.evaluate import Example, Task, read_results, read_trials
from toolformer.evaluate.arm import Calls
from toolformer.evaluate.cells import add_up, scored
from toolformer.evaluate.counts import PREDICTION, Counts, TextScores
from toolformer.evaluate.metric import Metric
from toolformer.evaluate.results import ArmLine, Cell, Results, TaskLine
from toolformer.evaluate.trial import TOO_LONG, Trial
from toolformer.files import json_text


@pytest.fixture
def evaluation(tmp_path: Path) -> Path:
    """A directory with the results of one cell, and its trials."""
    cell = Cell(
        task="sums", arm="tuned", k=10, counts=Counts(inputs=2, right=1), trials="cells/a.jsonl"
    )
    results = Results(
        tasks=[TaskLine("sums", "answers")], arms=[ArmLine("tuned", "m", Calls.LIVE)], cells=[cell]
    )
    (tmp_path / "cells").mkdir()
    rows = [Trial(id="1", prompt="It is").to_row(), Trial(id="2", prompt="So is").to_row()]
    (tmp_path / "cells" / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "results.json").write_text(json_text(results.to_dict()))
    return tmp_path


def edit(path: Path, change: Callable[[Any], object]) -> None:
    values = json.loads(path.read_text())
    change(values)
    path.write_text(json.dumps(values))


EDITS: dict[str, Callable[[Any], object]] = {
    "inputs": lambda all_: all_["cells"][0]["counts"].update(inputs=-1),
    "right": lambda all_: all_["cells"][0]["counts"].update(right=3),
    "cells.0.k": lambda all_: all_["cells"][0].update(k="many"),
    "cells.0.trials": lambda all_: all_["cells"][0].update(trials=[]),
    "cells": lambda all_: all_["cells"][0].update(column="another"),
    "tasks.0.name": lambda all_: all_["tasks"][0].update(name=None),
    "columns": lambda all_: all_.update(columns={"a": 1}),
    "form": lambda all_: all_["cells"][0].update(
        metrics={"words": {"value": 1.0, "form": "1000000000f"}}
    ),
    "version": lambda all_: all_.pop("schema_version"),
}


@pytest.mark.parametrize("field", EDITS)
def test_results_that_were_edited_are_refused_by_their_field(
    field: str, evaluation: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert read_results(evaluation) is not None
    edit(evaluation / "results.json", EDITS[field])
    with pytest.raises(RunError, match=field):
        read_results(evaluation)
    assert run(["evaluate", "--show", "all", "--out", str(evaluation)]) == 2
    assert "results.json" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["[]", "1", "{}", "NaN", "[" * 100_000, "\udcff", ""])
def test_what_are_no_results_is_one_sentence(text: str, evaluation: Path) -> None:
    (evaluation / "results.json").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(RunError, match="does not hold the results"):
        read_results(evaluation)


@pytest.mark.parametrize(
    "line",
    ["[]", "{}", '{"id": 1}', '{"id": "1", "prompt": 3}', '{"id": "1", "tokens": "x"}', "{", "NaN"],
)
def test_a_trial_that_was_edited_is_named_by_its_line(
    line: str, evaluation: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = evaluation / "cells" / "a.jsonl"
    path.write_text(path.read_text() + line + "\n")
    results = read_results(evaluation)
    assert results is not None
    with pytest.raises(RunError, match="line 3, is not a trial"):
        list(read_trials(evaluation, results.cells[0]))
    assert run(["evaluate", "--show", "all", "--out", str(evaluation)]) == 2
    assert "line 3" in capsys.readouterr().err


def test_an_input_that_was_never_measured_has_no_scores_of_the_task() -> None:
    words = Metric.mean("words")
    task = Task(
        name="long",
        examples=lambda: [],
        score=lambda trial, _: {"words": len(trial.text.split())},
        metrics=(words,),
    )
    examples = [Example("1", "a", ()), Example("2", "b", ())]
    trials = [Trial(id="1", text="two words"), Trial(id="2", finish=TOO_LONG)]
    cell = add_up(task, list(scored(task, examples, trials)), arm="tuned")
    assert cell.metrics["words"].value == 2
    assert cell.counts is not None
    assert (cell.counts.inputs, cell.counts.too_long, cell.counts.uncalled) == (1, 1, 1)


def test_the_perplexity_of_nothing_is_none_in_a_file_that_is_json() -> None:
    trial = Trial(id="1", finish="read", scores={"texts": 1, "tokens": 0, "nats": 0.0})
    scores = TextScores.sum([trial.scores])
    assert scores.perplexity is None
    cell = Cell(task="empty", arm="base", scores=scores)
    json.loads(json_text(cell.to_dict()), parse_constant=pytest.fail)
    assert [metric.reduce([trial.scores]) for metric in PREDICTION] == [None] * 3


def test_trials_that_are_a_pipe_are_not_waited_for(evaluation: Path) -> None:
    (evaluation / "cells" / "a.jsonl").unlink()
    os.mkfifo(evaluation / "cells" / "a.jsonl")
    [cell] = read_results(evaluation).cells  # type: ignore[union-attr]
    with pytest.raises(RunError, match="it is not a plain file"):
        list(read_trials(evaluation, cell))


EVALUATION = (
    *(sys.executable, "-m", "toolformer", "evaluate", "nano", "--no-base", "-q"),
    *("--task", "arithmetic", "--task", "dates", "--limit", "3", "--out"),
)


def environment(seed: str, threads: str, locale: str) -> dict[str, str]:
    return os.environ | {"PYTHONHASHSEED": seed, "OMP_NUM_THREADS": threads, "LC_ALL": locale}


def files_of(out: Path) -> dict[str, bytes]:
    """Returns every file of an evaluation but the one that tells how long it took."""
    found = {str(each.relative_to(out)): each for each in out.rglob("*") if each.is_file()}
    times = json.loads(found.pop("timing.json").read_bytes())
    assert {f"cells/{name}.json" for name in times} < found.keys()
    return {name: each.read_bytes() for name, each in sorted(found.items())}


@pytest.mark.slow
def test_an_evaluation_has_equal_bytes_whatever_the_hash_seed_threads_locale_and_a_kill(
    tmp_path: Path,
) -> None:
    found = []
    for variant in (("0", "1", "C"), ("1", "2", "C.UTF-8")):
        out = tmp_path / variant[0]
        subprocess.run([*EVALUATION, out], env=environment(*variant), check=True)
        found.append(files_of(out))
    assert len(found[0]) == 1 + 2 * 4  # results.json; two tasks by calls disabled and live
    killed = tmp_path / "killed"
    process = subprocess.Popen([*EVALUATION, killed], env=environment("5", "1", "POSIX"))
    while not list(killed.glob("cells/*.json")):
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.wait()
    assert not (killed / "results.json").exists()
    (killed / "cells" / "dates.tuned.json.0123456789ab.tmp").write_text("half a")
    (killed / "cells" / "mine.tmp").write_text("mine")
    subprocess.run([*EVALUATION, killed], env=environment("77", "1", "C"), check=True)
    assert (killed / "cells" / "mine.tmp").read_text() == "mine"
    (killed / "cells" / "mine.tmp").unlink()
    assert files_of(killed) == found[0] == found[1]
