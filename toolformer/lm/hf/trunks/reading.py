"""One batch of texts behind the prompt they share, and p(open marker) at each of their places."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from toolformer.lm.base import StartProbabilities
from toolformer.lm.encoding import EncodedPrompt, EncodedText
from toolformer.lm.hf.branching.branches import BranchStart, Decoder
from toolformer.lm.hf.branching.cache import RoomyCache
from toolformer.lm.hf.branching.whole import FullRowDecoder
from toolformer.lm.hf.engine import Engine


@dataclass(frozen=True, slots=True)
class Reading:
    """A text request, encoded."""

    request: int  # its index
    prompt: EncodedPrompt
    text: EncodedText

    @property
    def own(self) -> tuple[int, ...]:
        """The tokens that are forwarded for this text alone."""
        return self.prompt.own + self.text.ids

    @property
    def row(self) -> tuple[int, ...]:
        """All tokens, the shared ones of the prompt included."""
        return self.prompt.shared + self.own

    @property
    def before(self) -> int:
        """Tokens of the row before the text."""
        return len(self.prompt.shared) + len(self.prompt.own)


@dataclass(frozen=True, slots=True, eq=False)
class Trunk:
    """A batch of readings with their keys and values."""

    readings: Sequence[Reading]
    # Of their own tokens; the prompt's are shared by all that read it. Empty if nothing is kept.
    cache: RoomyCache

    def decoder(self, engine: Engine) -> Decoder:
        """Returns what decodes the branches of these texts."""
        if engine.decoding is FullRowDecoder:
            return FullRowDecoder(engine.forward, [reading.row for reading in self.readings])
        return engine.decoding(engine.forward, self.cache)


def read_trunk(
    engine: Engine, readings: Sequence[Reading]
) -> tuple[Trunk, list[StartProbabilities]]:
    """Forwards texts behind the prompt they share; returns what they leave and their starts.

    The trunk's readings, and with them the starts, are in another order: like lengths together.
    """
    batches = engine.forward.plan_dense(
        [len(reading.own) for reading in readings],
        head_rows=[len(reading.text.ids) for reading in readings],
    )
    prompt = engine.prompts.get(readings[0].prompt.shared)
    ordered = [readings[index] for batch in batches for index in batch]
    length = max(len(reading.own) for reading in readings)
    tails, found, first = RoomyCache(head=prompt), [], 0
    for batch in batches:
        read, log_probs = _read(engine, [readings[index] for index in batch], prompt)
        tails.put_tails(read, first=first, rows=len(readings), length=length)
        del read  # before the next are read: it holds the prompt once for each row
        found.append(log_probs)
        first += len(batch)
    trunk = Trunk(ordered, tails)
    log_probs = torch.cat(found)
    if not engine.encoding.marker_ids:
        log_probs += _rest_of_marker(engine, trunk)
    probabilities = engine.numbers(log_probs.exp())
    inner = [reading.text.inner for reading in ordered]
    split = np.split(probabilities, np.cumsum([len(each) for each in inner])[:-1])
    starts = [
        StartProbabilities(reading.text.ends[places], places + 1, found)
        for reading, places, found in zip(ordered, inner, split, strict=True)
    ]
    return trunk, starts


def _read(
    engine: Engine, readings: Sequence[Reading], prompt: RoomyCache
) -> tuple[RoomyCache, torch.Tensor]:
    """Forwards texts of like length.

    Returns:
        Their keys and values, the prompt's included, and (places,) float32: log p of the open
        marker at each place, or of its first piece where it has several.
    """
    forward = engine.forward
    ids = forward.padded([reading.own for reading in readings])
    width = ids.shape[1]
    cache = prompt.repeated(len(readings), room=prompt.get_seq_length() + width)
    places = [
        row * width + len(reading.prompt.own) + reading.text.inner
        for row, reading in enumerate(readings)
    ]
    logits = forward.logits(
        ids,
        forward.tensor(np.concatenate(places)),
        purpose="text",
        padding=ids.numel() - sum(len(reading.own) for reading in readings),
        cache=cache if engine.keeps else None,
    )
    markers = engine.encoding.marker_ids or engine.encoding.marker_pieces[:1]
    # Where several tokens hold the whole marker, their probabilities are added.
    marked = logits.index_select(1, forward.tensor(markers)).logsumexp(dim=-1)
    return cache, marked - logits.logsumexp(dim=-1)


def _rest_of_marker(engine: Engine, trunk: Trunk) -> torch.Tensor:
    """Returns (places,) float32: log p of the marker's other pieces, one after the other.

    For a tokenizer in which no token holds the whole marker; takes a forward for each piece.
    """
    first, *rest = engine.encoding.marker_pieces
    leads = [
        BranchStart(row, reading.before + int(token) + 1, (first,))
        for row, reading in enumerate(trunk.readings)
        for token in reading.text.inner
    ]
    summed = torch.zeros(len(leads), device=engine.forward.device)
    if not leads:
        return summed
    decoder = trunk.decoder(engine)
    for index, piece in enumerate(rest):
        logits = (
            decoder.step(range(len(leads)), [rest[index - 1]] * len(leads))
            if index
            else decoder.start(leads)
        )
        summed += logits.log_softmax(dim=-1)[:, piece]
    return summed
