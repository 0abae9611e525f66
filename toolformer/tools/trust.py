"""Whether a tool may be made of a spec that a file brought and no user wrote.

A checkpoint is data, whoever made it. The code of others runs as soon as it is imported, and a tool
that comes with this package opens whatever path its options name.
"""

import inspect
import typing
from collections.abc import Callable
from datetime import date
from enum import Enum
from types import NoneType, UnionType

from toolformer.tools.base import Tool
from toolformer.tools.registry import CHOICE, DOOR

_PLAIN = (bool, int, float, str, date, NoneType)


def is_harmless(spec: str) -> bool:
    """Returns whether making a tool of a spec runs no code of others and opens nothing they name.

    So it is with a built-in tool whose options are declared as texts, numbers and choices. An
    option that names something to be opened is declared as another type, such as `Path`.

    >>> [is_harmless(spec) for spec in ("calculator", "database:table=facts", "database:path=a.db")]
    [True, True, False]
    >>> is_harmless("evil.py:calculator"), is_harmless("somebodys-plugin")
    (False, False)

    Raises:
        ConfigError: The spec cannot be read.
    """
    parts = DOOR.read(spec)
    if not DOOR.is_built_in(parts):
        return False
    found = DOOR.find(parts)
    if isinstance(found, Tool):  # it takes no options
        return True
    known = inspect.signature(typing.cast(Callable[..., object], found), eval_str=True).parameters
    # An option that is not known is refused by its name, and so is harmless.
    return all(
        _is_plain(known[name].annotation)
        for name in parts.options
        if name in known and name != CHOICE
    )


def _is_plain(annotation: object) -> bool:
    """Returns whether a type's values are texts, numbers and choices.

    >>> from pathlib import Path
    >>> [_is_plain(each) for each in (str, int | None, typing.Literal["a"], Path, Path | None)]
    [True, True, True, False, False]
    """
    origin = typing.get_origin(annotation)
    if origin is typing.Literal:
        return True
    if origin in (typing.Union, UnionType):
        return all(_is_plain(each) for each in typing.get_args(annotation))
    is_choice = isinstance(annotation, type) and issubclass(annotation, Enum)
    return is_choice or annotation in _PLAIN
