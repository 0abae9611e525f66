"""The script that learns API-Bank on a GPU, rehearsed on the CPU with nano."""

import gzip
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.recipes.gpu.test_run import ROOT, needs_shell
from tests.studies.api_bank.given import alarms, write_rows
from toolformer.assets import asset


def write_data(folder: Path) -> None:
    folder.mkdir()
    for name, first, count in (("train", 0, 8), ("eval", 8, 3), ("test", 11, 3)):
        path = write_rows(folder / f"{name}.jsonl", alarms(count, first=first))
        (folder / f"{name}.jsonl.gz").write_bytes(gzip.compress(path.read_bytes()))


@pytest.mark.rehearsal
@pytest.mark.timeout(1200)
@needs_shell
def test_the_script_leaves_answers_and_tables(tmp_path: Path) -> None:
    write_data(tmp_path / "data")
    environment = os.environ | {
        "PYTHON": sys.executable,
        "MODEL": str(asset("nano")),
        "DATA": str(tmp_path / "data"),
        "OUT": str(tmp_path / "out"),
        "WORK": str(tmp_path / "work"),
        "DEVICE": "cpu",
        "ADAPTER": "none",
        "LIMIT": "2",
        "MINUTES": "15",
    }
    done = subprocess.run(
        ["bash", str(ROOT / "recipes" / "gpu" / "api_bank.sh")],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    for name in ("tuned", "untuned"):
        assert len((tmp_path / "out" / f"{name}.jsonl").read_text().splitlines()) == 2
    page = (tmp_path / "out" / "tables.md").read_text()
    assert "## On a GPU" in page
    assert "| untuned |" in page
