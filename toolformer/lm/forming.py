"""Where the end of a text may be the beginning of another one, such as a call.

Pure text: no tokens and no model.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache


def beginnings(
    text: str, wanted: tuple[str, ...], *, start: int = 0
) -> Iterator[tuple[int, Sequence[str]]]:
    """Yields each place from which a text's end begins wanted texts, and how these continue.

    A text that has come whole is no longer beginning.

    >>> list(beginnings("So a", ("ab", "ac", " ad", "bc", "a")))
    [(2, ['d']), (3, ['b', 'c'])]
    """
    rests, firsts, longest = _rests(wanted)
    for at in range(max(start, len(text) - longest), len(text)):
        if text[at] in firsts and (found := rests.get(text[at:])):
            yield at, found


@lru_cache(maxsize=128)
def _rests(wanted: tuple[str, ...]) -> tuple[Mapping[str, Sequence[str]], frozenset[str], int]:
    """Returns continuations of texts by beginning, the first characters, the longest length."""
    rests: dict[str, list[str]] = {}
    for each in wanted:
        for size in range(1, len(each)):
            rests.setdefault(each[:size], []).append(each[size:])
    return rests, frozenset(begun[0] for begun in rests), max(map(len, rests), default=0)
