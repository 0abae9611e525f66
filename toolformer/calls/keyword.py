"""Calls with keywords, in a list, as API-Bank has them: `[Name(key='value', other=[1]), Other()]`.

Not a `CallGrammar`: nothing here is inserted into a text. Models write such lists, and people wrote
those that models are compared with, in neither case quite as Python does: `name='the user's ID'`,
a dictionary in quotes, a missing bracket. What can be meant in one way only is read; nothing else.
"""

import ast
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

_NAME = r"[^\s()\[\]{}'\"=,:<>]+"
_LEAD = re.compile(rf"\s*({_NAME})\s*\(\s*")
_KEY = re.compile(rf"\s*({_NAME})\s*=\s*")
_AFTER_VALUE = re.compile(rf"\s*(?:,\s*{_NAME}\s*=|\)\s*[\],])")  # what a value ends before
_AFTER_ARGUMENTS = re.compile(r"\s*\)")
_COMMA = re.compile(r"\s*,")
_END = re.compile(r"\s*\]")
_QUOTES = {"'": "'", '"': '"', "‘": "’", "“": "”"}
_PAIRS = {"[": "]", "{": "}", "(": ")"}
_WORDS = {"true": True, "false": False, "null": None}  # of JSON
_MOST = 20_000  # characters of a text that are looked at: an answer that goes on and on is none
_LONGEST_BARE = 100  # characters of a number or a word
_MOST_TRIES = 200  # quotes at which a value could end


@dataclass(frozen=True, slots=True)
class KeywordCall:
    """A call and its arguments by keyword, as values.

    Calls are equal where name, keywords and values are: the order of the keywords and the kind of
    the quotes make no difference, a number is the same with or without a fraction of zero, and a
    number is not the text of it.

    >>> [first] = read_keyword_calls("[Add(a=1, b='x')]") or []
    >>> [second] = read_keyword_calls('API-Request: [Add(b="x", a=1.0)]') or []
    >>> first == second, first == KeywordCall("Add", {"a": "1", "b": "x"})
    (True, False)
    """

    name: str
    arguments: Mapping[str, object] = field(default_factory=dict)

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """The keywords in order, each with its value as JSON: equal values, equal texts."""
        return tuple(sorted((key, _canonical(value)) for key, value in self.arguments.items()))

    def __eq__(self, other: object) -> bool:
        """Returns whether names, keywords and values are the same."""
        if not isinstance(other, KeywordCall):
            return NotImplemented
        return self.name == other.name and self.pairs == other.pairs

    def __hash__(self) -> int:
        """Returns the same for equal calls."""
        return hash((self.name, self.pairs))

    def __str__(self) -> str:
        """Returns the call as it stands in a list.

        >>> str(KeywordCall("Add", {"a": 1, "b": "x"}))
        "Add(a=1, b='x')"
        """
        return f"{self.name}({self.written})"

    @property
    def written(self) -> str:
        """The arguments as they stand between the parentheses."""
        return ", ".join(f"{key}={value!r}" for key, value in self.arguments.items())


def write_keyword_calls(calls: Sequence[KeywordCall]) -> str:
    """Returns calls as a list.

    >>> write_keyword_calls([KeywordCall("Add", {"a": 1}), KeywordCall("Now")])
    '[Add(a=1), Now()]'
    """
    return f"[{', '.join(map(str, calls))}]"


def read_keyword_calls(text: str, *, whole: bool = False) -> list[KeywordCall] | None:
    """Returns the calls of all lists in a text; None where no list can be read.

    Args:
        text: such as a model's answer.
        whole: whether the text must be one list and nothing else.

    >>> read_keyword_calls("Sure. [GetWeather(city='Oslo', days=[1, 2])]")
    [KeywordCall(name='GetWeather', arguments={'city': 'Oslo', 'days': [1, 2]})]
    >>> [read_keyword_calls(each) for each in ("[Now()", "[]", "[see above]")]
    [None, None, None]
    """
    text = text[:_MOST].strip()
    lists = list(_lists(text))
    if whole and [(start, end) for start, end, _ in lists] != [(0, len(text))]:
        return None
    return [call for _, _, calls in lists for call in calls] or None


def split_keyword_call(text: str) -> tuple[KeywordCall, str] | None:
    """Returns the one call of a text that is a list of one, and its arguments as they are written.

    >>> split_keyword_call("[Add(a = 1)]")
    (KeywordCall(name='Add', arguments={'a': 1}), 'a = 1')
    >>> split_keyword_call("[Add(a=1), Now()]") is split_keyword_call("So [Now()]") is None
    True
    """
    text = text.strip()
    calls = read_keyword_calls(text, whole=True)
    lead = _LEAD.match(text, 1)
    if calls is None or len(calls) != 1 or lead is None:
        return None
    return calls[0], text[lead.end() : -1].rstrip()[:-1]


