"""Where a value ends in arguments that are still being written. Pure text; knows no types."""

import json
import re
from collections.abc import Iterator

from toolformer.tools.parameters.written import marks

_STRING = re.compile(r'"(?:[^"\\\n\r]|\\.)*+"')
_JSON = re.compile(rf'{_STRING.pattern}|([{{\[])|([}}\]])|"')
_SCALAR = re.compile(r"""[^\s,{}\[\]"']+""")
_OPENING = dict(zip("])}", "[({", strict=True))  # by what closes it


def first_comma(text: str) -> int | None:
    """Returns where the comma is that ends a value; None where there is none yet.

    One in quotes or brackets is part of the value, and so is one between two digits.

    >>> [first_comma(text) for text in ("1,400, km", "(a, b", "it's, (fine", "1,")]
    [5, None, 4, None]
    """
    if _is_open_quote(text):
        return None
    commas = (index for index, mark, depth in _depths(text) if mark == "," and not depth)
    return next((index for index in commas if not _is_in_number(text, index)), None)


def may_end(text: str) -> bool:
    """Returns whether a value is whole: neither its quote nor a bracket in it is open.

    >>> may_end("Queen (band)"), may_end("Queen (ba"), may_end("'Queen")
    (True, False, False)
    """
    depths = [depth for _, _, depth in _depths(text)]
    return not any(depths[-1:]) and not _is_open_quote(text)


def end_of_json(text: str) -> int | None:
    r"""Returns where the JSON value ends that a text begins with; None where it does not.

    A number, and what else has neither quotes nor brackets, may go on at the text's end.

    >>> end_of_json('"a}", 1'), end_of_json("12, 3"), end_of_json("[1, "), end_of_json('"a\\"')
    (4, 2, None, None)
    """
    scalar = _SCALAR.match(text)
    if scalar is not None:
        return scalar.end()
    depth = 0
    for match in _JSON.finditer(text):
        if match.lastindex is not None:
            depth += 1 if match.lastindex == 1 else -1
        elif match[0] == '"':
            return None
        if depth <= 0:
            return match.end()
    return None


def is_json(text: str) -> bool:
    """Returns whether a text is a JSON value."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _depths(text: str) -> Iterator[tuple[int, str, int]]:
    """Yields marks outside of quotes, each with how many brackets are open behind it."""
    opened: list[str] = []
    for index, mark in marks(text):
        if mark in "[({":
            opened.append(mark)
        elif mark in _OPENING and opened and opened[-1] == _OPENING[mark]:
            opened.pop()
        yield index, mark, len(opened)


def _is_open_quote(text: str) -> bool:
    """Returns whether a text begins with a quote that does not close."""
    quote = text[:1]
    if quote not in ("'", '"'):
        return False
    return re.match(rf"{quote}(?:[^{quote}\\]|\\.)*+{quote}", text) is None


def _is_in_number(text: str, comma: int) -> bool:
    """Returns whether a comma stands between digits, or could come to."""
    before, after = text[comma - 1 : comma], text[comma + 1 : comma + 2]
    return before.isdigit() and (not after or after.isdigit())
