"""Texts read under their prompts: where a call could start, and the trunks branches grow from."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Self

import numpy as np

from toolformer.errors import ModelError
from toolformer.lm.base import (
    Branch,
    CallScoreRequest,
    Sampled,
    StartProbabilities,
    TextRequest,
)
from toolformer.lm.encoded import EncodedPrompt
from toolformer.lm.hf.branching.branches import BranchStart, Rooted, own_tokens, write_branches
from toolformer.lm.hf.branching.cache import RoomyCache
from toolformer.lm.hf.engine import Engine
from toolformer.lm.hf.forward import plan_batches
from toolformer.lm.hf.trunks.reading import Predicted, Reading, Trunk, read_trunk
from toolformer.lm.hf.trunks.scoring import ScoredCall, score_calls, scored_call

_NOWHERE = np.zeros(0, dtype=np.int64)
_NO_VALUES = np.zeros(0, dtype=np.float32)
_NOTHING = Predicted(StartProbabilities(_NOWHERE, _NOWHERE, _NO_VALUES), _NO_VALUES)  # of no token


class HFTrunks:
    """Implements `Trunks`."""

    def __init__(
        self, engine: Engine, requests: Sequence[TextRequest], *, keep: bool = True
    ) -> None:
        self._engine = engine
        self._is_kept = keep
        self._trunks: list[Trunk] = []
        self._places: dict[int, tuple[int, int]] = {}  # request -> its trunk and row
        predicted = self._read(_encoded(engine, requests, keep=keep))
        self.starts = [predicted[index].starts for index in range(len(requests))]
        self.log_probs = [predicted[index].log_probs for index in range(len(requests))]

    def sample(self, branches: Sequence[Branch]) -> list[list[Sampled]]:
        """Continues each branch until its call's arguments close."""
        results: dict[Branch, list[Sampled]] = {}
        by_trunk: dict[int, list[Branch]] = {}
        for branch in dict.fromkeys(map(_alike, branches)):
            by_trunk.setdefault(self._place(branch.request)[0], []).append(branch)
        for index, found in by_trunk.items():
            results |= self._sample(index, found)
        return [list(results[_alike(branch)]) for branch in branches]

    def score(self, requests: Sequence[CallScoreRequest]) -> list[np.ndarray]:
        """Returns (up to `tokens`,) float32 per request: log p of the tokens from its place on."""
        longest: dict[CallScoreRequest, int] = {}  # that differ in how many tokens they score
        for request in requests:
            key = replace(request, tokens=0)
            longest[key] = max(longest.get(key, 0), request.tokens)
        by_trunk: dict[int, list[ScoredCall]] = {}
        for key, tokens in longest.items():
            index, row = self._place(key.request)
            trunk = self._trunks[index]
            before = _tokens_before(trunk.readings[row], key.position, request=key.request)
            asked = scored_call(
                self._engine, trunk, replace(key, tokens=tokens), row=row, before=before
            )
            by_trunk.setdefault(index, []).append(asked)
        found: dict[CallScoreRequest, np.ndarray] = {}
        for index, rows in by_trunk.items():
            found |= score_calls(self._engine, self._trunks[index], rows)
        by_key = {replace(request, tokens=0): values for request, values in found.items()}
        return [by_key[replace(each, tokens=0)][: each.tokens] for each in requests]

    def close(self) -> None:
        """Frees the keys and values."""
        self._trunks = []
        self._places = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _place(self, request: int) -> tuple[int, int]:
        """Returns the trunk and the row of a text."""
        if request not in self._places:
            raise ModelError(
                f"Text {request} is not held: only a text that was read to be kept, and not yet"
                " closed, can be branched from."
            )
        return self._places[request]

    def _read(self, readings: Sequence[Reading]) -> dict[int, Predicted]:
        """Reads texts; returns what is predicted in them by their requests."""
        engine = self._engine
        found: dict[int, Predicted] = {}

        def read(batch: list[Reading]) -> None:
            trunk, predicted = read_trunk(engine, batch, keep=self._is_kept)
            found.update(
                (each.request, own) for each, own in zip(trunk.readings, predicted, strict=True)
            )
            if self._is_kept:
                self._keep(trunk)

        by_prompt: dict[tuple[int, ...], list[Reading]] = {}
        for reading in readings:
            if reading.text.ids:
                by_prompt.setdefault(reading.prompt.shared, []).append(reading)
            else:
                found[reading.request] = _NOTHING
        for alike in by_prompt.values():
            costs = [
                engine.forward.cost(len(each.own), head_rows=len(each.text.ids)) for each in alike
            ]
            batches = plan_batches(costs, engine.forward.batch_tokens)
            engine.forward.in_batches([[alike[i] for i in batch] for batch in batches], read)
        return found

    def _keep(self, trunk: Trunk) -> None:
        self._trunks.append(trunk)
        for row, reading in enumerate(trunk.readings):
            self._places[reading.request] = (len(self._trunks) - 1, row)

    def _sample(self, index: int, branches: Sequence[Branch]) -> dict[Branch, list[Sampled]]:
        """Samples branches of one trunk, as many at once as fit."""
        engine, trunk = self._engine, self._trunks[index]
        results: dict[Branch, list[Sampled]] = {}
        rooted = []
        for branch in branches:
            row = self._places[branch.request][1]
            lead = _lead(engine, trunk.readings[row], branch, row=row)
            limit = min(branch.max_tokens, engine.max_length - lead.seen - len(lead.ids))
            if limit > 0:
                rooted.append(Rooted(branch, lead, limit))
            else:
                results[branch] = [Sampled("", closed=False)] * branch.samples

        def write(batch: list[Rooted]) -> None:
            decoder = trunk.decoder(engine)
            written = write_branches(
                batch, decoder, vocabulary=engine.vocabulary, ends_text=engine.ends_text
            )
            results.update(zip([each.branch for each in batch], written, strict=True))

        engine.forward.in_batches(_of_whole_texts(engine, rooted, trunk.cache), write)
        return results