def _lists(text: str) -> Iterator[tuple[int, int, list[KeywordCall]]]:
    """Yields the lists of calls in a text: where each begins and ends, and its calls."""
    at = 0
    while (start := text.find("[", at)) >= 0:
        read = _read_list(text, start + 1)
        if read is None:
            at = start + 1
        else:
            calls, at = read
            yield start, at, calls


def _read_list(text: str, at: int) -> tuple[list[KeywordCall], int] | None:
    """Returns the calls of the list that is open at a place, and where it ends."""
    calls: list[KeywordCall] = []
    while True:
        lead = _LEAD.match(text, at)
        if lead is None:
            return None
        read = _read_arguments(text, lead.end())
        if read is None:
            return None
        arguments, at = read
        calls.append(KeywordCall(lead[1], arguments))
        if end := _END.match(text, at):
            return calls, end.end()
        comma = _COMMA.match(text, at)
        if comma is None:
            return None
        at = comma.end()


def _read_arguments(text: str, at: int) -> tuple[dict[str, object], int] | None:
    """Returns the arguments that begin at a place, and where the parenthesis after them ends."""
    arguments: dict[str, object] = {}
    while True:
        if not arguments and (end := _AFTER_ARGUMENTS.match(text, at)):
            return arguments, end.end()
        key = _KEY.match(text, at)
        if key is None or key[1] in arguments:
            return None
        read = _read_value(text, key.end())
        if read is None:
            return None
        arguments[key[1]], at = read
        if end := _AFTER_ARGUMENTS.match(text, at):
            return arguments, end.end()
        comma = _COMMA.match(text, at)
        if comma is None:
            return None
        at = comma.end()


def _read_value(text: str, start: int) -> tuple[object, int] | None:
    """Returns the value that begins at a place, and where it ends; None where it has no end."""
    first = text[start : start + 1]
    if first in _QUOTES:
        return _read_quoted(text, start, _QUOTES[first])
    if first in _PAIRS:
        end = _closing(text, start)
        return None if end is None else _literal(text[start:end], end)
    after = _AFTER_VALUE.search(text, start, start + _LONGEST_BARE)
    return None if after is None else _literal(text[start : after.start()], after.start())


def _read_quoted(text: str, start: int, quote: str) -> tuple[str, int] | None:
    """Returns the text in quotes that begins at a place.

    A quote ends it only where a value may end: others are part of it, as in `'the user's ID'`.
    """
    at = start
    for _ in range(_MOST_TRIES):
        at = text.find(quote, at + 1)
        if at < 0:
            return None
        escapes = len(text[start:at]) - len(text[start:at].rstrip("\\"))
        if escapes % 2 == 0 and _AFTER_VALUE.match(text, at + 1):
            try:
                value = ast.literal_eval(text[start : at + 1])
            except (ValueError, SyntaxError):
                value = None
            return (value if isinstance(value, str) else text[start + 1 : at]), at + 1
    return None


def _literal(spelled: str, end: int) -> tuple[object, int] | None:
    """Returns a number, a word, a list or a dictionary; a bare text is no value."""
    spelled = spelled.strip()
    if spelled in _WORDS:
        return _WORDS[spelled], end
    for read in (ast.literal_eval, json.loads):
        try:
            value: object = read(spelled)
            _canonical(value)
        except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
            continue
        return value, end
    return None


def _closing(text: str, start: int) -> int | None:
    """Returns where the bracket that opens at a place has closed; those in quotes do not count."""
    open_: list[str] = []
    at = start
    while at < len(text):
        character = text[at]
        if character in "'\"":
            at += 1
            while at < len(text) and text[at] != character:
                at += 2 if text[at] == "\\" else 1
        elif character in _PAIRS:
            open_.append(_PAIRS[character])
        elif character in _PAIRS.values():
            if open_.pop() != character:
                return None
            if not open_:
                return at + 1
        at += 1
    return None


def _canonical(value: object) -> str:
    """Returns a value as JSON in one spelling.

    Raises:
        TypeError, ValueError: JSON has no such value.
    """
    return json.dumps(_plain(value), sort_keys=True, ensure_ascii=False, allow_nan=False)


def _plain(value: object) -> object:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise TypeError("a key is not a text")
        return {key: _plain(each) for key, each in value.items()}
    return value
