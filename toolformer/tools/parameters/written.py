"""A value as a call writes it, and what it is worth as a Python type.

What is not in quotes is read as the parameter wants it: `3.10` is a number for a `float` and four
characters for a `str`, wherever in the type that is. Literals are read, nothing is evaluated.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import cached_property
from itertools import pairwise
from types import MappingProxyType
from typing import Any

from toolformer.dates import find_date
from toolformer.specs import type_adapter
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
_DIGITS = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?")

# Types of pydantic's errors.
_WANTS_SEVERAL = frozenset(
    {"list_type", "tuple_type", "set_type", "frozen_set_type", "named_tuple_type"}
)
_WANTS_KEYS = frozenset({"dict_type", "model_type", "dataclass_type"})
_WANTS_DAY = ("date_", "datetime_")
_WANTS_TIME = (*_WANTS_DAY, "time_type", "time_parsing")

_Place = tuple[int | str, ...]  # of a value in those that hold it
_NOTHING: Mapping[_Place, object] = MappingProxyType({})


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
    for index, mark in _marks(text):
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


def value_of(kind: Any, written: Written) -> object:
    """Returns a written value as a type wants it.

    It is taken for what it spells where the type allows that as it is (`5` for `str | int`) and
    nothing of it is lost, then for its characters (`3.10` for `str | float`), and last for what can
    be made of what it spells.

    >>> value_of(list[str], Written("[3.10, '007']")), value_of(int | None, Written("null"))
    (['3.10', '007'], None)

    Raises:
        ValueError: The type does not allow it; the text is why.
    """
    if kind is str:
        return written.characters
    leaves = dict(_leaves(written))
    value, errors = _validated(kind, written, strict=True)
    if not errors:
        value = _exact(kind, written, value, leaves)
    # pydantic takes a text of digits for seconds since 1970; a number it refuses
    digits = [place for place, each in leaves.items() if _is_digits(each.literal)]
    if digits:
        _, other = _validated(kind, written, dict.fromkeys(digits, 0), strict=True)
        errors += [each for each in other if each["type"].startswith(_WANTS_TIME)]
    if errors:
        value, errors = _lenient(kind, written, leaves, errors)
    if errors:
        return _value_of_several(kind, written, errors)
    if any(map(_spells_no_number, leaves.values())) and not _is_finite(value):
        raise ValueError("Input should be a finite number")
    return value


def _exact(kind: Any, written: Written, value: object, leaves: Mapping[_Place, Written]) -> object:
    """Returns the value in which no number has lost a digit, where the type has room for it.

    A type that takes anything at all has no wish: there a number is one.
    """
    lossy = {
        place: each
        for place, each in leaves.items()
        if each.number is not None and str(each.number) != each.text
    }
    anything: dict[_Place, object] = {place: [] for place in lossy}
    if not lossy or not _validated(kind, written, anything, strict=True)[1]:
        return value
    for texts in (
        {place: each.text for place, each in lossy.items()},
        {place: each.text.replace(",", "") for place, each in lossy.items()},  # a Decimal's
    ):
        exact, errors = _validated(kind, written, texts, strict=True)
        if not errors:
            return exact
    return value


def _lenient(
    kind: Any, written: Written, leaves: Mapping[_Place, Written], errors: list[Any]
) -> tuple[object, list[Any]]:
    """Returns what can be made of a value that does not fit as it is, or pydantic's errors."""
    texts = _wanted_texts(written, errors)
    value, errors = _validated(kind, written, texts)
    numbers = {place for place, each in leaves.items() if each.number is not None}
    if errors and texts.keys() & numbers:
        rest = {place: text for place, text in texts.items() if place not in numbers}
        value, still = _validated(kind, written, rest)
        errors = errors if still else []
    return value, errors


def _value_of_several(kind: Any, written: Written, errors: list[Any]) -> object:
    reason = errors[0]["msg"]
    for several in _as_several(written, errors):
        try:
            return value_of(kind, several)
        except ValueError as error:
            reason = str(error)
    raise ValueError(reason)


