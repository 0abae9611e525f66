"""A tool's return value, waited for and folded into the one short line that everybody sees.

Knows no tool: whatever Python value comes, a line of text goes.
"""

import inspect
import json
import math
import re
from collections.abc import KeysView, Mapping, Sequence, Set, ValuesView
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from itertools import islice
from numbers import Number
from typing import Any

from toolformer.errors import ToolError
from toolformer.event_loop import SHARED

MAX_OUTPUT = 500  # characters
_MAX_READ = 100_000  # characters of what a tool returned; white space may fill most of them

# Line breaks, terminal escapes and NUL have no place in a text, a shard or a terminal.
_ADDRESS = re.compile(r"<[^<>]* at 0x[0-9A-Fa-f]+>")
_NO_NUMBER = re.compile(r"nan|nat|inf", re.IGNORECASE)  # of a Decimal, a complex, a day of pandas
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")


def fold(value: object) -> str:
    r"""Returns a tool's return value as one line of at most 500 characters; "" when there is none.

    >>> fold("a\n  b"), fold(24.0), fold(None), fold({"km": [1]})
    ('a b', '24', '', '{"km": [1]}')

    Raises:
        ToolError: The value has no text of its own.
    """
    text = _CONTROL.sub(" ", _as_text(value).lstrip()[:_MAX_READ])
    text = text.encode("utf-8", "replace").decode("utf-8")  # lone surrogates cannot be stored
    return " ".join(text.split())[:MAX_OUTPUT].rstrip()


def finished(value: object) -> object:
    """Returns a value, or what it comes to when it is awaitable: all of these share one loop."""
    return SHARED.wait_for(value) if inspect.isawaitable(value) else value


def _as_text(value: object) -> str:
    if isinstance(value, str):
        return value
    plain = _plain(value)
    if plain is None:
        return ""
    return plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)


def _plain(value: object) -> Any:
    """Returns a value as JSON has it; a number by itself, and what else is one value, as text.

    Raises:
        ToolError: There is no text for it: a number that is none, or an object without words.
    """
    match value:
        case None:
            return None
        case Enum():
            return _plain(value.value)
        case bool() | str():
            return str(value)
        case int():
            return _digits(value)
        case float():
            if not math.isfinite(value):
                raise _no_number(value)
            return (
                str(int(value)) if value.is_integer() and abs(value) < 1e15 else str(float(value))
            )
        case bytes() | bytearray() | memoryview():
            return _decoded(bytes(value))
        case Mapping():
            return {_key(key): _held(each) for key, each in value.items()}
        case Sequence() | KeysView() | ValuesView():
            return [_held(each) for each in islice(value, _MAX_READ)]
        case Set():  # in an order that is the same in every process
            return sorted(map(_held, value), key=lambda each: json.dumps(each))
        case _ if is_dataclass(value) and not isinstance(value, type):
            return {each.name: _held(getattr(value, each.name)) for each in fields(value)}
        case _ if hasattr(value, "model_dump") and not isinstance(value, type):  # of pydantic
            return _held(value.model_dump(mode="json"))
        case _ if hasattr(value, "tolist") and not isinstance(value, type):  # of NumPy or torch
            return _plain(value.tolist())
        case _:
            return _said(value)


def _held(value: object) -> Any:
    """Returns a value that another holds: a number stays one, and what is not one is null."""
    match value:
        case None | bool():
            return value
        case Enum():
            return _held(value.value)
        case int():
            _digits(value)
            return int(value)
        case float():
            return float(value) if math.isfinite(value) else None
        case _:
            return _plain(value)


def _key(key: object) -> str:
    plain = _plain(key)
    return plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)


def _digits(value: int) -> str:
    try:
        return str(int(value))
    except ValueError:  # Python's own limit
        raise ToolError("The result is a number of more than 4,300 digits.") from None


def _decoded(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        raise ToolError(
            f"The result is {len(value):,} bytes that are not UTF-8 text; return a text."
        ) from None


def _said(value: object) -> str:
    """Returns the text that an object has of its own; neither its address nor its code is one."""
    kind = type(value)
    text = str(value)
    if isinstance(value, Number | date) and _NO_NUMBER.search(text):
        raise _no_number(value)
    has_none = kind.__str__ is object.__str__ and not isinstance(value, complex)
    if has_none or _ADDRESS.search(text):
        raise ToolError(
            f"The result is of the type {kind.__name__}, which has no text of its own; return a "
            "text, a number, or a list or dict of them."
        )
    return text


def _no_number(value: object) -> ToolError:
    return ToolError(f"The result is {value}, which is not a number to write into a text.")
