"""Stages run once, continue after a kill, and leave their times in a log."""

import json
import sys
import time
from pathlib import Path

import pytest

from recipes.real.stages import FAILED, FINISHED, LOG, STOPPED, Budget, Stage, run_stages
from recipes.real.stages import seconds_by_stage as seconds


def stage(folder: Path, name: str, code: str, *, share: float = 1.0) -> Stage:
    """A stage that runs some Python, with `made` its directory."""
    made = folder / name
    lines = f"from pathlib import Path; made = Path({str(made)!r}); made.mkdir(exist_ok=True)\n"
    return Stage(name, (sys.executable, "-c", lines + code), made, "done", share)


def states(folder: Path) -> list[tuple[str, str]]:
    rows = map(json.loads, (folder / LOG).read_text(encoding="utf-8").splitlines())
    return [(row["stage"], row["state"]) for row in rows]


DO = "(made / 'tries').open('a').write('x'); (made / 'done').touch()"


def test_what_is_done_is_not_done_again(tmp_path: Path) -> None:
    for _ in range(2):
        run_stages([stage(tmp_path, "once", DO)], folder=tmp_path)
    assert (tmp_path / "once" / "tries").read_text() == "x"
    assert states(tmp_path) == [("once", FINISHED)]


def test_a_failure_ends_it_and_the_next_try_continues_there(tmp_path: Path) -> None:
    fails = "import sys; sys.exit(0 if (made / 'again').exists() else 1)"
    chain = [stage(tmp_path, "first", DO), stage(tmp_path, "second", fails)]
    with pytest.raises(SystemExit, match="second failed"):
        run_stages(chain, folder=tmp_path)
    (tmp_path / "second" / "again").touch()
    run_stages(chain, folder=tmp_path)
    assert states(tmp_path) == [("first", FINISHED), ("second", FAILED), ("second", FINISHED)]


def test_a_stage_is_asked_for_when_those_before_it_have_run(tmp_path: Path) -> None:
    def chain():  # type: ignore[no-untyped-def]
        yield stage(tmp_path, "first", DO)
        if (tmp_path / "first" / "done").exists():
            yield stage(tmp_path, "second", DO)

    run_stages(chain(), folder=tmp_path)
    assert [name for name, _ in states(tmp_path)] == ["first", "second"]


def test_under_a_budget_a_stage_that_outlasts_its_part_is_stopped_and_the_next_runs(
    tmp_path: Path,
) -> None:
    chain = [
        stage(tmp_path, "slow", "import time; time.sleep(60)", share=0.1),
        stage(tmp_path, "late", DO, share=0.0),
        stage(tmp_path, "broken", "raise SystemExit(1)"),
        stage(tmp_path, "quick", DO),
    ]
    began = time.monotonic()
    run_stages(chain, folder=tmp_path, budget=Budget(minutes=0.2, began=began))
    assert time.monotonic() - began < 12
    assert states(tmp_path) == [
        ("slow", STOPPED),
        ("late", STOPPED),
        ("broken", FAILED),
        ("quick", FINISHED),
    ]


def test_the_time_of_a_stage_is_that_of_all_tries(tmp_path: Path) -> None:
    lines = [("tune", 2.5), ("ask", 1.0), ("tune", 3.0)]
    text = "".join(json.dumps({"stage": name, "seconds": took}) + "\n" for name, took in lines)
    (tmp_path / LOG).write_text(text, encoding="utf-8")
    assert seconds(tmp_path) == {"tune": 5.5, "ask": 1.0}
    assert seconds(tmp_path / "nowhere") == {}
