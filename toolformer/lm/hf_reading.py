"""One batch of texts behind the prompt they share, and p(open marker) at each of their places."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from toolformer.lm.base import StartProbabilities
from toolformer.lm.encoding import EncodedPrompt, EncodedText
from toolformer.lm.hf_branches import Lead
from toolformer.lm.hf_cache import RoomyCache
from toolformer.lm.hf_engine import Engine


@dataclass(frozen=True, slots=True)
class Reading:
    """A text request, encoded."""

    request: int  # its index
    prompt: EncodedPrompt
    text: EncodedText

    @property
    def own(self) -> tuple[int, ...]:
        """What is forwarded for this text alone."""
        return self.prompt.own + self.text.ids

    @property
    def before(self) -> int:
        """Tokens of the row that stand before the text."""
        return len(self.prompt.shared) + len(self.prompt.own)


@dataclass(frozen=True, slots=True, eq=False)
class Trunk:
    """A batch of readings with their keys and values."""

    readings: Sequence[Reading]
    cache: RoomyCache  # of their own tokens; the prompt's are shared by all that read it


def read_trunk(
    engine: Engine, readings: Sequence[Reading]
) -> tuple[Trunk, list[StartProbabilities]]:
    """Forwards texts behind the prompt they share; returns what they leave and their starts."""
    forward = engine.forward
    shared = readings[0].prompt.shared
    ids = forward.padded([reading.own for reading in readings])
    width = ids.shape[1]
    prompt = engine.prompts.get(shared)
    cache = prompt.repeated(len(readings), room=len(shared) + width)
    inner = [reading.text.inner for reading in readings]
    logits = forward.logits(
        ids,
        forward.tensor(
            np.concatenate(
                [
                    row * width + len(reading.prompt.own) + inner[row]
                    for row, reading in enumerate(readings)
                ]
            )
        ),
        purpose="text",
        padding=ids.numel() - sum(len(reading.own) for reading in readings),
        cache=cache,
    )
    trunk = Trunk(readings, cache.tails(prompt))
    probabilities = _marker_log_probs(engine, trunk, logits).exp().cpu().numpy()
    split = np.split(probabilities, np.cumsum([len(each) for each in inner])[:-1])
    starts = [
        StartProbabilities(reading.text.ends[places], found)
        for reading, places, found in zip(readings, inner, split, strict=True)
    ]
    return trunk, starts


def _marker_log_probs(engine: Engine, trunk: Trunk, logits: torch.Tensor) -> torch.Tensor:
    """Returns (places,) float32: log p of the open marker, by the logits at each place.

    Where one token or several hold the whole marker, their probabilities are added. Else the
    marker is spelled in pieces, and the probability is that of the pieces one after the other,
    which takes a forward for each place.
    """
    total = logits.logsumexp(dim=-1)
    if engine.encoding.marker_ids:
        ids = engine.forward.tensor(engine.encoding.marker_ids)
        return logits.index_select(1, ids).logsumexp(dim=-1) - total
    first, *rest = engine.encoding.marker_pieces
    summed = logits[:, first] - total
    leads = [
        Lead(row, reading.before + int(token) + 1, (first,))
        for row, reading in enumerate(trunk.readings)
        for token in reading.text.inner
    ]
    decoder = engine.decoder(trunk.cache)
    for index, piece in enumerate(rest):
        logits = (
            decoder.step(range(len(leads)), [rest[index - 1]] * len(leads))
            if index
            else decoder.start(leads)
        )
        summed = summed + logits.log_softmax(dim=-1)[:, piece]
    return summed
