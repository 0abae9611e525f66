"""Places in context: where demonstrations of a tool make a call likelier than the text alone does.

A text is read once behind the demonstrations of each tool, and once plain for all of them. What is
read behind the demonstrations stays: calls are written from it, and later scored from it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from toolformer.annotate.methods.losses import unit_loss
from toolformer.annotate.methods.proposal import (
    FoundPlaces,
    Proposal,
    sample_calls,
    untried_of,
)
from toolformer.annotate.plan import Plan
from toolformer.annotate.texts.excerpts import Excerpt
from toolformer.annotate.texts.places import likeliest_places
from toolformer.annotate.texts.units import Units
from toolformer.lm.base import Prompt, StartProbabilities, TextRequest, Trunks
from toolformer.records import Candidate, Losses, UntriedPlace, Verdict
from toolformer.tools.base import Tool

_NOTHING = Prompt(shared="", own="")
_LEAST = np.finfo(np.float32).tiny  # a probability of 0 has a logarithm all the same


@dataclass(frozen=True, slots=True, eq=False)
class ReadText:
    """A text of a batch as the scores of its calls need it."""

    units: Units
    token_ends: npt.NDArray[np.int64]  # (tokens,) character offsets

    def sizes(self, position: int) -> tuple[int, ...]:
        """Returns how many tokens each of the units takes that are scored behind a place."""
        return self.units.sizes(position, self.token_ends)

    @classmethod
    def of(cls, text: str, plan: Plan) -> "ReadText":
        """Finds the units of a text and the tokens of the plan's model."""
        return cls(Units.of(text), plan.model.token_ends(text))


@dataclass(frozen=True, slots=True, eq=False)
class ReadBatch:
    """The texts of a batch as they were read: what its calls are scored from."""

    trunks: Trunks
    texts: Mapping[int, ReadText]  # by the identity of their excerpt

    def text(self, excerpt: Excerpt) -> ReadText:
        """Returns the text of an excerpt of the batch."""
        return self.texts[id(excerpt)]


@dataclass(frozen=True, slots=True, eq=False)
class Proposed:
    """What was found in the excerpts of a batch."""

    proposals: Sequence[Proposal] = ()
    untried: Sequence[tuple[Excerpt, UntriedPlace]] = ()
    read: ReadBatch | None = None  # what their calls are scored from; None: there was nothing


def propose(excerpts: Sequence[Excerpt], plan: Plan) -> Proposed:
    """Returns the proposals of a batch by excerpt, tool, position and order of the draws."""
    asked = [(excerpt, tool) for excerpt in excerpts for tool in excerpt.tools]
    if not asked:
        return Proposed()
    plain = _plain_starts([each for each in excerpts if each.tools], plan)
    requests = [
        TextRequest(
            plan.prompts.of(tool, excerpt.window.text, document=excerpt.document.text),
            excerpt.window.text,
        )
        for excerpt, tool in asked
    ]
    read = ReadBatch(
        plan.model.read(requests),
        {id(each): ReadText.of(each.window.text, plan) for each in excerpts if each.tools},
    )
    found = [
        _likeliest(
            excerpt,
            tool,
            _Reading(
                request,
                read.text(excerpt),
                read.trunks.starts[request],
                plain[id(excerpt)],
                read.trunks.log_probs[request],
            ),
            plan,
        )
        for request, (excerpt, tool) in enumerate(asked)
    ]
    proposals = sample_calls([each.tried for each in found], read.trunks, plan)
    return Proposed(proposals, untried_of(asked, found), read)


@dataclass(frozen=True, slots=True, eq=False)
class _Reading:
    """A text behind the demonstrations of one tool."""

    request: int
    text: ReadText
    starts: StartProbabilities
    plain: StartProbabilities
    log_probs: npt.NDArray[np.float32]  # (tokens - 1,), of each token but the first

    @property
    def gains(self) -> npt.NDArray[np.float32]:
        """Returns (places,) float32: log p(open | demonstrations) − log p(open | nothing)."""
        found, plain = (
            np.log(np.maximum(each.probabilities, _LEAST)) for each in (self.starts, self.plain)
        )
        return np.asarray(found - plain, dtype=np.float32)


def _plain_starts(excerpts: Sequence[Excerpt], plan: Plan) -> dict[int, StartProbabilities]:
    """Returns how likely a call starts without demonstrations, by the identity of the excerpt."""
    requests = [TextRequest(_NOTHING, each.window.text) for each in excerpts]
    with plan.model.read(requests, keep=False) as trunks:
        return dict(zip(map(id, excerpts), trunks.starts, strict=True))


def _likeliest(excerpt: Excerpt, tool: Tool, reading: _Reading, plan: Plan) -> FoundPlaces:
    """Returns the places of an excerpt that a tool's demonstrations point to, with L(ε)."""
    window, thresholds, starts = excerpt.window, plan.thresholds[tool.name], reading.starts
    gains = reading.gains
    tried, untried = likeliest_places(
        window.text,
        starts.positions,
        scores=np.where(starts.probabilities > thresholds.min_prob, gains, -np.inf),
        above=-np.inf if thresholds.min_start_gain is None else thresholds.min_start_gain,
        max_positions=thresholds.max_positions,
        within=window.places,
        suits=lambda position: tool.may_precede(window.text[position:]),
    )
    proposals = []
    for place in tried:
        before = int(starts.tokens_before[place.index])
        sizes = reading.text.sizes(place.position)
        losses = Losses(unit_loss(reading.log_probs[before - 1 : before - 1 + sum(sizes)], sizes))
        candidate = Candidate(
            position=window.start + place.position,
            tool=tool.name,
            arguments=None,
            start_prob=float(starts.probabilities[place.index]),
            count=0,
            token=window.first_token + before,
            start_gain=place.score,
            losses=losses,
            verdict=None if thresholds.can_gain(losses.no_call) else Verdict.PRUNED,
        )
        proposals.append(Proposal(excerpt, candidate, reading.request))
    return FoundPlaces(
        proposals,
        [
            UntriedPlace(
                window.start + each.position,
                tool.name,
                float(starts.probabilities[each.index]),
                each.score,
            )
            for each in untried
        ],
    )
