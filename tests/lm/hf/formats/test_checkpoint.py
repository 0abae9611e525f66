"""Files of a model that may come from anybody are looked at before they are used."""

import json
import os
import shutil
import struct
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoModelForCausalLM

from tests.lm.hf.damage import edit
from tests.models import save_model
from toolformer.errors import ModelError
from toolformer.lm.hf.formats.checkpoint import read_checkpoint
from toolformer.lm.hf.model import load


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return save_model(tmp_path / "tiny", "llama")


@pytest.fixture
def shards(directory: Path) -> Path:
    model = AutoModelForCausalLM.from_pretrained(directory)
    (directory / "model.safetensors").unlink()
    model.save_pretrained(directory, max_shard_size="60KB")
    return directory


def test_one_file_and_shards_are_read_alike(directory: Path, tmp_path: Path) -> None:
    whole = read_checkpoint(directory)
    model = AutoModelForCausalLM.from_pretrained(directory)
    other = shutil.copytree(directory, tmp_path / "shards")
    (other / "model.safetensors").unlink()
    model.save_pretrained(other, max_shard_size="60KB")
    parts = read_checkpoint(other)
    assert len(whole.weights) == 1
    assert len(parts.weights) > 1
    assert (parts.elements, parts.tensors) == (whole.elements, whole.tensors)


@pytest.mark.parametrize(
    "name", ["model.safetensors", "tokenizer.json", "config.json", "merges.txt"]
)
def test_a_named_pipe_is_not_waited_for(directory: Path, name: str) -> None:
    (directory / name).unlink(missing_ok=True)
    os.mkfifo(directory / name)
    with pytest.raises(ModelError, match=f"{name}': it is not a plain file"):
        load(directory, device="cpu")


def test_a_link_to_a_device_is_not_read(directory: Path) -> None:
    (directory / "vocab.json").symlink_to("/dev/zero")
    with pytest.raises(ModelError, match=r"vocab\.json': it is not a plain file"):
        load(directory, device="cpu")


def test_a_file_that_is_mostly_nothing_is_not_read(directory: Path) -> None:
    os.truncate(directory / "tokenizer.json", 1 << 40)
    with pytest.raises(ModelError, match=r"has 1,099,511,627,776 bytes"):
        load(directory, device="cpu")


def header(path: Path, text: bytes, *, length: int | None = None) -> None:
    path.write_bytes(struct.pack("<Q", len(text) if length is None else length) + text)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        (b"", None),
        (b"", 2**63),
        (b"{", None),
        (b"[1]", None),
        (b'{"a": {"dtype": "F32", "shape": [1000000000], "data_offsets": [0, 4000000000]}}', None),
        (b'{"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}', None),
    ],
)
def test_a_header_that_lies_is_refused(directory: Path, text: bytes, length: int | None) -> None:
    header(directory / "model.safetensors", text, length=length)
    with pytest.raises(ModelError, match=r"model\.safetensors': it is damaged"):
        load(directory, device="cpu")


@pytest.mark.parametrize("name", ["../x.safetensors", "/etc/passwd", "..", "", 5, None, "a/b"])
def test_an_index_names_files_beside_it(shards: Path, name: Any) -> None:
    edit(shards / "model.safetensors.index.json", weight_map={"lm_head.weight": name})
    with pytest.raises(ModelError, match="which is not the name of a file beside it"):
        load(shards, device="cpu")


def test_a_shard_that_is_gone_is_named(shards: Path) -> None:
    gone = sorted(shards.glob("*.safetensors"))[0]
    gone.unlink()
    with pytest.raises(ModelError, match=f"names '{gone.name}', and there is no such file"):
        load(shards, device="cpu")


@pytest.mark.parametrize("content", [[], {"weight_map": {}}, {"weight_map": [1]}, {}])
def test_an_index_without_tensors_is_refused(shards: Path, content: Any) -> None:
    (shards / "model.safetensors.index.json").write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(ModelError, match="Cannot read"):
        load(shards, device="cpu")


@pytest.mark.parametrize(
    "changes",
    [
        {"hidden_size": 10**9},
        {"vocab_size": 10**12},
        {"head_dim": 10**9},
        {"num_hidden_layers": 10**6},
        {"num_labels": 10**9},
    ],
)
def test_sizes_that_the_weights_do_not_have_are_refused_before_memory_is_filled(
    directory: Path, changes: dict[str, Any]
) -> None:
    edit(directory / "config.json", **changes)
    with pytest.raises(ModelError, match="one of the two belongs to another model"):
        load(directory, device="cpu")


def test_code_from_elsewhere_is_not_fetched(directory: Path) -> None:
    edit(directory / "config.json", attn_implementation="someone/kernel")
    with pytest.raises(ModelError, match="asks for code from 'someone/kernel'"):
        load(directory, device="cpu")


def test_weights_are_not_taken_from_elsewhere(directory: Path) -> None:
    edit(directory / "config.json", transformers_weights="../other.safetensors")
    with pytest.raises(ModelError, match="names its weights itself"):
        load(directory, device="cpu")


def test_pickled_weights_are_not_read(directory: Path) -> None:
    (directory / "model.safetensors").rename(directory / "pytorch_model.bin")
    with pytest.raises(ModelError, match=r"pickled \(pytorch_model\.bin\), and that can run code"):
        load(directory, device="cpu")
