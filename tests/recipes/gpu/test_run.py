"""The script for a GPU, rehearsed on the CPU with nano: from the pieces to tables and adapter."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from recipes.gpu.check import missing
from tests.recipes.real.given import write_tiny_inputs
from toolformer.assets import asset

ROOT = Path(__file__).parents[3]
PIECE = 60 * 10**6  # bytes

needs_shell = pytest.mark.skipif(
    not all(map(shutil.which, ("bash", "tar", "split", "sha256sum"))), reason="a script of bash"
)


def pack(tree: Path, pieces: Path) -> None:
    """Packs as recipes/gpu/pack.sh does, inputs that were written by hand."""
    write_tiny_inputs(tree / "real" / "inputs")
    shutil.copytree(asset("nano"), tree / "model")
    pieces.mkdir()
    script = (ROOT / "recipes" / "gpu" / "pack.sh").read_text(encoding="utf-8")
    [split] = [line for line in script.splitlines() if line.startswith("tar ")]
    [sums] = [line for line in script.splitlines() if "SHA256SUMS" in line]
    subprocess.run(["bash", "-euc", f"tree={tree}; pieces={pieces}\n{split}\n{sums}"], check=True)


def rehearse(tmp_path: Path, **more: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "PYTHON": sys.executable,
        "PIECES": str(tmp_path / "pieces"),
        "OUT": str(tmp_path / "out"),
        "WORK": str(tmp_path / "work"),
        "SIZE": "tiny",
        "DEVICE": "cpu",
        "BENCH": "--shape gptj-tiny --texts 2 --tokenizer nowhere",
    }
    return subprocess.run(
        [str(ROOT / "recipes" / "gpu" / "run.sh")],
        env=environment | more,
        text=True,
        capture_output=True,
    )


@needs_shell
@pytest.mark.slow
@pytest.mark.rehearsal
@pytest.mark.timeout(900)
def test_pieces_become_tables_and_an_adapter(tmp_path: Path) -> None:
    pack(tmp_path / "tree", tmp_path / "pieces")
    assert all(each.stat().st_size < PIECE for each in (tmp_path / "pieces").iterdir())
    done = rehearse(tmp_path, MINUTES="14")
    assert done.returncode == 0, done.stdout[-3000:]
    out = tmp_path / "out"
    assert (out / "adapter" / "adapter_model.safetensors").exists()
    page = (out / "tables.md").read_text(encoding="utf-8")
    assert "| gptj-tiny | in context | 2 |" in page
    assert "|  | tuned | adapter | bar | goal |" in page
    assert "not run" not in page
    # What comes back from a machine that is lent: few files, none of them deep.
    files = [each.relative_to(out) for each in out.rglob("*") if each.is_file()]
    assert len(files) <= 8
    assert max(len(each.parts) for each in files) <= 3


@needs_shell
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_with_too_little_time_the_tables_say_what_was_not_run(tmp_path: Path) -> None:
    pack(tmp_path / "tree", tmp_path / "pieces")
    done = rehearse(tmp_path, MINUTES="1")
    assert done.returncode == 0, done.stdout[-3000:]
    page = (tmp_path / "out" / "tables.md").read_text(encoding="utf-8")
    assert "not run" in page
    assert "No adapter was tuned in the time." in done.stdout


@needs_shell
def test_a_piece_that_was_damaged_is_refused(tmp_path: Path) -> None:
    pack(tmp_path / "tree", tmp_path / "pieces")
    piece = next((tmp_path / "pieces").glob("piece-*"))
    piece.write_bytes(piece.read_bytes()[:-1] + b"x")
    done = rehearse(tmp_path)
    assert done.returncode != 0
    assert "FAILED" in done.stdout


@needs_shell
def test_the_scripts_are_shell(tmp_path: Path) -> None:
    for name in ("pack.sh", "run.sh"):
        subprocess.run(["bash", "-n", str(ROOT / "recipes" / "gpu" / name)], check=True)


def test_what_a_machine_lacks_is_named() -> None:
    assert missing(["json", "no_such_module_anywhere"]) == ["no_such_module_anywhere"]
    assert missing() == []
