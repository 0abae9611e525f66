"""Finding a name in any case, and the names near one that is not there. Pure text."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from functools import cached_property

_LIKELY = 30  # names with the most trigrams in common are compared letter by letter


class Names:
    """Some names, in memory.

    >>> names = Names(["France", "Germany"])
    >>> names.spellings("FRANCE"), names.near("Frannce")
    (['France'], ['France'])
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._spellings: dict[str, list[str]] = defaultdict(list)
        for name in names:
            self._spellings[_key(name)].append(name)

    def __iter__(self) -> Iterator[str]:
        return (name for names in self._spellings.values() for name in names)

    def spellings(self, name: str) -> list[str]:
        """Returns the names that are this one but for case, spaces and underscores."""
        return self._spellings.get(_key(name), [])

    def near(self, name: str, *, count: int = 3) -> list[str]:
        """Returns names that are spelled alike, the nearest first."""
        common: Counter[int] = Counter()
        for trigram in _trigrams(_key(name)):
            common.update(self._trigrams.get(trigram, ()))
        keys = [self._keys[index] for index, _ in common.most_common(_LIKELY)]
        near = get_close_matches(_key(name), keys, n=count, cutoff=0.7)
        return [self._spellings[key][0] for key in near]

    @cached_property
    def _keys(self) -> list[str]:
        return list(self._spellings)

    @cached_property
    def _trigrams(self) -> dict[str, list[int]]:
        places: dict[str, list[int]] = defaultdict(list)
        for index, key in enumerate(self._keys):
            for trigram in _trigrams(key):
                places[trigram].append(index)
        return places


def _key(name: str) -> str:
    return re.sub(r"[\s_]+", " ", name).strip().casefold()


def _trigrams(key: str) -> set[str]:
    padded = f"  {key} "
    return {padded[start : start + 3] for start in range(len(padded) - 2)}
