"""Texts cut into passages, which is what a search finds."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

WORDS = 100  # of a passage, about

_SENTENCE = re.compile(r"\S.*?(?:[.!?][\"'”’)\]]*(?=\s)|\n\s*\n|\Z)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Page:
    """A text to be found, and what it is about."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Passage:
    """Some sentences of a page."""

    title: str
    text: str


def passages_of(page: Page, *, words: int = WORDS) -> Iterator[Passage]:
    """Yields the passages of a page: whole sentences, about as many words in each.

    >>> page = Page("Reel", "A reel holds line. It turns. One hand is enough for it.")
    >>> [passage.text for passage in passages_of(page, words=6)]
    ['A reel holds line. It turns.', 'One hand is enough for it.']
    """
    held: list[str] = []
    count = 0
    for sentence in _SENTENCE.findall(page.text):
        parts = sentence.split()
        while parts:
            taken, parts = parts[:words], parts[words:]
            if held and count + len(taken) > words:
                yield Passage(page.title, " ".join(held))
                held, count = [], 0
            held += taken
            count += len(taken)
    if held:
        yield Passage(page.title, " ".join(held))
