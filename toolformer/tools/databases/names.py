"""Finding a name in any case, and the names near one that is not there. Pure text."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from functools import cached_property
from heapq import nsmallest
from itertools import chain, islice

_LIKELY = 30  # names with the most trigrams in common are compared letter by letter
_LONGEST = 100  # characters of a name that is compared: more is not a slip of the pen
_WORD = re.compile(r"\w+|[^\w\s]")
_MOST_WORDS = 16  # of a name that is looked for in a text, signs included
_MOST_READ = 10_000  # characters of a text's end that are looked through
_MOST_SEEN = 200_000  # names that are counted; the rare trigrams, which tell most, come first


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

    def in_text(self, text: str) -> list[str]:
        """Returns the names that a text holds as whole words, in the order of their places.

        Their case counts, but a small first letter may have become a capital.

        >>> Names(["New York", "York", "iron", "New York, NY"]).in_text("Iron from New York.")
        ['iron', 'New York', 'York']
        """
        text = _spaced(text[-_MOST_READ:])
        words = [word.span() for word in _WORD.finditer(text)]
        found: dict[str, None] = {}
        for first, (start, _) in enumerate(words):
            for _, end in words[first : first + _MOST_WORDS]:
                said = text[start:end]
                for name in self._spellings.get(said.casefold(), ()):
                    spaced = _spaced(name)
                    if said in (spaced, spaced[:1].upper() + spaced[1:]):
                        found[name] = None
        return list(found)

    def near(self, name: str, *, count: int = 3) -> list[str]:
        """Returns names that are spelled alike, the nearest first; those alike in the given order.

        It takes a bounded time, however many and however long the names are.
        """
        wanted = _key(name)
        if len(wanted) > _LONGEST:
            return []
        having = sorted((self._trigrams.get(each, ()) for each in _trigrams(wanted)), key=len)
        common = Counter(islice(chain.from_iterable(having), _MOST_SEEN))

        def unlikeness(index: int) -> tuple[int, int, int]:
            return -common[index], abs(len(self._keys[index]) - len(wanted)), index

        likely = nsmallest(_LIKELY, common, key=unlikeness)
        near = get_close_matches(wanted, [self._keys[each] for each in likely], n=count, cutoff=0.7)
        return [self._spellings[key][0] for key in near]

    @cached_property
    def _keys(self) -> list[str]:
        return list(self._spellings)

    @cached_property
    def _trigrams(self) -> dict[str, list[int]]:
        places: dict[str, list[int]] = defaultdict(list)
        for index, key in enumerate(self._keys):
            if len(key) > _LONGEST:
                continue
            for trigram in _trigrams(key):
                places[trigram].append(index)
        return places


def _key(name: str) -> str:
    return _spaced(name).casefold()


def _spaced(text: str) -> str:
    composed = unicodedata.normalize("NFC", text)  # é is one character or two, and looks the same
    return re.sub(r"[\s_]+", " ", composed).strip()


def _trigrams(key: str) -> Iterable[str]:
    """Returns each trigram once, in the order of the text: sets have another order in each run."""
    padded = f"  {key} "
    return dict.fromkeys(padded[start : start + 3] for start in range(len(padded) - 2))