def _encoded(engine: Engine, requests: Sequence[TextRequest], *, keep: bool) -> list[Reading]:
    """Encodes requests, each text once.

    Raises:
        ModelError: if one is longer than the model's context.
    """
    texts = list(dict.fromkeys(request.text for request in requests))
    encoded = dict(zip(texts, engine.encoding.texts(texts), strict=True))
    readings = []
    for index, request in enumerate(requests):
        prompt = engine.encoding.prompt(request.prompt)
        if not engine.keeps or not (keep or request.prompt.shared):
            # What texts share is forwarded with each of them: nothing can be kept of it, or it is
            # a start token at most, and a row without a past is forwarded faster.
            prompt = EncodedPrompt(shared=(), own=prompt.shared + prompt.own)
        reading = Reading(index, prompt, encoded[request.text])
        engine.check_length(reading.before + len(reading.text.ids), request.text)
        readings.append(reading)
    return readings


def _alike(branch: Branch) -> Branch:
    """Returns a branch that is equal to all that must say the same."""
    return branch if branch.temperature > 0 else replace(branch, key="")


def _tokens_before(reading: Reading, position: int, *, request: int) -> int:
    before = reading.text.tokens_before(position)
    if before is None or reading.before + before == 0:
        raise ModelError(
            f"Position {position} is not a place of text {request}: places are the ends of its"
            " tokens but the last, as `token_ends` gives them."
        )
    return before


def _lead(engine: Engine, reading: Reading, branch: Branch, *, row: int) -> BranchStart:
    before = _tokens_before(reading, branch.position, request=branch.request)
    return BranchStart(row, reading.before + before, engine.encoding.piece(branch.lead))


def _of_whole_texts(
    engine: Engine, rooted: Sequence[Rooted], trunk: RoomyCache
) -> list[list[Rooted]]:
    """Groups branches so that a text's are together and a batch fits into memory.

    Texts with many branches come first: a batch is as wide as its widest text.
    """
    forward = engine.forward
    texts: dict[int, list[Rooted]] = {}
    for each in rooted:
        texts.setdefault(each.lead.row, []).append(each)
    batches: list[list[Rooted]] = []
    size = 0
    for group in sorted(texts.values(), key=len, reverse=True):
        samples = sum(each.branch.samples for each in group)
        seen = [each.lead.seen for each in group for _ in range(each.branch.samples)]
        cached = engine.decoding.cached_tokens(seen, head=trunk.head_length)
        if engine.keeps:
            cached += own_tokens(group)
        cost = forward.cost(samples, head_rows=samples, cached=cached)
        if not batches or size + cost > forward.batch_tokens:
            batches.append([])
            size = 0
        batches[-1] += group
        size += cost
    return batches
