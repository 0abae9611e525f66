"""Branches written token by token, all at once: samples that say the same are one row."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import torch

from toolformer.calls import Spell
from toolformer.lm.base import Branch, Sampled
from toolformer.lm.drawing import uniform
from toolformer.lm.encoding import Encoding
from toolformer.lm.hf.branching.forks import Fork
from toolformer.lm.hf.forward import Purpose
from toolformer.lm.hf.sampling import choose, confine
from toolformer.lm.spelling import Spelled, refused_tokens, spelled, tokens_to_say
from toolformer.lm.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class BranchStart:
    """Where a branch leaves its text and what it is forced to say first."""

    row: int  # which text of the trunk
    seen: int  # tokens of that row before the place, prompt included
    ids: tuple[int, ...]
    said: tuple[int, ...] = ()  # tokens before these that branches have said there, by number
    fork: Fork | None = None  # None: one after the other, and logits after the last

    @property
    def heads(self) -> Sequence[int]:
        """The indices of the ids after which logits are asked for."""
        return (len(self.ids) - 1,) if self.fork is None else self.fork.heads


@dataclass(frozen=True, slots=True)
class Rooted:
    """A branch, where it starts in the model's rows, and how many tokens it may write."""

    branch: Branch
    lead: BranchStart
    limit: int


def own_tokens(rooted: Sequence[Rooted]) -> int:
    """Returns about how many tokens of their own branches come to have, forced ones included.

    An eighth of the most: samples that agree are one row, and few continue to the last token.
    """
    return sum(each.branch.samples * (len(each.lead.ids) + each.limit) for each in rooted) // 8


class Decoder(Protocol):
    """Forwards one token for each of a changing set of branches."""

    @staticmethod
    def cached_tokens(seen: Sequence[int], *, head: int) -> int:
        """Returns how many tokens' keys and values are held for rows of one text before they speak.

        Args:
            seen: of each row, the tokens before its place, prompt included.
            head: tokens of the prompt that all texts share.
        """

    def start(self, leads: Sequence[BranchStart], *, purpose: Purpose = "decode") -> torch.Tensor:
        """Forwards the leads.

        Returns:
            (heads of all leads, vocabulary) float32 logits, lead by lead.
        """

    def step(self, parents: Sequence[int], tokens: Sequence[int]) -> torch.Tensor:
        """Continues some of the branches of the step before, each by one token.

        Args:
            parents: indices into the branches of the step before; one may continue several ways.
            tokens: what each says.

        Returns:
            (branches, vocabulary) float32 logits.
        """


@dataclass(frozen=True, slots=True)
class _Stem:
    """Samples of a branch that have said the same so far."""

    branch: int
    samples: tuple[int, ...]
    ids: tuple[int, ...] = ()


def write_branches(
    rooted: Sequence[Rooted],
    decoder: Decoder,
    *,
    vocabulary: Vocabulary,
    ends_text: frozenset[int],
) -> list[list[Sampled]]:
    """Samples every branch until its call's arguments close or can close no more.

    Args:
        rooted: what to sample; at temperature 0 a branch's samples are one.
        decoder: runs the model.
        vocabulary: decodes tokens, since a call closes in the text and not in a token.
        ends_text: ids that end a text and are no part of it.
    """
    finished: list[dict[int, Sampled]] = [{} for _ in rooted]
    reader = _Reader(vocabulary.encoding, ends_text)
    speller = _Speller(vocabulary, ends_text)
    stems = [_Stem(index, tuple(range(each.branch.samples))) for index, each in enumerate(rooted)]
    logits = decoder.start([each.lead for each in rooted])
    step = 0
    while stems:
        drawn = _draw(stems, rooted, logits, step, speller=speller)
        step += 1
        grown: list[_Stem] = []
        parents: list[int] = []
        for index, stem in enumerate(stems):
            for child in _split(stem, drawn[index]):
                sampled = reader.read(child.ids, limit=rooted[child.branch].limit)
                if sampled is None:
                    grown.append(child)
                    parents.append(index)
                else:
                    finished[child.branch].update(dict.fromkeys(child.samples, sampled))
        stems = grown
        if stems:
            logits = decoder.step(parents, [stem.ids[-1] for stem in stems])
    return [[samples[index] for index in sorted(samples)] for samples in finished]


