"""The values that a parameter may have, where they can be listed, and how a call spells them.

Knows no text that is being written; `spelling.py` does.
"""

import inspect
import json
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from functools import lru_cache, partial
from types import UnionType
from typing import Annotated, Any, Literal, NewType, Union, get_args, get_origin

from toolformer.tools.parameters.written import Written, split

# Texts; or a regular expression that matches them in full; or a function that is given the values
# of the parameters before by keyword and returns either, None where the parameter is free. One that
# takes `text_before` is given what stands in front of the call, too.
Listed = Iterable[object] | re.Pattern[str]
Values = Sequence[object] | re.Pattern[str] | Callable[..., Listed | None]

_PLAIN = re.compile(r"""[^\s,()\[\]{}'"=:\\](?:[^,()\[\]{}'"=:\\\n\r]*[^\s,()\[\]{}'"=:\\])?""")
_TEXT = "text_before"
_LAST = chr(0x10FFFF)  # sorts behind any character


def reads_text(values: Values | None) -> bool:
    """Returns whether values follow from the text in front of the call."""
    return callable(values) and _TEXT in inspect.signature(values).parameters


def behind(values: Values | None, text: str) -> Values | None:
    """Returns the values of a parameter in a call behind a text."""
    if callable(values) and reads_text(values):
        return partial(values, **{_TEXT: text})
    return values


def listed(kind: Any) -> tuple[object, ...] | None:
    """Returns the values of a type that has few: a `Literal`, an `Enum`, a truth value.

    Nothing at all (`None`) is one where the type allows it.

    >>> listed(Literal["km", "mi"] | None), listed(bool), listed(str)
    (('km', 'mi', None), (True, False), None)
    """
    if isinstance(kind, NewType):
        return listed(kind.__supertype__)
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return listed(inner[0])
    if origin in (Union, UnionType):
        found = [listed(each) for each in inner]
        return None if None in found else tuple(v for each in found for v in each or ())
    if kind is type(None):
        return (None,)
    if kind is bool:
        return (True, False)
    values: Sequence[object] = inner if origin is Literal else ()
    if isinstance(kind, type) and issubclass(kind, Enum):
        values = [member.value for member in kind]
    values = [value.value if isinstance(value, Enum) else value for value in values]
    is_plain = all(isinstance(value, str | int | None) for value in values)
    return tuple(values) if values and is_plain else None


class SpelledValues:
    """Values, by how a call spells them.

    >>> values = SpelledValues(["country", "country of origin"], spell=json_spellings)
    >>> values.after('"country', ends=("}",))
    (' of origin"}', '"}')
    """

    def __init__(
        self, values: Iterable[object], *, spell: Callable[[object], Iterable[str]]
    ) -> None:
        self._texts = sorted({text for value in values for text in spell(value)})
        self._known = frozenset(self._texts)
        self.after = lru_cache(maxsize=64)(self._after)

    def __contains__(self, text: object) -> bool:
        """Returns whether a text spells one of them."""
        return text in self._known

    def _after(self, typed: str, ends: tuple[str, ...]) -> tuple[str, ...]:
        """Returns how what is written of a value may continue, to one of the ends.

        Args:
            typed: what is written; all of a value and part of an end, too.
            ends: what may follow a value.
        """
        first = bisect_left(self._texts, typed)
        last = bisect_left(self._texts, typed + _LAST)
        rests = [text[len(typed) :] for text in self._texts[first:last]]
        found = [rest + end for rest in rests for end in ends]
        found += [
            end[size:]
            for end in ends
            for size in range(1, len(end))
            if typed.endswith(end[:size]) and typed[:-size] in self
        ]
        return tuple(found)


def json_spellings(value: object) -> tuple[str, ...]:
    """Returns how a JSON object spells a value."""
    return (json.dumps(value, ensure_ascii=False),)


def bare_spellings(value: object, *, may_hold_commas: bool) -> Iterable[str]:
    """Returns how a value is spelled between commas: as it is where that reads back, else quoted.

    Args:
        value: the value.
        may_hold_commas: whether all surplus commas of a call belong to it.

    >>> list(bare_spellings(True, may_hold_commas=False))
    ['True', 'true']
    >>> [bare_spellings("Washington, D.C.", may_hold_commas=may) for may in (True, False)]
    [('Washington, D.C.',), ('"Washington, D.C."',)]
    """
    if not isinstance(value, str):
        return dict.fromkeys([str(value), json.dumps(value)])
    if _PLAIN.fullmatch(value):
        return (value,)
    for text in (value, json.dumps(value, ensure_ascii=False)):
        pieces = split(text)
        is_one = len(pieces) == 1 or (may_hold_commas and text == value)
        if is_one and "=" not in pieces[0].partition('"')[0] and _reads_back(text, value):
            return (text,)
    return ()


def _reads_back(text: str, value: str) -> bool:
    written = Written(text)
    return text == text.strip() != "" and written.characters == value
