"""Python files of anybody, imported; what their code raises is told in a sentence."""

import hashlib
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import ModuleType

from toolformer.errors import ConfigError, ToolformerError, is_interrupt, told


def import_file(path: Path) -> ModuleType:
    """Returns the module of a Python file; a file that has changed is imported anew.

    Raises:
        ConfigError: It is not a Python file, or cannot be imported.
    """
    return _import(path.resolve(), path.stat().st_mtime_ns)


@cache
def _import(path: Path, changed_ns: int) -> ModuleType:  # noqa: ARG001  part of the key
    # A name of its own: `json.py` of a user must not stand in for the library's.
    digest = hashlib.sha256(str(path).encode()).hexdigest()[:8]
    name = f"toolformer_file_{path.stem}_{digest}"
    location = importlib.util.spec_from_file_location(name, path)
    if location is None or location.loader is None:
        raise ConfigError(f"{str(path)!r} is not a Python file.")
    module = importlib.util.module_from_spec(location)
    sys.modules[name] = module  # annotations and dataclasses look their module up
    try:
        with foreign_code(f"{str(path)!r} cannot be imported"):
            location.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


@contextmanager
def foreign_code(what: str) -> Iterator[None]:
    """Runs somebody's code in a `with` statement: whatever it raises is told in one sentence.

    An exit does not end the program either. Ctrl-C passes, and so do this package's own errors.

    Args:
        what: The beginning of the sentence.

    Raises:
        ConfigError: It failed.
    """
    try:
        yield
    except ToolformerError:
        raise
    except BaseException as error:
        if is_interrupt(error):
            raise
        raise ConfigError(f"{what}: {told(error)}.") from error
