"""A value as a call writes it: what it spells and what it holds. Knows no types.

Literals are read, nothing is evaluated.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from toolformer.tools.syntax import parse_expression

THOUSANDS = re.compile(r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!,?\d)")

_MARK = re.compile(r"""['"\[\](){},:=]""")
_QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""", re.DOTALL)
_END_OF_VALUE = re.compile(r"\s*(?:[\])},:]|$)")
_OPENING = dict(zip("])}", "[({", strict=True))  # by what closes it
_MAX_DEPTH = 20  # of brackets in brackets; what is deeper is text
_MAX_DIGITS = 4300  # Python's own limit for reading a number

_NAMES = {"True": True, "False": False, "None": None, "true": True, "false": False, "null": None}
_INTEGER = re.compile(r"[+-]?(?:0|[1-9][0-9]*|0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+)")
_FLOAT = re.compile(
    r"[+-]?(?:(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+)"
)


@dataclass(frozen=True)
class Written:
    """A value as it stands in a call, without the white space around it."""

    text: str
    depth: int = 0  # how many brackets it stands in

    @cached_property
    def characters(self) -> str:
        """What it is as a text: itself, without quotes that enclose all of it.

        >>> Written("3.10").characters, Written("'Paris'").characters
        ('3.10', 'Paris')
        >>> Written("'a' || 'b'").characters
        "'a' || 'b'"
        """
        if self.text[:1] not in ("'", '"') or not _QUOTED.fullmatch(self.text):
            return self.text
        inner = self.text[1:-1]
        if "\\" not in inner:
            return inner
        try:
            read = json.loads(self.text, strict=False)
        except ValueError:
            read = getattr(parse_expression(self.text), "value", None)
        return read if isinstance(read, str) else inner

    @cached_property
    def literal(self) -> object:
        """The number, truth value or nothing that it spells; else its characters.

        >>> Written("3.10").literal, Written("'3.10'").literal, Written("007").literal
        (3.1, '3.10', '007')
        """
        if self.text in _NAMES:
            return _NAMES[self.text]
        return self.characters if self.number is None else self.number

    @cached_property
    def number(self) -> int | float | None:
        """The number that it spells, None where it spells none."""
        return None if self.text in _NAMES else _number(self.text)

    @cached_property
    def holds(self) -> "Mapping[int | str, Written] | None":
        """What it holds where it is in brackets, by place or key; None where it is one value.

        >>> [each.text for each in Written("[1, 'a, b']").holds.values()]
        ['1', "'a, b'"]
        >>> Written('{"a": [1]}').holds
        {'a': Written(text='[1]', depth=1)}
        """
        if self.depth >= _MAX_DEPTH or not _is_in_brackets(self.text):
            return None
        pieces = split(self.text[1:-1])
        if pieces and not pieces[-1].strip():
            pieces.pop()  # a comma may follow the last value
        if self.text[0] != "{":
            return dict(enumerate(map(self._inner, pieces)))
        entries = [split(piece, at=":", most=1) for piece in pieces]
        if all(len(entry) == 2 for entry in entries):
            return {self._inner(key).characters: self._inner(value) for key, value in entries}
        if any(len(entry) == 2 for entry in entries):
            return None
        return dict(enumerate(map(self._inner, pieces)))

    @property
    def is_bare(self) -> bool:
        """Whether it is neither in quotes nor in brackets."""
        return self.characters == self.text and self.holds is None

    @property
    def is_mapping(self) -> bool:
        """Whether it holds values by key."""
        return self.holds is not None and self.text[0] == "{" and 0 not in self.holds

    def _inner(self, text: str) -> "Written":
        return Written(text.strip(), self.depth + 1)


def split(text: str, *, at: str = ",", most: int = -1) -> list[str]:
    """Splits a text at the commas that are outside of quotes and brackets.

    Brackets that do not match are characters like others, and so is a quote inside a word.

    >>> split("a, 'b, c', (d, e)"), split("it's, (fine"), split("")
    (['a', " 'b, c'", ' (d, e)'], ["it's", ' (fine'], [])
    """
    cuts: list[int] = []
    all_cuts: list[int] = []
    opened: list[str] = []
    do_match = True
    for index, mark in marks(text):
        if mark in "[({":
            opened.append(mark)
        elif mark in _OPENING:
            do_match = do_match and bool(opened) and opened.pop() == _OPENING[mark]
        elif mark == at:
            all_cuts.append(index)
            if not opened:
                cuts.append(index)
    chosen = cuts if do_match and not opened else all_cuts
    if most >= 0:
        chosen = chosen[:most]
    borders = [-1, *chosen, len(text)]
    return [text[start + 1 : end] for start, end in pairwise(borders)] if text else []


def _number(text: str) -> int | float | None:
    """Returns the number that a text spells as Python or JSON would, or with separators."""
    text = text.replace("\N{MINUS SIGN}", "-")
    bare = text.replace(",", "") if THOUSANDS.fullmatch(text.lstrip("+-")) else text
    if len(bare) > _MAX_DIGITS:
        return None
    if _INTEGER.fullmatch(bare):
        return int(bare, 0)
    number = float(bare) if _FLOAT.fullmatch(bare) else math.inf
    return number if math.isfinite(number) else None


def _is_in_brackets(text: str) -> bool:
    """Returns whether the bracket that opens a text is closed by its last character."""
    if len(text) < 2 or text[0] not in "[({" or text[-1] not in "])}":
        return False
    opened: list[str] = []
    for index, mark in marks(text):
        if mark in "[({":
            opened.append(mark)
        elif mark in _OPENING:
            if not opened or opened.pop() != _OPENING[mark]:
                return False
            if not opened:
                return index == len(text) - 1
    return False


def marks(text: str) -> Iterator[tuple[int, str]]:
    """Yields the brackets, commas and colons of a text that are outside of quotes.

    A quote opens where a value begins, and closes where one ends.
    """
    start = position = 0
    while found := _MARK.search(text, position):
        index, position = found.start(), found.end()
        if found[0] not in "'\"":
            if found[0] != "=":  # `name='a, b'`: a value begins there too
                yield index, found[0]
            start = position
        elif not text[start:index].strip():
            quoted = _QUOTED.match(text, index)
            if quoted and _END_OF_VALUE.match(text, quoted.end()):
                position = quoted.end()
