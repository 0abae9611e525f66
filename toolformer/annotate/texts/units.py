"""Units: the words and numbers of a text, each with all the tokens that it takes to say it.

A tokenizer that splits digits says ` 48` in three tokens, the first of them a space, another in
one. Weights over tokens would mean something else for each; over units they do not.

A unit is a word or a number with what stands between it and the unit before: white space, currency
signs, punctuation. A token belongs to the unit in which its first character lies. What follows the
last word of a text is a unit of its own. Ideographs and kana, which are written without spaces, are
a word each.
"""

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

UNITS = 5  # that are scored
MOST_TOKENS = 32  # of the scored units together: a word without end is cut

# Scripts written without spaces: ideographs and kana.
_ALONE = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_UNIT = re.compile(
    rf"\d+(?:[.,]\d+)*|[{_ALONE}]|[^\W\d_{_ALONE}]+(?:['’][^\W\d_{_ALONE}]+)*", re.UNICODE
)


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """The units of a text."""

    starts: npt.NDArray[np.int64]  # (units,) character offsets: of the word or number itself
    ends: npt.NDArray[np.int64]  # (units,) character offsets

    @classmethod
    def of(cls, text: str) -> "Units":
        """Finds the units of a text.

        >>> Units.of("It cost $1,400, Anna's").ends
        array([ 2,  7, 14, 22])
        """
        spans = [match.span() for match in _UNIT.finditer(text)]
        found = np.array(spans, dtype=np.int64).reshape(-1, 2)
        return cls(found[:, 0], found[:, 1])

    def sizes(self, position: int, token_ends: npt.NDArray[np.int64]) -> tuple[int, ...]:
        """Returns how many tokens each of the five units from a place on takes.

        Fewer where the text ends, or where they would be more than `MOST_TOKENS` tokens together.

        Args:
            position: a place, which is not inside a unit.
            token_ends: (tokens,) int64 of the text, ascending.

        >>> text = "2 * 24 = 48 eggs, or so."  # every character is a token
        >>> Units.of(text).sizes(8, np.arange(1, len(text) + 1))
        (3, 5, 4, 3, 1)
        """
        # The first of the tokens that end at the place; others would be parts of a character.
        first = int(np.searchsorted(token_ends, position)) + 1 if position else 0
        begin = np.concatenate([[position], token_ends[first : first + MOST_TOKENS - 1]])
        begin = begin[: len(token_ends) - first]
        ends = self.ends[np.searchsorted(self.ends, position, side="right") :][:UNITS]
        unit = np.searchsorted(ends, begin, side="right")
        return tuple(np.bincount(unit[unit < UNITS]).tolist())

    def before(self, position: int) -> tuple[int, int]:
        """Returns where the five units before a place begin, and where they end."""
        last = int(np.searchsorted(self.ends, position, side="right"))
        first = max(0, last - UNITS)
        if first == last:
            return position, position
        return int(self.starts[first]), int(self.ends[last - 1])
