"""Records of JSON: an object a line, one list of objects, or one object. Knows no Document.

A list is cut at its commas before anything in it is parsed: so it is streamed, and what is wrong
in one record costs that record.
"""

import io
import json
import re
from collections.abc import Iterator, Mapping

from toolformer.corpus.lines import (
    MOST_BYTES,
    TOO_LONG,
    WholeFileError,
    bounded_lines,
    decoded,
    open_text,
    reason_of,
)
from toolformer.files import parse_json
from toolformer.urls import AnyFile

_BLOCK = 1 << 16
_MARK = re.compile(rb'["\[\]{},]')
_MARK_IN_TEXT = re.compile(rb'["\\]')


def object_lines(path: AnyFile) -> Iterator[tuple[int, Mapping[str, object] | str]]:
    """Yields each line's number with its object, or with what is wrong with it."""
    with open_text(path) as stream:
        for number, line in enumerate(bounded_lines(stream), start=1):
            if line is None:
                yield number, TOO_LONG
            elif line.strip():
                yield number, _object(line.rstrip(b"\r\n"))


def json_objects(path: AnyFile) -> Iterator[tuple[int, Mapping[str, object] | str]]:
    """Yields the objects of a .json file, numbered from 1, or what is wrong with them.

    The file is a list of objects, or one object, or has an object a line.
    """
    with open_text(path) as stream:
        if not _skip_space(stream).startswith(b"["):
            one = _one_object(stream)
        else:
            for number, item in enumerate(_items(stream), start=1):
                yield number, TOO_LONG if item is None else _object(item)
            return
    if one is None:
        yield from object_lines(path)
    else:
        yield 1, one


def holds_records(path: AnyFile) -> bool:
    """Returns whether a .json file is a list of objects or lines of them, and not one object.

    One object is more often a program's settings than a text.
    """
    try:
        with open_text(path) as stream:
            start = _skip_space(stream)
            if start.startswith(b"["):
                return re.match(rb"\[\s*[{\]]", start) is not None
            return start.startswith(b"{") and _one_object(stream) is None
    except (WholeFileError, OSError, EOFError):
        return False


def _skip_space(stream: io.BufferedReader) -> bytes:
    """Moves to the first character that is not white space, and returns what begins there."""
    while start := stream.peek(1):
        text = start.lstrip()
        stream.read(len(start) - len(text))
        if text:
            return text
    return b""


def _one_object(stream: io.BufferedReader) -> Mapping[str, object] | None:
    """Returns the object that the rest of a file is, None when it is anything else."""
    content = stream.read(MOST_BYTES + 1)
    found = _object(content) if len(content) <= MOST_BYTES else ""
    return None if isinstance(found, str) else found


def _object(content: bytes) -> Mapping[str, object] | str:
    """Returns the object that a JSON text holds, or what is wrong with it."""
    try:
        # Python writes NaN for a number that is missing, and so do the libraries over it.
        value = parse_json(decoded(content), nan_is_null=True)
    except json.JSONDecodeError as error:
        return f"not JSON ({error.msg} at character {error.pos + 1})"
    except ValueError as error:
        said = reason_of(error)
        return said if said.startswith("not ") else f"not readable as JSON ({said})"
    return value if isinstance(value, dict) else "not a JSON object"


def _items(stream: io.BufferedReader) -> Iterator[bytes | None]:
    """Yields the items of the list that a stream begins with, as they stand; None: too long.

    Raises:
        WholeFileError: the list does not end, or something follows it.
    """
    item, depth, in_text = bytearray(), 0, False
    is_long = False
    at = 0  # in the block; may lie behind its end, after a backslash
    while block := stream.read1(_BLOCK):
        start = 0  # of what belongs to the item
        while mark := (_MARK_IN_TEXT if in_text else _MARK).search(block, at):
            at = mark.end()
            if mark[0] == b"\\":
                at += 1
            elif mark[0] == b'"':
                in_text = not in_text
            elif mark[0] in b"[{":
                depth += 1
                start = at if depth == 1 else start
            elif mark[0] == b",":
                if depth == 1:
                    item += block[start : mark.start()]
                    yield None if is_long else bytes(item)
                    start, is_long = at, False
                    item.clear()
            else:
                depth -= 1
                if depth == 0:
                    item += block[start : mark.start()]
                    if item.strip() or is_long:
                        yield None if is_long else bytes(item)
                    if (block[at:] + stream.read(_BLOCK)).strip():
                        raise WholeFileError("something follows the end of the list")
                    return
        at = max(0, at - len(block))
        item += block[start:]
        if len(item) > MOST_BYTES:
            is_long = True
            item.clear()
    raise WholeFileError("the file ends inside its list")
