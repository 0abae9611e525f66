"""A model in GGUF, the format of llama.cpp, with its weights written out in full."""

import importlib.util
import io
import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from functools import cache
from hashlib import file_digest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from tokenizers import Tokenizer
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, PreTrainedModel

from toolformer.errors import ModelError, how_to_install
from toolformer.lm.hf.formats.checkpoint import check_declared

SUFFIX = ".gguf"
_PART = re.compile(r"-\d{5}-of-(?!00001)\d{5}\.gguf$", re.IGNORECASE)
_NAME = "model.gguf"
_MAGIC = b"GGUF"


def read_gguf(path: Path, *, dtype: torch.dtype) -> tuple[PreTrainedModel, Any, dict[str, Any]]:
    """Reads a model and its tokenizer, both of which a GGUF file holds.

    The weights are those of the file, no better: what quantisation rounded stays rounded. They are
    in a model of their own, since the one that transformers makes refuses to be saved.

    Args:
        path: the file.
        dtype: of the weights.

    Returns:
        The model, its tokenizer as transformers has it, and what transformers says of the tensors
        that are missing or left over.

    Raises:
        ModelError: the package `gguf` is missing, or the file is not such a model.
    """
    _check(path)
    # Bars of this loader cannot be turned off.
    with _alone(path) as folder, _parsed_once(), redirect_stderr(io.StringIO()):
        config: Any = AutoConfig.from_pretrained(folder, gguf_file=_NAME)
        check_declared(config, elements=_elements(folder / _NAME), where=path)
        tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=_NAME)
        found: Any = AutoModelForCausalLM.from_pretrained(
            folder, gguf_file=_NAME, dtype=dtype, output_loading_info=True
        )
    quantised, info = found
    model = _plain(quantised, config=config, name=path.stem)
    embeddings: Any = model.get_input_embeddings()
    _drop_tokens(tokenizer, first=embeddings.weight.shape[0])
    return model, tokenizer, info


def digest_of_gguf(path: Path) -> bytes:
    """Returns the sha256 of a file, which decides everything that the model says."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").digest()


def _check(path: Path) -> None:
    if importlib.util.find_spec("gguf") is None:
        raise ModelError(
            f"'{path}' is a model in GGUF, and reading it needs the package gguf: "
            f"{how_to_install('gguf')}."
        )
    if _PART.search(path.name):
        raise ModelError(
            f"'{path}' is one of several parts of a model. Join them first: llama-gguf-split "
            "--merge."
        )
    if not path.is_file():
        raise ModelError(f"Cannot read '{path}': it is not a plain file.")
    with path.open("rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            raise ModelError(f"Cannot read '{path}': it is not in GGUF, whatever its name says.")


@contextmanager
def _alone(path: Path) -> Iterator[Path]:
    """Yields a folder that holds a file and nothing that transformers would read beside it."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        try:
            (folder / _NAME).symlink_to(path.resolve())
        except OSError:  # a system that lets not everybody make links
            shutil.copyfile(path, folder / _NAME)
        yield folder


@contextmanager
def _parsed_once() -> Iterator[None]:
    """Lets the questions of one loading share a reader: each takes seconds to parse the header."""
    import gguf

    library: Any = gguf
    usual = library.GGUFReader
    library.GGUFReader = cache(usual)
    try:
        yield
    finally:
        library.GGUFReader = usual


def _elements(path: Path) -> int:
    """Returns how many numbers the tensors of a file hold; one that claims more is refused."""
    from gguf import GGUFReader

    return sum(int(tensor.n_elements) for tensor in GGUFReader(str(path)).tensors)


def _drop_tokens(tokenizer: Any, *, first: int) -> None:
    """Takes tokens out of a tokenizer that no embedding is for, from a number on.

    What transformers makes of a byte-level vocabulary has GPT-2's `<|endoftext|>` in any case.
    """
    values = json.loads(tokenizer.backend_tokenizer.to_str())
    values["added_tokens"] = [each for each in values["added_tokens"] if each["id"] < first]
    tokenizer._tokenizer = Tokenizer.from_str(json.dumps(values))


def _plain(quantised: PreTrainedModel, *, config: Any, name: str) -> PreTrainedModel:
    """Returns a model with the weights of another that remembers having been quantised."""
    config.name_or_path = name  # not a folder that is gone
    with torch.device("meta"):  # no numbers are drawn that would be overwritten
        plain: Any = type(quantised)(config)
    plain.load_state_dict(quantised.state_dict(), assign=True, strict=False)
    for place, buffer in quantised.named_buffers():  # those too that no file holds
        owner, _, last = place.rpartition(".")
        plain.get_submodule(owner).register_buffer(
            last,
            buffer,
            persistent=last not in quantised.get_submodule(owner)._non_persistent_buffers_set,
        )
    plain.tie_weights()
    plain.config.dtype = quantised.dtype
    plain.generation_config = quantised.generation_config
    model: PreTrainedModel = plain
    return model
