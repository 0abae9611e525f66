"""What libraries say while a model is loaded: bars and tables kept back, errors in a sentence."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from transformers.utils import logging as library

from toolformer.errors import ModelError, ToolformerError, clipped

_LONGEST_REASON = 300  # characters of what a library says


@contextmanager
def told_by_a_sentence(name: str) -> Iterator[None]:
    """Turns whatever a library raises about a model's files into a sentence.

    A file out of anybody's hands can make a library fail in any way, so nothing raised here is a
    bug of this program until it has been shown to be one: the cause is kept.
    """
    try:
        yield
    except ToolformerError:
        raise
    except BaseException as error:
        # What a library in Rust gives up with is no Exception.
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise ModelError(_reason(name, error)) from error


def _reason(name: str, error: BaseException) -> str:
    text = str(error)
    if "trust_remote_code" in text:
        return (
            f"Model {name!r} needs Python code that comes with it. Read that code, and if you trust"
            " it, allow it to run: --trust-remote-code."
        )
    if isinstance(error, MemoryError | torch.OutOfMemoryError) or "allocate memory" in text:
        return f"Model {name!r} does not fit into memory. Choose a smaller one or --dtype bfloat16."
    kind = type(error).__name__
    said = " ".join(text.split()).rstrip(".")
    if not said or not isinstance(error, OSError | ImportError | ValueError):
        said = f"{kind}: {said}".removesuffix(": ")
    return f"Model {name!r} cannot be loaded: {clipped(said, _LONGEST_REASON)}."


@contextmanager
def quiet() -> Iterator[None]:
    """Keeps transformers from drawing bars and tables, and leaves it as it was."""
    shown, level = library.is_progress_bar_enabled(), library.get_verbosity()
    library.disable_progress_bar()  # type: ignore[no-untyped-call]
    library.set_verbosity_error()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        library.set_verbosity(level)
        if shown:
            library.enable_progress_bar()  # type: ignore[no-untyped-call]