def _draw(
    stems: Sequence[_Stem],
    rooted: Sequence[Rooted],
    logits: torch.Tensor,
    step: int,
    *,
    speller: "_Speller",
) -> list[list[int]]:
    """Returns for each stem what each of its samples says next."""
    branches = [rooted[stem.branch].branch for stem in stems]
    numbers = [
        [
            None if _is_greedy(branch, sample) else uniform(branch.key, sample, step)
            for sample in stem.samples
        ]
        for stem, branch in zip(stems, branches, strict=True)
    ]
    confined = confine(logits, speller.only(stems, branches))
    drawn = choose(confined, [branch.temperature for branch in branches], numbers)
    for row, (stem, branch) in enumerate(zip(stems, branches, strict=True)):
        refused = speller.refused(stem, branch, drawn[row])
        if refused:
            # Only the samples that may not be draw again: a free value is as it would have been.
            again = [at for at, token in enumerate(drawn[row]) if token in refused]
            left = logits[row : row + 1].clone()
            left[0, list(refused)] = -torch.inf
            wanted = [[numbers[row][at] for at in again]]
            [found] = choose(left, [branch.temperature], wanted)
            for at, token in zip(again, found, strict=True):
                drawn[row][at] = token
    return drawn


def _is_greedy(branch: Branch, sample: int) -> bool:
    return not branch.temperature or (branch.first_greedy and sample == 0)


def _split(stem: _Stem, drawn: Sequence[int]) -> list[_Stem]:
    """Parts samples by what they say next."""
    said: dict[int, list[int]] = {}
    for sample, token in zip(stem.samples, drawn, strict=True):
        said.setdefault(token, []).append(sample)
    return [
        replace(stem, samples=tuple(samples), ids=(*stem.ids, token))
        for token, samples in said.items()
    ]


class _Speller:
    """Keeps samples to what may be said, where a branch says what that is."""

    def __init__(self, vocabulary: Vocabulary, ends_text: frozenset[int]) -> None:
        self._vocabulary = vocabulary
        self._ends_text = ends_text
        # What may follow equal words is the same in all branches that have one `Spell`.
        self._known: dict[tuple[Spell, Spelled], Sequence[int] | None] = {}

    def only(
        self, stems: Sequence[_Stem], branches: Sequence[Branch]
    ) -> dict[int, Collection[int]]:
        """Returns the tokens that may come next, by row; no entry where that is any.

        Where none may, as the tokenizer cannot say it, the text ends.
        """
        found: dict[int, Collection[int]] = {}
        for row, (stem, branch) in enumerate(zip(stems, branches, strict=True)):
            if branch.spell is not None:
                written = spelled(stem.ids, self._vocabulary.encoding)
                key = branch.spell, written
                if key not in self._known:
                    self._known[key] = tokens_to_say(branch.spell, written, self._vocabulary)
                tokens = self._known[key]
                if tokens is not None:
                    found[row] = tokens or self._ends_text or self._vocabulary.holding("\n")
        return found

    def refused(self, stem: _Stem, branch: Branch, drawn: Sequence[int]) -> Collection[int]:
        """Returns the tokens that no sample may say where any other may come.

        Empty where none of them was drawn.
        """
        if branch.spell is None:
            return ()
        written = spelled(stem.ids, self._vocabulary.encoding)
        return frozenset(refused_tokens(branch.spell, written, self._vocabulary, drawn=drawn))


class _Reader:
    """Finds out when a branch is finished, decoding it only where it could be."""

    def __init__(self, encoding: Encoding, ends_text: frozenset[int]) -> None:
        self._encoding = encoding
        self._ends_text = ends_text
        self._may_finish: dict[int, bool] = {}

    def read(self, ids: tuple[int, ...], *, limit: int) -> Sampled | None:
        """Returns what a branch said once it is finished."""
        if ids[-1] in self._ends_text:
            return Sampled(self._encoding.decode(ids[:-1]), closed=False)
        full = len(ids) >= limit
        if not (full or self._can_finish(ids[-1])):
            return None
        text = self._encoding.decode(ids)
        end = self._encoding.grammar.end_of_arguments(text)
        if end is not None:
            return Sampled(end.arguments, end.is_closed)
        return Sampled(text, closed=False) if full else None

    def _can_finish(self, token: int) -> bool:
        known = self._may_finish.get(token)
        if known is None:
            text = self._encoding.decode((token,))
            known = any(sign in text for sign in self._encoding.grammar.end_signs)
            self._may_finish[token] = known
        return known
