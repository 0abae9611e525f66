"""A model in GGUF is the model it was made from, and can be tuned and saved as any other."""

import shutil
import sys
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM

from tests.finetune.given import QUICK
from tests.lm.hf.formats.files import save_gguf
from toolformer.calls import PlacedCall, ToolCall
from toolformer.errors import ModelError
from toolformer.finetune.data.texts import TrainingText
from toolformer.finetune.train import finetune_texts
from toolformer.infer.decode import decode
from toolformer.lm.hf.load import load_pretrained
from toolformer.lm.hf.model import load
from toolformer.lm.hf.source import find_source
from toolformer.sidecar import Sidecar, write_sidecar

pytest.importorskip("gguf")
torch.set_num_threads(1)
TEXT = "The sum of 12 and 30 is 42, said the teacher."


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gguf") / "models"
    folder.mkdir()
    shutil.move(save_gguf(folder / "tiny.gguf"), folder.parent / "whole")
    return folder


def test_it_answers_as_the_model_it_was_made_from(files: Path) -> None:
    read = load(files / "tiny.gguf", device="cpu")
    whole = load(files.parent / "whole", device="cpu")
    assert read.count_tokens([TEXT]) == whole.count_tokens([TEXT])
    [ours], [theirs] = read.text_log_probs([TEXT]), whole.text_log_probs([TEXT])
    assert ours == pytest.approx(theirs, abs=1e-5)
    [answer] = decode(read, ["The sum of"], config={"max_new_tokens": 8})
    [expected] = decode(whole, ["The sum of"], config={"max_new_tokens": 8})
    assert answer.annotated == expected.annotated


def test_it_is_named_by_its_file_its_directory_or_both(files: Path) -> None:
    names = [str(files / "tiny.gguf"), f"{files}:tiny.gguf", str(files)]
    assert {find_source(name) for name in names} == {find_source(names[0])}
    found = find_source(names[0])
    assert found is not None
    assert found.gguf == files / "tiny.gguf"


def test_of_several_one_has_to_be_named(files: Path, tmp_path: Path) -> None:
    for name in ("b.Q8_0.gguf", "a.Q4_0.gguf"):
        shutil.copy(files / "tiny.gguf", tmp_path / name)
    with pytest.raises(ModelError, match=r"2 models in GGUF: a\.Q4_0\.gguf, b\.Q8_0\.gguf\. Name"):
        find_source(str(tmp_path))
    with pytest.raises(ModelError, match=r"Did you mean '.*:b\.Q8_0\.gguf'"):
        find_source(f"{tmp_path}:b.Q8.gguf")
    with pytest.raises(ModelError, match=r"Did you mean '.*b\.Q8_0\.gguf'"):
        find_source(str(tmp_path / "b.Q8.gguf"))


def test_the_fingerprint_is_of_the_file_and_not_of_its_name(files: Path, tmp_path: Path) -> None:
    shutil.copy(files / "tiny.gguf", tmp_path / "same.gguf")
    save_gguf(tmp_path / "other.gguf", seed=5)
    first, same, other = (
        load_pretrained(str(path), dtype="float32", device="cpu")
        for path in (files / "tiny.gguf", tmp_path / "same.gguf", tmp_path / "other.gguf")
    )
    assert first.fingerprint == same.fingerprint != other.fingerprint
    assert first.fingerprint in first.fingerprints
    assert len(first.fingerprints) == 3


def test_a_sidecar_beside_it_is_its(files: Path, tmp_path: Path) -> None:
    shutil.copy(files / "tiny.gguf", tmp_path / "tiny.gguf")
    write_sidecar(tmp_path, Sidecar(samples=3))
    found = load(tmp_path / "tiny.gguf", device="cpu").sidecar
    assert found is not None
    assert found.samples == 3


def test_it_can_be_tuned_and_what_is_saved_is_like_any_other(files: Path, tmp_path: Path) -> None:
    call = PlacedCall(TEXT.index(" 42"), ToolCall("Calculator", "12 + 30"), "42")
    texts = [TrainingText("a", TEXT, (call,))]
    finetune_texts(
        texts, model=str(files), out=tmp_path / "out", config=QUICK.override(steps=2), device="cpu"
    )
    saved = AutoModelForCausalLM.from_pretrained(tmp_path / "out")
    assert not hasattr(saved.config, "quantization_config")
    assert load(tmp_path / "out", device="cpu").count_tokens([TEXT]) == load(
        files.parent / "whole", device="cpu"
    ).count_tokens([TEXT])


def test_without_the_package_it_is_said_what_to_install(
    files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [])
    for name in [each for each in sys.modules if each.split(".")[0] == "gguf"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "path_importer_cache", {})
    with pytest.raises(ModelError, match=r'pip install "toolformer-engine\[gguf\]"'):
        load(files, device="cpu")


def test_what_is_not_in_gguf_or_a_part_of_it_is_refused(files: Path, tmp_path: Path) -> None:
    (tmp_path / "text.gguf").write_text("GGML")
    with pytest.raises(ModelError, match="not in GGUF"):
        load(tmp_path / "text.gguf", device="cpu")
    whole = (files / "tiny.gguf").read_bytes()
    (tmp_path / "cut.gguf").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError, match="cannot be loaded"):
        load(tmp_path / "cut.gguf", device="cpu")
    (tmp_path / "m-00001-of-00002.gguf").write_bytes(whole)
    with pytest.raises(ModelError, match="one of several parts"):
        load(tmp_path / "m-00001-of-00002.gguf", device="cpu")


def test_a_file_that_declares_more_than_it_holds_is_refused(tmp_path: Path) -> None:
    save_gguf(tmp_path / "huge.gguf", vocabulary=10**9)
    with pytest.raises(ModelError, match=r"declares a model of \d+,\d+"):
        load(tmp_path / "huge.gguf", device="cpu")
