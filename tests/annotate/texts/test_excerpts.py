"""Batches follow from the documents and the settings, and lose none of them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.annotate.given import echo
from toolformer.annotate.texts.excerpts import Excerpt, batches, cut_excerpts, document_date
from toolformer.annotate.texts.windows import whole
from toolformer.lm.scripted.model import ScriptedLanguageModel
from toolformer.records import Document
from toolformer.tools.builtin.calculator import calculator
from toolformer.tools.context import ToolContext


def excerpt(number: int, tokens: int, tools: int = 1) -> Excerpt:
    both = (echo, calculator)[:tools]
    return Excerpt(number, Document(str(number), "x"), whole("x", tokens), both, ToolContext())


def sizes(lengths: list[int], *, batch_tokens: int, copies: int = 1) -> list[list[int]]:
    excerpts = [excerpt(number, tokens) for number, tokens in enumerate(lengths)]
    found = batches(excerpts, batch_tokens=batch_tokens, copies=copies)
    return [[each.window.tokens for each in batch] for batch in found]


def test_texts_of_like_length_are_read_together_in_text_order() -> None:
    assert sizes([9, 1, 8, 2], batch_tokens=10) == [[1, 2], [8], [9]]
    assert sizes([9, 2, 8, 1], batch_tokens=19) == [[2, 8, 1], [9]]


def test_a_text_larger_than_a_batch_is_one_by_itself() -> None:
    assert sizes([50, 1], batch_tokens=10) == [[1], [50]]


def test_each_copy_of_a_text_in_its_prompt_and_each_tool_counts() -> None:
    assert sizes([4, 4], batch_tokens=8, copies=2) == [[4], [4]]
    one_tool = batches([excerpt(0, 4), excerpt(1, 4)], batch_tokens=8, copies=1)
    two_tools = batches([excerpt(0, 4, 2), excerpt(1, 4, 2)], batch_tokens=8, copies=1)
    assert (len(list(one_tool)), len(list(two_tools))) == (1, 2)


@given(st.lists(st.integers(1, 30), max_size=30), st.integers(1, 60))
def test_every_text_is_in_one_batch(lengths: list[int], batch_tokens: int) -> None:
    found = sizes(lengths, batch_tokens=batch_tokens)
    assert sorted(tokens for batch in found for tokens in batch) == sorted(lengths)
    assert all(sum(batch) <= batch_tokens or len(batch) == 1 for batch in found)


def cut(text: str) -> list[Excerpt]:
    return cut_excerpts(
        {3: Document("d", text)},
        model=ScriptedLanguageModel(),
        tools=[echo],
        window_tokens=10,
        overlap_tokens=4,
    )


def test_a_text_that_just_fits_is_one_window_and_one_token_more_makes_two() -> None:
    assert len(cut("a b c d e f g h i j")) == 1
    assert len(cut("a b c d e f g h i j k")) == 2


def test_an_excerpt_knows_its_document() -> None:
    assert [each.number for each in cut("word " * 200)] == [3] * len(cut("word " * 200))


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2023-03-03", date(2023, 3, 3)),
        ("2023-03-03T10:00:00Z", date(2023, 3, 3)),
        ("spring", None),
        ("", None),
        (20230303, None),
        (None, None),
    ],
)
def test_a_documents_date_is_read_where_there_is_one(written: object, day: date | None) -> None:
    assert document_date(Document("d", "x", {"date": written})) == day
    assert document_date(Document("d", "x")) is None
