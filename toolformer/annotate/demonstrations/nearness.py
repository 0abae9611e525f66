"""How near texts are to one another: BM25 over their words, rare ones counting more.

Pure text and numbers: no calls, no tools, no model. Robertson and Zaragoza, "The Probabilistic
Relevance Framework: BM25 and Beyond" (2009).
"""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_K1 = 1.2  # how soon a word that is repeated counts no more
_B = 0.75  # how far a long text's words count less

# Scripts without spaces between words: each character is one.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_UNSPACED}]|(?:(?![{_UNSPACED}])[^\W\d_])+")


def words_of(text: str) -> list[str]:
    """Returns the words of a text in lower case; numbers are values, not what it is about.

    >>> words_of("Today, on May 5, 日本 has 2 of them.")
    ['today', 'on', 'may', '日', '本', 'has', 'of', 'them']
    """
    return _WORD.findall(text.casefold())


class TextIndex:
    """Some texts, ready to be asked how near each is to another."""

    def __init__(self, texts: Sequence[str]) -> None:
        counts = [Counter(words_of(text)) for text in texts]
        lengths = np.array([sum(each.values()) for each in counts], dtype=np.float64)
        mean = max(float(lengths.mean()) if len(texts) else 0.0, 1.0)
        self._size = len(texts)
        norms = _K1 * (1 - _B + _B * lengths / mean)  # (texts,)
        places: dict[str, list[int]] = defaultdict(list)
        times: dict[str, list[int]] = defaultdict(list)
        for number, each in enumerate(counts):
            for word, count in each.items():
                places[word].append(number)
                times[word].append(count)
        # By word: the texts that have it, and what it counts in each; (texts with it,) both.
        self._postings: dict[str, tuple[NDArray[np.int64], NDArray[np.float64]]] = {}
        for word, numbers in places.items():
            there = np.array(numbers, dtype=np.int64)
            often = np.array(times[word], dtype=np.float64)
            rarity = np.log1p((self._size - len(numbers) + 0.5) / (len(numbers) + 0.5))
            self._postings[word] = there, rarity * often * (_K1 + 1) / (often + norms[there])

    def scores(self, text: str) -> NDArray[np.float64]:
        """Returns how near each text is to another one; 0 where they share no word."""
        scores = np.zeros(self._size)  # (texts,) float64
        # Each word once, in the order of the text: sums of floats depend on their order.
        for word in dict.fromkeys(words_of(text)):
            if word in self._postings:
                there, weights = self._postings[word]
                scores[there] += weights
        return scores

    def nearest_first(self, text: str) -> NDArray[np.int64]:
        """Returns the numbers of the texts, the nearest first; equally near ones in their order."""
        return np.argsort(-self.scores(text), kind="stable")
