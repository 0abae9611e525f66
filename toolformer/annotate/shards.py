"""Which documents of a corpus are annotated and written together."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from toolformer.records import Document


@dataclass(frozen=True, slots=True)
class Shard:
    """Documents that are annotated and written together."""

    number: int
    documents: Sequence[Document]
    is_due: bool = True  # False: it passes by untouched

    @property
    def characters(self) -> int:
        """How many characters its texts have."""
        return sum(len(each.text) for each in self.documents)


def cut_shards(
    documents: Iterable[Document],
    *,
    documents_per_shard: int,
    characters_per_shard: int | None,
    ends: Collection[int] = (),
) -> Iterator[list[Document]]:
    """Yields the documents of each shard of a run, as `annotate` numbers them from 0.

    What an interruption loses is no more for long texts than for short ones. The numbers are in the
    run's manifest.

    Args:
        documents: of the corpus, in order.
        documents_per_shard: the most documents of a shard.
        characters_per_shard: a shard ends with the document with which its texts have so many;
            None is without bound.
        ends: how many documents of the corpus there are when a shard ends in any case: where the
            run ended before it grew.

    >>> texts = [Document(str(n), "a" * size) for n, size in enumerate((2, 2, 2, 9, 2))]
    >>> def cut(**most):
    ...     return [[each.id for each in shard] for shard in cut_shards(texts, **most)]
    >>> cut(documents_per_shard=3, characters_per_shard=None)
    [['0', '1', '2'], ['3', '4']]
    >>> cut(documents_per_shard=3, characters_per_shard=8)
    [['0', '1', '2'], ['3'], ['4']]
    >>> cut(documents_per_shard=3, characters_per_shard=None, ends=[1])
    [['0'], ['1', '2', '3'], ['4']]
    """
    shard: list[Document] = []
    characters = 0
    for count, document in enumerate(documents, start=1):
        shard.append(document)
        characters += len(document.text)
        is_long = characters_per_shard is not None and characters >= characters_per_shard
        if is_long or len(shard) == documents_per_shard or count in ends:
            yield shard
            shard, characters = [], 0
    if shard:
        yield shard
