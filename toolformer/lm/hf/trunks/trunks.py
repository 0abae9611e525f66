"""Texts read under their prompts: where a call could start, and the trunks branches grow from."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Self

import numpy as np

from toolformer.errors import ModelError
from toolformer.lm.base import Branch, Sampled, StartProbabilities, TextRequest
from toolformer.lm.encoding import EncodedPrompt
from toolformer.lm.hf.branching.branches import BranchStart, Rooted, write_branches
from toolformer.lm.hf.branching.cache import RoomyCache
from toolformer.lm.hf.engine import Engine
from toolformer.lm.hf.forward import plan_batches
from toolformer.lm.hf.trunks.reading import Reading, Trunk, read_trunk


class HFTrunks:
    """Implements `Trunks`."""

    def __init__(self, engine: Engine, requests: Sequence[TextRequest]) -> None:
        self._engine = engine
        self._trunks: list[Trunk] = []
        self._places: dict[int, tuple[int, int]] = {}  # request -> its trunk and row
        self._starts: dict[int, StartProbabilities] = {}
        self._read(_encoded(engine, requests))
        self.starts = [self._starts[index] for index in range(len(requests))]

    def sample(self, branches: Sequence[Branch]) -> list[list[Sampled]]:
        """Continues each branch until its call's arguments close."""
        results: dict[Branch, list[Sampled]] = {}
        by_trunk: dict[int, list[Branch]] = {}
        for branch in dict.fromkeys(map(_alike, branches)):
            if branch.request not in self._places:
                raise ModelError(
                    f"Text {branch.request} is not held: only a text that was read, and not yet"
                    " closed, can be branched from."
                )
            by_trunk.setdefault(self._places[branch.request][0], []).append(branch)
        for index, found in by_trunk.items():
            results |= self._sample(index, found)
        return [list(results[_alike(branch)]) for branch in branches]

    def close(self) -> None:
        """Frees the keys and values."""
        self._trunks = []
        self._places = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _read(self, readings: Sequence[Reading]) -> None:
        engine = self._engine
        by_prompt: dict[tuple[int, ...], list[Reading]] = {}
        for reading in readings:
            if reading.text.ids:
                by_prompt.setdefault(reading.prompt.shared, []).append(reading)
            else:
                nowhere = np.zeros(0, dtype=np.int64)
                self._starts[reading.request] = StartProbabilities(
                    nowhere, nowhere, np.zeros(0, dtype=np.float32)
                )
        for alike in by_prompt.values():
            costs = [
                engine.forward.cost(len(each.own), head_rows=len(each.text.ids)) for each in alike
            ]
            batches = plan_batches(costs, engine.forward.batch_tokens)
            engine.forward.in_batches([[alike[i] for i in batch] for batch in batches], self._keep)

    def _keep(self, readings: list[Reading]) -> None:
        trunk, starts = read_trunk(self._engine, readings)
        self._trunks.append(trunk)
        for row, reading in enumerate(trunk.readings):
            self._places[reading.request] = (len(self._trunks) - 1, row)
            self._starts[reading.request] = starts[row]

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


def _encoded(engine: Engine, requests: Sequence[TextRequest]) -> list[Reading]:
    """Encodes requests, each text once.

    Raises:
        ModelError: if one is longer than the model's context.
    """
    texts = list(dict.fromkeys(request.text for request in requests))
    encoded = dict(zip(texts, engine.encoding.texts(texts), strict=True))
    readings = []
    for index, request in enumerate(requests):
        prompt = engine.encoding.prompt(request.prompt)
        if not engine.keeps:  # what texts share is forwarded with each of them
            prompt = EncodedPrompt(shared=(), own=prompt.shared + prompt.own)
        reading = Reading(index, prompt, encoded[request.text])
        engine.check_length(reading.before + len(reading.text.ids), request.text)
        readings.append(reading)
    return readings


def _alike(branch: Branch) -> Branch:
    """Returns a branch that is equal to all that must say the same."""
    return branch if branch.temperature > 0 else replace(branch, key="")


def _lead(engine: Engine, reading: Reading, branch: Branch, *, row: int) -> BranchStart:
    before = reading.text.tokens_before(branch.position)
    if before is None or reading.before + before == 0:
        raise ModelError(
            f"Position {branch.position} is not a place of text {branch.request}: places are the"
            " ends of its tokens but the last, as `token_ends` gives them."
        )
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
        cached = engine.decoding.cached_tokens(group, head=trunk.head_length)
        cost = forward.cost(samples, head_rows=samples, cached=cached)
        if not batches or size + cost > forward.batch_tokens:
            batches.append([])
            size = 0
        batches[-1] += group
        size += cost
    return batches
