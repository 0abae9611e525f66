"""The whole reproduction in miniature, with nano: from its texts to its tables."""

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from recipes.real import __main__ as real
from recipes.real import stages
from recipes.real.stages import FINISHED, Stage, seconds_by_stage
from tests.recipes.real.given import write_tiny_inputs
from toolformer.cli.main import run


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[str]]:
    """The commands so far; they run in this process, which has everything loaded."""
    found: list[Sequence[str]] = []

    def here(stage: Stage, *, limit_s: float | None) -> str:
        assert stage.command[:3] == (sys.executable, "-m", "toolformer")
        found.append(stage.command)
        assert run([*stage.command[3:], "--quiet"]) == 0, stage.command
        return FINISHED

    monkeypatch.setattr(stages, "_run", here)
    return found


@pytest.fixture
def reproduce(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose inputs are there, and the arguments that name it."""
    write_tiny_inputs(tmp_path / "real" / "inputs")
    arguments = ["recipes.real", "--size", "tiny", "--model", "nano", "--dtype", "float32"]
    arguments += ["--out", str(tmp_path / "real"), "--write", str(tmp_path / "page.md")]
    monkeypatch.setattr(sys, "argv", arguments)
    return tmp_path


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_texts_become_calls_become_models_become_tables(
    reproduce: Path, commands: list[Sequence[str]]
) -> None:
    real.main()
    assert len(commands) == 3 + 3 + 10
    page = (reproduce / "page.md").read_text(encoding="utf-8")
    assert "<!-- reproduce-real-tiny -->" in page
    assert "not run" not in page
    assert "|  | tuned | adapter | bar | goal |" in page
    assert "| Calculator | 6 |" in page
    assert "T-REx deleted" in page
    assert len(seconds_by_stage(reproduce / "real")) == 16

    real.main()  # nothing is done again, and the tables are the same
    assert len(commands) == 16
    assert (reproduce / "page.md").read_text(encoding="utf-8") == page


def test_a_folder_of_another_size_is_refused(reproduce: Path) -> None:
    sys.argv[sys.argv.index("tiny")] = "small"
    with pytest.raises(SystemExit, match="was begun with --size tiny: name another --out"):
        real.main()


def test_without_data_it_is_said_where_they_are_named(reproduce: Path) -> None:
    (reproduce / "real" / "inputs" / "finished").unlink()
    sys.argv += ["--shared", str(reproduce / "nowhere")]
    with pytest.raises(SystemExit, match=r"There are no data in .*: say where"):
        real.main()


def test_the_plan_is_printed_without_doing_anything(
    reproduce: Path, commands: list[Sequence[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    sys.argv.append("--budget")
    real.main()
    assert commands == []
    assert "| tune control |" in capsys.readouterr().out
