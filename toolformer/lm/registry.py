"""From what a user calls a model to a language model.

A directory, a Hub id, a file in GGUF and `nano` are models of transformers; `script.py:name` is an
object in a Python file, or a function that returns one; other distributions declare theirs as entry
points. What a Python program has loaded by itself comes in with its tokenizer.
"""

import os
import re
from pathlib import Path
from typing import Any

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
# Whatever can be given as a model: one, its name, or a PreTrainedModel with its tokenizer.
AnyModel = LanguageModel | str | Path | tuple[Any, Any]
_IN_FILE = re.compile(r".+\.py:.+", re.DOTALL)


def load_model(
    name: Any = EMBEDDED_MODEL,
    *,
    tokenizer: Any = None,
    dtype: str = "float32",
    device: str = "auto",
    batch_tokens: int | None = None,
    grammar: CallGrammar | None = None,
    trust_remote_code: bool = False,
) -> LanguageModel:
    """Loads a language model, or wraps one that is loaded.

    Args:
        name: a directory of weights, or of an adapter of peft; a Hub id; "nano"; a model in GGUF as
            `model.gguf`, `directory:model.gguf` or `hub/id:model.gguf`; `script.py:name`, or the
            name of an entry point, which say for themselves what the other arguments are for. Or a
            `PreTrainedModel`, which stays on its device and in its dtype and is set to evaluate.
        tokenizer: of a `PreTrainedModel`, from transformers.
        dtype: float32, bfloat16 or float16; losses are compared in float32 whatever it is.
        device: "auto" takes a GPU where there is one.
        batch_tokens: tokens of one batch, padding included; as many as fit unless given.
        grammar: how calls are written; as the model was taught unless given.
        trust_remote_code: whether Python files that come with a model's weights may run.

    Raises:
        ModelError: there is no such model, or it cannot be used.
        ConfigError: a file cannot be imported, or an object is neither a model nor its tokenizer.
        UnknownNameError: the file holds nothing of this name.
    """
    if tokenizer is not None or not isinstance(name, str | Path):
        return _from_objects(name, tokenizer, grammar=grammar, batch_tokens=batch_tokens)
    name = str(name)
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


def as_model(model: AnyModel) -> LanguageModel:
    """Returns a model; a name is loaded, and a pair (model, tokenizer) of transformers wrapped.

    Raises:
        ModelError: there is no such model, or a model and its tokenizer do not fit each other.
        ConfigError: it is neither a model nor a name.
    """
    if isinstance(model, str | Path):
        return load_model(str(model))
    if isinstance(model, tuple) and len(model) == 2:
        return load_model(model[0], tokenizer=model[1])
    if not isinstance(model, LanguageModel):
        raise ConfigError(_no_model(model))
    return model


def _from_objects(
    model: object, tokenizer: object, *, grammar: CallGrammar | None, batch_tokens: int | None
) -> LanguageModel:
    if tokenizer is None:
        raise ConfigError(_no_model(model))
    from toolformer.lm.hf.model import HFLanguageModel

    return HFLanguageModel.from_pretrained_model(
        model, tokenizer, grammar=grammar, batch_tokens=batch_tokens
    )


def _no_model(model: object) -> str:
    """Returns why an object is not taken for a language model."""
    if hasattr(model, "config") and hasattr(model, "generate"):
        return (
            f"A {type(model).__name__} comes with its tokenizer: load_model(model, "
            "tokenizer=tokenizer), or model=(model, tokenizer)."
        )
    return (
        f"{type(model).__name__} {clipped(repr(model))} is not a language model: load one, as in "
        "load_model('nano'), or give a model of transformers with its tokenizer, "
        "model=(model, tokenizer)."
    )


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
