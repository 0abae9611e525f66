"""From what `--model` says to a language model, and where what comes with the package lies."""

import re
from importlib.resources import files
from pathlib import Path
from typing import Any

from toolformer.errors import ModelError
from toolformer.garbage import no_collecting
from toolformer.lm.base import LanguageModel

EMBEDDED_MODEL = "nano"

_IN_FILE = re.compile(r"(?P<file>.+\.py):(?P<name>\w+)")


def load_model(
    name: str, *, dtype: str = "float32", device: str = "auto", batch_tokens: int | None = None
) -> LanguageModel:
    """Loads a model by directory, Hub id, `nano`, or as `script.py:name`, an object in a file.

    Raises:
        ModelError: there is no such model, or it cannot be used.
    """
    in_file = _IN_FILE.fullmatch(name)
    if in_file is not None:
        return _from_file(Path(in_file["file"]), in_file["name"])
    with no_collecting():  # imports make no garbage
        from toolformer.lm.hf.model import load

        return load(
            name,
            dtype=dtype,
            device=device,
            batch_tokens=batch_tokens,
        )


def asset(name: str) -> Path:
    """Returns where something that comes with the package lies."""
    return Path(str(files("toolformer") / "assets" / name))


def _from_file(path: Path, name: str) -> LanguageModel:
    """Takes a language model from a Python file: a scripted one, or a user's own."""
    import runpy

    if not path.is_file():
        raise ModelError(f"There is no file '{path}' to take a model from.")
    found: Any = runpy.run_path(str(path)).get(name)
    if not all(hasattr(found, each) for each in ("read", "target_log_probs", "token_ends")):
        raise ModelError(
            f"'{name}' in '{path}' is no language model (toolformer/lm/base.py says what one is)."
        )
    model: LanguageModel = found
    return model
