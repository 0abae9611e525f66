"""One batch of texts behind the prompt they share, and what the model predicts in them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from toolformer.lm.base import StartProbabilities
from toolformer.lm.encoded import EncodedPrompt, EncodedText
from toolformer.lm.hf.branching.branches import BranchStart, Decoder
from toolformer.lm.hf.branching.cache import RoomyCache
from toolformer.lm.hf.branching.said import Said
from toolformer.lm.hf.branching.shared import Shared
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
class Predicted:
    """What a model predicts in a text."""

    starts: StartProbabilities
    log_probs: np.ndarray  # (tokens - 1,) float32, nats: of each token but the first


@dataclass(frozen=True, slots=True, eq=False)
class Trunk:
    """A batch of readings with their keys and values."""

    readings: Sequence[Reading]
    # Of their own tokens; the prompt's are shared by all that read it. Empty if nothing is kept.
    cache: RoomyCache
    said: Said | None = None  # at their places; None where it is not kept

    def decoder(self, engine: Engine) -> Decoder:
        """Returns what decodes the branches of these texts."""
        if engine.decoding is FullRowDecoder:
            return FullRowDecoder(engine.forward, [reading.row for reading in self.readings])
        if engine.decoding is Shared:
            return Shared(engine.forward, self.cache, self.said)
        return engine.decoding(engine.forward, self.cache)


@dataclass(frozen=True, slots=True)
class _Read:
    """What a forward over texts leaves; a value for each of their tokens but the last."""

    cache: RoomyCache | None  # the prompt's keys and values included
    markers: torch.Tensor  # (tokens,) float32: log p of the open marker, or of its first piece
    next: torch.Tensor  # (tokens,) float32: log p of the text's next token


def read_trunk(
    engine: Engine, readings: Sequence[Reading], *, keep: bool = True
) -> tuple[Trunk, list[Predicted]]:
    """Forwards texts behind the prompt they share; returns what they leave and what is predicted.

    The trunk's readings, and with them what is predicted, are in another order: like lengths
    together. Unless they are kept, the trunk may be empty.
    """
    batches = engine.forward.plan_dense(
        [len(reading.own) for reading in readings],
        head_rows=[len(reading.text.ids) for reading in readings],
    )
    prompt = engine.prompts.get(readings[0].prompt.shared)
    ordered = [readings[index] for batch in batches for index in batch]
    length = max(len(reading.own) for reading in readings)
    # The other pieces of a marker are decoded from what is kept.
    fills = engine.keeps and (keep or not engine.encoding.marker_ids)
    tails, markers, following, first = RoomyCache(head=prompt), [], [], 0
    for batch in batches:
        read = _read(engine, [readings[index] for index in batch], prompt, caches=fills)
        if fills and read.cache is not None:
            tails.put_tails(read.cache, first=first, rows=len(readings), length=length)
        markers.append(read.markers)
        following.append(read.next)
        first += len(batch)
        del read  # before the next are read: it holds the prompt once for each row
    trunk = Trunk(ordered, tails)
    marked = torch.cat(markers)
    if not engine.encoding.marker_ids:
        marked += _rest_of_marker(engine, trunk)
    edges = np.cumsum([len(reading.text.ids) - 1 for reading in ordered])[:-1]
    probabilities = np.split(engine.numbers(marked.exp()), edges)
    known = np.split(engine.numbers(torch.cat(following)), edges)
    if fills and engine.decoding is Shared:
        trunk = replace(trunk, said=Said())  # a marker's other pieces, at every place, left out
    return trunk, [
        Predicted(_starts(reading.text, found), own)
        for reading, found, own in zip(ordered, probabilities, known, strict=True)
    ]


def _starts(text: EncodedText, probabilities: np.ndarray) -> StartProbabilities:
    """Returns the starts of a text, out of a probability after each token but the last."""
    places = text.inner
    return StartProbabilities(text.ends[places], places + 1, probabilities[places])


def _read(
    engine: Engine, readings: Sequence[Reading], prompt: RoomyCache, *, caches: bool
) -> _Read:
    """Forwards texts of like length, whose keys and values are of use or not."""
    forward = engine.forward
    ids = forward.padded([reading.own for reading in readings])
    width = ids.shape[1]
    cache = None
    if caches or prompt.get_seq_length():
        cache = prompt.repeated(len(readings), room=prompt.get_seq_length() + width)
    tokens = [
        row * width + len(reading.prompt.own) + np.arange(len(reading.text.ids) - 1)
        for row, reading in enumerate(readings)
    ]
    logits = forward.logits(
        ids,
        forward.tensor(np.concatenate(tokens)),
        purpose="text",
        padding=ids.numel() - sum(len(reading.own) for reading in readings),
        cache=cache,
    )
    markers = engine.encoding.marker_ids or engine.encoding.marker_pieces[:1]
    total = logits.logsumexp(dim=-1)
    following = forward.tensor([token for reading in readings for token in reading.text.ids[1:]])
    return _Read(
        cache,
        # Where several tokens hold the whole marker, their probabilities are added.
        logits.index_select(1, forward.tensor(markers)).logsumexp(dim=-1) - total,
        logits.gather(1, following[:, None])[:, 0] - total,
    )


def _rest_of_marker(engine: Engine, trunk: Trunk) -> torch.Tensor:
    """Returns (tokens,) float32: log p of the marker's other pieces, one after the other.

    For a tokenizer in which no token holds the whole marker; takes a forward for each piece.
    Inside a character, where no call can start, it is 0.
    """
    first, *rest = engine.encoding.marker_pieces
    firsts = np.cumsum([0, *(len(reading.text.ids) - 1 for reading in trunk.readings)])
    summed = torch.zeros(int(firsts[-1]), device=engine.forward.device)
    leads = [
        BranchStart(row, reading.before + int(token) + 1, (first,))
        for row, reading in enumerate(trunk.readings)
        for token in reading.text.inner
    ]
    if not leads:
        return summed
    places = [
        start + reading.text.inner
        for start, reading in zip(firsts[:-1], trunk.readings, strict=True)
    ]
    at = engine.forward.tensor(np.concatenate(places))
    decoder = trunk.decoder(engine)
    for index, piece in enumerate(rest):
        logits = (
            decoder.step(range(len(leads)), [rest[index - 1]] * len(leads))
            if index
            else decoder.start(leads)
        )
        summed[at] += logits.log_softmax(dim=-1)[:, piece]
    return summed
