"""How much a command says beside its answer: `--quiet` and `--verbose`, which every command has."""

import inspect
import logging
import os
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Annotated, Any

from typer import Option

from toolformer.errors import ConfigError, ToolformerError

_QUIET = Annotated[
    bool, Option("--quiet", "-q", help="Print the answer and errors only: no progress, no notes.")
]
_VERBOSE = Annotated[
    bool,
    Option("--verbose", "-v", help="Print what is being done too, and an error's traceback."),
]


def with_volume(command: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a command the two options."""

    @wraps(command)
    def with_options(*, quiet: bool, verbose: bool, **options: Any) -> Any:
        if quiet and verbose:
            raise ConfigError("--quiet and --verbose do not go together: give one of them.")
        with _volume(quiet=quiet, verbose=verbose):
            try:
                return command(**options)
            except ToolformerError:
                if verbose:
                    traceback.print_exc()
                raise

    signature = inspect.signature(command)
    own = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=False, annotation=kind)
        for name, kind in (("quiet", _QUIET), ("verbose", _VERBOSE))
    ]
    parameters = [*signature.parameters.values(), *own]
    with_options.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    return with_options


@contextmanager
def _volume(*, quiet: bool, verbose: bool) -> Iterator[None]:
    """Lets stderr, logs and warnings say as much as was asked for."""
    if not (quiet or verbose):
        yield
        return
    if quiet:
        vars(sys.stderr)["is_quiet"] = True  # consoles ask for it
    root = logging.getLogger()
    level, handler = root.level, logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(name)s: %(message)s"))
    handler.setLevel(logging.ERROR if quiet else logging.INFO)
    root.setLevel(logging.INFO if verbose else level)
    root.addHandler(handler)
    # Read when transformers is loaded, which no command has done yet.
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error" if quiet else "info")
    try:
        with warnings.catch_warnings():
            if quiet:
                warnings.simplefilter("ignore")
            yield
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
