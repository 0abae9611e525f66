"""The real model that recipes and benchmarks use comes out of one wheel, and is made once."""

import sys
from pathlib import Path
from zipfile import ZipFile

import pytest
import torch

from recipes import smollm2
from tests.lm.hf.formats.files import save_gguf
from toolformer.lm.hf.model import load

pytest.importorskip("gguf")
torch.set_num_threads(1)


def make(monkeypatch: pytest.MonkeyPatch, *arguments: Path | str) -> None:
    monkeypatch.setattr(sys, "argv", ["smollm2", *map(str, arguments)])
    smollm2.main()


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    save_gguf(tmp_path / "tiny.gguf")
    path = tmp_path / "other.whl"
    with ZipFile(path, "w") as files:
        files.write(tmp_path / "tiny.gguf", smollm2.GGUF)
    return path


def test_another_wheel_is_refused(
    wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SystemExit, match="is not the wheel that is meant"):
        make(monkeypatch, tmp_path / "out", "--wheel", wheel)
    assert not (tmp_path / "out").exists()


def test_it_is_converted_once(
    wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "deep" / "out"
    with wheel.open("rb") as file:
        monkeypatch.setattr(smollm2, "SHA256", smollm2.file_digest(file, "sha256").hexdigest())
    make(monkeypatch, out, "--wheel", wheel)
    assert load(out, device="cpu").has_chat_template
    assert [each.name for each in out.parent.iterdir()] == ["out"]
    wheel.unlink()
    make(monkeypatch, out, "--wheel", wheel)
    assert capsys.readouterr().out.endswith(f"{out} is there already.\n")