def _validated(
    kind: Any,
    written: Written,
    instead: Mapping[_Place, object] = _NOTHING,
    *,
    strict: bool = False,
) -> tuple[object, list[Any]]:
    """Returns a value as a type, with others instead at some places; or pydantic's errors."""
    from pydantic import ValidationError

    text = json.dumps(_plain(written, instead))
    try:
        return type_adapter(kind).validate_json(text, strict=strict), []
    except ValidationError as error:
        return None, error.errors(include_url=False, include_context=False)


def _plain(written: Written, instead: Mapping[_Place, object], place: _Place = ()) -> object:
    """Returns a value as JSON has it, with others instead at some places."""
    if place in instead:
        return instead[place]
    if written.holds is None:
        return written.literal
    values = {key: _plain(each, instead, (*place, key)) for key, each in written.holds.items()}
    return values if written.is_mapping else list(values.values())


def _leaves(written: Written, place: _Place = ()) -> Iterator[tuple[_Place, Written]]:
    if written.holds is None:
        yield place, written
        return
    for key, each in written.holds.items():
        yield from _leaves(each, (*place, key))


def _wanted_texts(written: Written, errors: list[Any]) -> dict[_Place, object]:
    """Returns the characters of what does not fit as it is, by place; of a day, its ISO form.

    Raises:
        ValueError: A day or a time is wanted where a number stands.
    """
    texts: dict[_Place, object] = {}
    times: dict[_Place, str] = {}
    for error in errors:
        place, found = _found(written, error["loc"])
        if found.holds is not None and error["type"] != "string_type":
            continue
        if not error["type"].startswith(_WANTS_TIME):
            texts[place] = found.characters
        elif error["type"].startswith(_WANTS_DAY) and (day := find_date(found.characters)):
            texts.setdefault(place, day.isoformat())
        elif found.number is not None or _is_digits(found.characters):
            times[place] = error["msg"]
        else:
            texts.setdefault(place, found.characters)
    for place, reason in times.items():
        if place not in texts:
            raise ValueError(reason)
    return texts


def _found(written: Written, labels: Sequence[int | str]) -> tuple[_Place, Written]:
    """Follows the labels of an error, of which some name the types that it is about."""
    place: _Place = ()
    for label in labels:
        if written.holds is not None and label in written.holds:
            place, written = (*place, label), written.holds[label]
    return place, written


def _as_several(written: Written, errors: list[Any]) -> list[Written]:
    """Returns a value as several: brackets in quotes, or what stands between commas."""
    if written.holds is not None:
        return []
    text = written.characters
    tries = [text]
    types = {each["type"] for each in errors}
    if types & _WANTS_SEVERAL:
        if ", " in THOUSANDS.sub("", text):  # "1,400, 2" has two values, and "1,400,2" three
            tries.append(f"[{THOUSANDS.sub(lambda number: repr(number[0]), text)}]")
            tries.append(f"[{THOUSANDS.sub(lambda number: number[0].replace(',', ''), text)}]")
        tries += [f"[{text}]", json.dumps([text])]
    if types & _WANTS_KEYS:
        tries.append(f"{{{text}}}")
    return [each for each in map(Written, tries) if each.holds is not None]


def _spells_no_number(written: Written) -> bool:
    """Returns whether it is infinity, or not a number at all, where a number is read."""
    try:
        return not math.isfinite(float(written.characters))
    except ValueError:
        return False


def _is_finite(value: object) -> bool:
    """Returns whether all numbers that a value holds are finite."""
    match value:
        case float():
            return math.isfinite(value)
        case Mapping():
            return all(map(_is_finite, value.values()))
        case list() | tuple() | set() | frozenset():
            return all(map(_is_finite, value))
        case _ if is_dataclass(value):
            return all(_is_finite(getattr(value, each.name)) for each in fields(value))
        case _ if hasattr(value, "__pydantic_fields__"):
            return all(map(_is_finite, vars(value).values()))
        case _:
            return True


def _is_digits(value: object) -> bool:
    return isinstance(value, str) and _DIGITS.fullmatch(value) is not None


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
    for index, mark in _marks(text):
        if mark in "[({":
            opened.append(mark)
        elif mark in _OPENING:
            if not opened or opened.pop() != _OPENING[mark]:
                return False
            if not opened:
                return index == len(text) - 1
    return False


def _marks(text: str) -> Iterator[tuple[int, str]]:
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
