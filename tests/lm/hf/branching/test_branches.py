"""Branches end where their text says so, and samples that say the same are one row."""

from collections.abc import Sequence

import torch

from tests.models import byte_level_tokenizer
from toolformer.calls import InlineGrammar
from toolformer.lm.base import Branch, Sampled
from toolformer.lm.encoding import Encoding
from toolformer.lm.hf.branching.branches import BranchStart, Rooted, write_branches
from toolformer.lm.vocabulary import Vocabulary

ENCODING = Encoding(byte_level_tokenizer().backend_tokenizer, InlineGrammar(), start=0, name="tiny")
SIZE = len(byte_level_tokenizer())
VOCABULARY = Vocabulary(ENCODING, size=SIZE, silent=frozenset([0]))


class Dictated:
    """A decoder that says one of two texts, in equal parts, token by token."""

    def __init__(self, *texts: str) -> None:
        self._texts = [list(ENCODING.piece(text)) for text in texts]
        self._said: list[tuple[int, ...]] = []
        self.rows: list[int] = []  # how many were forwarded, by step

    def start(self, leads: Sequence[BranchStart]) -> torch.Tensor:
        self._said = [()] * len(leads)
        return self._logits()

    def step(self, parents: Sequence[int], tokens: Sequence[int]) -> torch.Tensor:
        pairs = zip(parents, tokens, strict=True)
        self._said = [(*self._said[parent], token) for parent, token in pairs]
        return self._logits()

    def _logits(self) -> torch.Tensor:
        self.rows.append(len(self._said))
        logits = torch.full((len(self._said), SIZE), -torch.inf)
        for row, said in zip(logits, self._said, strict=True):
            for text in self._texts:
                if text[: len(said)] == list(said) and len(text) > len(said):
                    row[text[len(said)]] = 0.0
        return logits


def write(decoder: Dictated, *, samples: int = 1, limit: int = 50) -> list[Sampled]:
    branch = Branch(0, 0, " [Calculator(", samples, limit, 1.0, "key")
    rooted = [Rooted(branch, BranchStart(0, 3, (1, 2)), limit)]
    return write_branches(rooted, decoder, vocabulary=VOCABULARY, ends_text=frozenset([0]))[0]


def test_arguments_end_at_the_balancing_parenthesis() -> None:
    assert write(Dictated("2 * (3 + 4)) -> 14] and on")) == [Sampled("2 * (3 + 4)", closed=True)]


def test_a_parenthesis_merged_with_what_follows_closes_too() -> None:
    merged = Dictated("12 + 30)] 42")
    assert write(merged) == [Sampled("12 + 30", closed=True)]
    assert len(merged.rows) < len(ENCODING.piece("12 + 30)] 42")), "nothing is said after it"


def test_a_line_end_leaves_the_call_unclosed() -> None:
    assert write(Dictated("12 + 30\n) and on")) == [Sampled("12 + 30", closed=False)]


def test_a_call_inside_the_call_leaves_it_unclosed() -> None:
    decoder = Dictated("the [Calculator(12)) and on")
    assert write(decoder) == [Sampled("the [Calculator(", closed=False)]
    assert len(decoder.rows) <= len(ENCODING.piece("the [Calculator("))


def test_the_limit_leaves_the_call_unclosed() -> None:
    said = ENCODING.decode(ENCODING.piece("12 + 30 + 42)")[:4])
    assert write(Dictated("12 + 30 + 42)"), limit=4) == [Sampled(said, closed=False)]


def test_a_call_may_close_with_the_last_token_it_may_have() -> None:
    limit = len(ENCODING.piece("12 + 30)"))
    assert write(Dictated("12 + 30)"), limit=limit) == [Sampled("12 + 30", closed=True)]


def test_the_end_of_the_text_leaves_the_call_unclosed() -> None:
    decoder = Dictated("12 + 30")
    decoder._texts[0].append(0)
    assert write(decoder) == [Sampled("12 + 30", closed=False)]


def test_samples_share_a_row_until_they_part() -> None:
    decoder = Dictated("12 + 30)", "12 + 42)")
    found = write(decoder, samples=8)
    assert set(found) == {Sampled("12 + 30", closed=True), Sampled("12 + 42", closed=True)}
    assert decoder.rows[0] == 1
    assert max(decoder.rows) == 2, "eight samples, two ways to go on"
