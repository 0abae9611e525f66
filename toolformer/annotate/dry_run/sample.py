"""A random sample of a corpus, drawn while it is read once, and how large the corpus is."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from heapq import nsmallest
from random import Random

from toolformer.records import Document


@dataclass(frozen=True, slots=True)
class Sample:
    """Documents of a corpus, each as likely as any other."""

    documents: tuple[Document, ...]  # in the corpus's order
    corpus_documents: int  # among which they were drawn
    corpus_characters: int
    is_whole: bool  # whether these are all; otherwise the corpus is larger


def sample_documents(
    documents: Iterable[Document],
    count: int,
    *,
    seed: int,
    most_documents: int | None = None,
    most_characters: int | None = None,
) -> Sample:
    """Draws documents of a corpus.

    Args:
        documents: of the corpus.
        count: how many are drawn; all, where there are fewer.
        seed: of the draw.
        most_documents: reading stops after so many; None: with the last one.
        most_characters: reading stops as soon as there are so many; None: with the last one.

    >>> texts = [Document(str(number), "word " * number) for number in range(100)]
    >>> drawn = sample_documents(texts, 3, seed=0)
    >>> [each.id for each in drawn.documents], drawn.corpus_documents, drawn.is_whole
    (['35', '40', '52'], 100, True)
    """
    read = characters = 0
    is_whole = True
    draws = Random(seed)  # noqa: S311  draws for an estimate, not for secrets

    def drawn() -> Iterator[tuple[float, int, Document]]:
        nonlocal read, characters, is_whole
        for document in documents:
            is_long = most_characters is not None and characters >= most_characters
            if is_long or read == most_documents:
                is_whole = False
                return
            yield draws.random(), read, document
            read += 1
            characters += len(document.text)

    lowest = nsmallest(count, drawn())
    in_order = sorted(lowest, key=lambda each: each[1])
    return Sample(tuple(each for *_, each in in_order), read, characters, is_whole)
