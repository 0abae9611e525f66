"""The script that learns tools as tokens on a GPU, rehearsed on the CPU with a tiny model."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.recipes.gpu.test_run import ROOT, needs_shell
from tests.studies.tool_tokens.given import tiny_base


@pytest.mark.rehearsal
@pytest.mark.timeout(1800)
@needs_shell
def test_the_script_leaves_the_tables_of_all_parts(tmp_path: Path) -> None:
    tiny_base(tmp_path / "model")
    options = "--tools 12 --held-out 6 --tasks 2 --agent-tasks 4 --memorize-epochs 1"
    environment = os.environ | {
        "PYTHON": sys.executable,
        "MODEL": str(tmp_path / "model"),
        "OUT": str(tmp_path / "out"),
        "DEVICE": "cpu",
        "MINUTES": "25",
        "OPTIONS": f"{options} --retrieve-epochs .2 --apis 12 40 --rounds 1",
    }
    done = subprocess.run(
        ["bash", str(ROOT / "recipes" / "gpu" / "tool_tokens.sh")],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    page = (tmp_path / "out" / "tables.md").read_text()
    assert all(
        f"<!-- tool-tokens-{part} -->" in page for part in ("bars", "scale", "ablations", "unseen")
    )
