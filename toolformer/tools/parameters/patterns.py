"""Values of which only the form is known: a regular expression, matched while it is written."""

import json
import logging
import re
import string
from functools import lru_cache

import regex  # like `re`, and it tells whether a text could still come to match

from toolformer.errors import clipped

_log = logging.getLogger(__name__)
# A quote and a backslash would be read as parts of what is around a value.
_CHARACTERS = "".join(sorted(set(string.printable) - set("\"'\\\t\n\r\x0b\x0c")))
_MOST = 8  # continuations that are followed further: the longer, the fewer tokens begin with one
_FURTHEST = 16  # characters
_LONGEST_S = 0.1  # for one match
# What lets an expression match characters that it does not name, digits apart.
_UNNAMED = re.compile(r"\.|\\[a-ce-zA-Z]|\[\^|\w-\w")


class SpelledPattern:
    """The texts that a regular expression matches in full, as a call spells them.

    They are of printable ASCII and of what else the expression names, without quotes and
    backslashes.

    >>> sizes = SpelledPattern(re.compile("[1-9][0-9]? (cm|km)"))
    >>> sizes.after("12", ends=(")",)), sizes.after("12 k", ends=(")",))
    ((' cm)', ' km)'), ('m)',))

    Args:
        pattern: of the whole value.
        is_quoted: whether a value stands in quotes, as in a JSON object.
        may_hold_commas: whether a comma may be part of it.
    """

    def __init__(
        self, pattern: re.Pattern[str], *, is_quoted: bool = False, may_hold_commas: bool = True
    ) -> None:
        named = {*pattern.pattern}
        if not _UNNAMED.search(pattern.pattern) and not pattern.flags & re.IGNORECASE:
            found = [each for each in _CHARACTERS if each in named or each.isdigit()]
        else:
            found = list(_CHARACTERS)
        found += sorted(each for each in named if each.isprintable() and not each.isascii())
        self._characters = [each for each in found if may_hold_commas or is_quoted or each != ","]
        self._pattern = regex.compile(pattern.pattern, _flags(pattern))
        self._is_slow = False
        self._quote = '"' if is_quoted else ""
        self.after = lru_cache(maxsize=512)(self._after)

    def __contains__(self, text: object) -> bool:
        """Returns whether a text spells one of them."""
        if not isinstance(text, str):
            return False
        if self._quote:
            try:
                value = json.loads(text)
            except ValueError:
                return False
            return isinstance(value, str) and self._is_whole(value)
        return text == text.strip() and self._is_whole(text)

    def _after(self, typed: str, ends: tuple[str, ...]) -> tuple[str, ...]:
        """Returns how what is written of a value may continue, some characters far.

        Args:
            typed: what is written; all of a value and part of an end, too.
            ends: what may follow a value.
        """
        ends = tuple(self._quote + end for end in ends)
        found = [
            end[size:]
            for end in ends
            for size in range(1, len(end))
            if typed.endswith(end[:size]) and self._is_whole(self._value(typed[:-size]))
        ]
        if self._quote and not typed:
            return tuple(self._quote + rest for rest in self._rests("", ends))
        return tuple(dict.fromkeys((*found, *self._rests(self._value(typed), ends))))

    def _rests(self, value: str, ends: tuple[str, ...]) -> list[str]:
        """Returns the continuations of a value: to its end, or as far as they are few."""
        told: list[str] = []
        parts = self._grown(value, "", told, ends) if self._may_become_whole(value) else []
        for _ in range(_FURTHEST):
            if len(parts) > _MOST:
                break
            parts = [each for part in parts for each in self._grown(value, part, told, ends)]
        # Half of all tokens begin with a space: there, what follows is told all the same.
        if " " in parts:
            parts = [each for each in parts if each != " "] + self._grown(value, " ", told, ends)
        return told + parts

    def _grown(self, value: str, part: str, told: list[str], ends: tuple[str, ...]) -> list[str]:
        """Returns a continuation with one more character; tells how it ends where it is whole."""
        if self._is_whole(value + part):
            told += [part + end for end in ends]
        longer = (part + each for each in self._characters)
        return [each for each in longer if self._may_become_whole(value + each)]

    def _value(self, typed: str) -> str:
        return typed.removeprefix(self._quote)

    def _is_whole(self, value: str) -> bool:
        return self._matches(value)

    def _may_become_whole(self, value: str) -> bool:
        return self._matches(value, partial=True)

    def _matches(self, value: str, *, partial: bool = False) -> bool:
        """Returns whether the expression matches; anything does once it has taken too long.

        Expressions come from strangers' schemas, too, and some take years. The tool will refuse
        what it cannot take.
        """
        if self._is_slow:
            return True
        try:
            return self._pattern.fullmatch(value, partial=partial, timeout=_LONGEST_S) is not None
        except TimeoutError:
            _log.warning(
                "The form %s is left out of account: it takes too long to see whether %s has it.",
                clipped(repr(self._pattern.pattern)),
                clipped(repr(value)),
            )
            self._is_slow = True
            return True


@lru_cache(maxsize=64)
def spelled_pattern(
    pattern: re.Pattern[str], *, is_quoted: bool, may_hold_commas: bool
) -> SpelledPattern:
    """Returns a `SpelledPattern`; equal expressions share one, and what it has found."""
    return SpelledPattern(pattern, is_quoted=is_quoted, may_hold_commas=may_hold_commas)


def _flags(pattern: re.Pattern[str]) -> int:
    """Returns the flags of an expression as `regex` numbers them: those for ASCII differ."""
    same = re.IGNORECASE | re.MULTILINE | re.DOTALL | re.VERBOSE
    return int(pattern.flags & same) | (regex.ASCII if pattern.flags & re.ASCII else 0)
