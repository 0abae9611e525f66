"""A sample holds any document as likely as any other, in the corpus's order."""

from collections import Counter

from toolformer.annotate.dry_run.sample import sample_documents
from toolformer.records import Document

TEXTS = [Document(str(number), "a" * (number + 1)) for number in range(20)]


def test_every_document_is_drawn_as_often() -> None:
    drawn = Counter(
        each.id for seed in range(600) for each in sample_documents(TEXTS, 5, seed=seed).documents
    )
    assert len(drawn) == 20
    assert all(100 <= count <= 200 for count in drawn.values())  # 150 on average


def test_documents_stay_in_order_and_the_corpus_is_counted() -> None:
    sample = sample_documents(iter(TEXTS), 7, seed=3)
    numbers = [int(each.id) for each in sample.documents]
    assert numbers == sorted(set(numbers))
    assert (sample.corpus_documents, sample.corpus_characters) == (20, 210)
    assert sample.is_whole


def test_a_small_corpus_is_drawn_whole() -> None:
    assert sample_documents(TEXTS[:3], 7, seed=3).documents == tuple(TEXTS[:3])


def test_what_is_not_read_is_not_counted() -> None:
    by_number = sample_documents(TEXTS, 3, seed=0, most_documents=6)
    assert (by_number.corpus_documents, by_number.is_whole) == (6, False)
    by_size = sample_documents(TEXTS, 3, seed=0, most_characters=10)
    assert (by_size.corpus_documents, by_size.corpus_characters) == (4, 10)
    assert not by_size.is_whole
    assert sample_documents(TEXTS, 3, seed=0, most_documents=20).is_whole
