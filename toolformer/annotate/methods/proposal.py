"""A candidate on its way through the stages, and how its arguments are asked for."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from toolformer.annotate.plan import Plan
from toolformer.annotate.texts.excerpts import Excerpt
from toolformer.calls import CallGrammar, ToolCall
from toolformer.lm.base import Branch, Sampled, Trunks
from toolformer.records import Candidate, UntriedPlace, Verdict
from toolformer.tools.base import Tool


@dataclass(frozen=True, slots=True)
class Proposal:
    """A candidate on its way through the stages, and the excerpt it was found in."""

    excerpt: Excerpt
    candidate: Candidate  # while it has no verdict, its call is to be run and scored
    request: int = 0  # which of the texts that were read together

    @property
    def position(self) -> int:
        """The candidate's position in the excerpt's own offsets."""
        return self.candidate.position - self.excerpt.window.start

    def having(self, candidate: Candidate) -> "Proposal":
        """Returns the same proposal with its candidate further on."""
        return replace(self, candidate=candidate)


@dataclass(frozen=True, slots=True)
class FoundPlaces:
    """The places of an excerpt where calls of a tool are asked for, and the best of the others."""

    tried: Sequence[Proposal] = ()
    untried: Sequence[UntriedPlace] = ()


def untried_of(
    asked: Sequence[tuple[Excerpt, Tool]], found: Sequence[FoundPlaces]
) -> list[tuple[Excerpt, UntriedPlace]]:
    """Returns the places that are not tried with the excerpt of each.

    Args:
        asked: an excerpt and a tool to try on it, for each request.
        found: the places of each, in the same order.
    """
    pairs = zip(asked, found, strict=True)
    return [(excerpt, each) for (excerpt, _tool), places in pairs for each in places.untried]


def sample_calls(
    places: Sequence[Sequence[Proposal]], trunks: Trunks, plan: Plan
) -> list[Proposal]:
    """Lets the model write calls at the places that have no verdict; returns all proposals.

    Args:
        places: of each text that was read, in order.
        trunks: the texts.
        plan: of the run.
    """
    branches = [
        _branch(place, plan) for found in places for place in found if not place.candidate.verdict
    ]
    written = iter(trunks.sample(branches) if branches else [])
    return [
        proposal
        for found in places
        for place in found
        for proposal in (
            [place] if place.candidate.verdict else _calls(place, next(written), plan.model.grammar)
        )
    ]


def _branch(place: Proposal, plan: Plan) -> Branch:
    """Returns what asks for the calls of a tool at a place of a text that was read."""
    tool, config = place.candidate.tool, plan.config
    return Branch(
        request=place.request,
        position=place.position,
        lead=plan.model.grammar.lead(tool),
        # Greedy samples are all the same one.
        samples=plan.thresholds[tool].samples if plan.temperature > 0 else 1,
        max_tokens=config.max_tokens,
        temperature=plan.temperature,
        key=f"{config.seed}|{place.excerpt.document.id}|{tool}|{place.candidate.position}",
        first_greedy=plan.is_in_context,
        spell=plan.toolbox[tool].spelling(
            plan.model.grammar, place.excerpt.window.text[: place.position]
        )
        if plan.is_in_context
        else None,
    )


def _calls(place: Proposal, sampled: Sequence[Sampled], grammar: CallGrammar) -> Iterator[Proposal]:
    """Yields what was written at a place; equal samples are one proposal."""
    merged = Counter((each.text, each.closed) for each in sampled)
    for (text, is_closed), count in merged.items():
        is_call = is_closed and grammar.is_readable(ToolCall(place.candidate.tool, text))
        yield place.having(
            replace(
                place.candidate,
                arguments=text,
                count=count,
                verdict=None if is_call else Verdict.UNREADABLE,
            )
        )


def drop_overlong(proposal: Proposal, plan: Plan) -> Proposal:
    """Returns the proposal, with its verdict if its call and output are too long to be scored."""
    candidate, model = proposal.candidate, plan.model
    if candidate.verdict is not None or candidate.call is None:
        return proposal
    written = model.grammar.format(candidate.call, candidate.output)
    # A token has an ASCII character at least, so most need no counting; others may become several.
    room = plan.call_tokens
    if (written.isascii() and len(written) <= room) or model.count_tokens([written])[0] <= room:
        return proposal
    return proposal.having(replace(candidate, verdict=Verdict.NOT_RENDERABLE))
