"""From what a user calls a model to a language model.

A directory, a Hub id and `nano` are models of transformers; `script.py:name` is an object in a
Python file, or a function that returns one; other distributions declare theirs as entry points.
"""

import os
import re
from pathlib import Path

from toolformer.assets import EMBEDDED_MODEL
from toolformer.calls import CallGrammar
from toolformer.errors import ConfigError, ModelError, clipped
from toolformer.garbage import gc_paused
from toolformer.lm.base import LanguageModel
from toolformer.specs import Door

DOOR = Door(
    what="model",
    group="toolformer.models",
    built_in={},
    examples="a directory, a Hub id, nano, or a model in a file such as script.py:name",
    offers=lambda found: isinstance(found, LanguageModel),
)
_IN_FILE = re.compile(r".+\.py:.+", re.DOTALL)


def load_model(
    name: str = EMBEDDED_MODEL,
    *,
    dtype: str = "float32",
    device: str = "auto",
    batch_tokens: int | None = None,
    grammar: CallGrammar | None = None,
    trust_remote_code: bool = False,
) -> LanguageModel:
    """Loads a language model.

    Args:
        name: a directory, a Hub id, "nano", `script.py:name`, or the name of an entry point. The
            last two say for themselves what the other arguments are for.
        dtype: float32, bfloat16 or float16; losses are compared in float32 whatever it is.
        device: "auto" takes a GPU where there is one.
        batch_tokens: tokens of one batch, padding included; as many as fit unless given.
        grammar: how calls are written; as the model was taught unless given.
        trust_remote_code: whether Python files that come with a model's weights may run.

    Raises:
        ModelError: there is no such model, or it cannot be used.
        ConfigError: a file cannot be imported.
        UnknownNameError: the file holds nothing of this name.
    """
    if is_in_code(name):
        return _from_code(name)
    with gc_paused():  # imports make no garbage
        from toolformer.lm.hf.model import load

        return load(
            name,
            dtype=dtype,
            device=device,
            batch_tokens=batch_tokens,
            grammar=grammar,
            trust_remote_code=trust_remote_code,
        )


def as_model(model: LanguageModel | str | Path) -> LanguageModel:
    """Returns a model; a name is loaded.

    Raises:
        ModelError: there is no such model.
        ConfigError: it is neither a model nor a name.
    """
    if isinstance(model, str | Path):
        return load_model(str(model))
    if not isinstance(model, LanguageModel):
        raise ConfigError(
            f"{type(model).__name__} {clipped(repr(model))} is not a language model: load one, as "
            "in load_model('nano'), or by the directory to which save_pretrained has written a "
            "model and its tokenizer."
        )
    return model


def is_in_code(name: str) -> bool:
    """Returns whether a name stands for an object in Python code, not for files of weights."""
    if _IN_FILE.fullmatch(name) is not None:
        return True
    # Asked before all distributions are; pathlib's would raise for a name that no file can have.
    is_weights = name == EMBEDDED_MODEL or os.path.exists(name)
    return not is_weights and name.partition(":")[0].casefold() in DOOR.names()


def _from_code(name: str) -> LanguageModel:
    found = DOOR.make(DOOR.read(name))
    if not isinstance(found, LanguageModel):
        raise ModelError(
            f"{name!r} is not a language model (toolformer/lm/base.py says what one is)."
        )
    return found
