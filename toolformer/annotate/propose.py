"""Where a call could go and what it could say.

A batch of excerpts is read under the tools' prompts; the likeliest places are looked at once for
their plain loss, and at those that could still gain enough the model writes calls.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from toolformer.annotate.losses import ask_losses
from toolformer.annotate.plan import Plan
from toolformer.annotate.texts.excerpts import Excerpt
from toolformer.annotate.texts.places import likeliest_places
from toolformer.calls import CallGrammar, ToolCall
from toolformer.lm.base import Branch, LossRequest, Sampled, StartProbabilities, TextRequest
from toolformer.records import Candidate, Losses, Verdict
from toolformer.tools.base import Tool


@dataclass(frozen=True, slots=True)
class Proposal:
    """A candidate on its way through the stages, and the excerpt it was found in."""

    excerpt: Excerpt
    candidate: Candidate  # while it has no verdict, its call is to be run and scored

    @property
    def position(self) -> int:
        """The candidate's position in the excerpt's own offsets."""
        return self.candidate.position - self.excerpt.window.start


def propose(excerpts: Sequence[Excerpt], plan: Plan) -> list[Proposal]:
    """Returns the proposals of a batch by excerpt, tool, position and order of the draws.

    A place that cannot gain enough is a proposal without a call, `pruned`; what is not a call is
    `unreadable`.
    """
    asked = [(excerpt, tool) for excerpt in excerpts for tool in excerpt.tools]
    if not asked:
        return []
    requests = [
        TextRequest(plan.prompts.of(tool, excerpt.window.text), excerpt.window.text)
        for excerpt, tool in asked
    ]
    with plan.model.read(requests) as trunks:
        found = _with_plain_losses(
            [
                _likeliest(excerpt, tool, starts, plan=plan)
                for (excerpt, tool), starts in zip(asked, trunks.starts, strict=True)
            ],
            plan,
        )
        branches = [
            _branch(request, place, plan=plan)
            for request, places in enumerate(found)
            for place in places
            if place.candidate.verdict is None
        ]
        written = iter(trunks.sample(branches) if branches else [])
    return [
        proposal
        for places in found
        for place in places
        for proposal in (
            _calls(place, next(written), plan.model.grammar)
            if place.candidate.verdict is None
            else [place]
        )
    ]


def _likeliest(
    excerpt: Excerpt, tool: Tool, starts: StartProbabilities, *, plan: Plan
) -> list[Proposal]:
    """Returns the places of an excerpt where the model would begin a call of a tool."""
    window = excerpt.window
    places = likeliest_places(
        window.text,
        starts.positions,
        probabilities=starts.probabilities,
        min_prob=plan.thresholds[tool.name].min_prob,
        max_positions=plan.thresholds[tool.name].max_positions,
        within=window.places,
    )
    return [
        Proposal(
            excerpt,
            Candidate(
                position=window.start + place.position,
                tool=tool.name,
                arguments=None,
                start_prob=place.start_prob,
                count=0,
                token=window.first_token + int(starts.tokens_before[place.index]),
            ),
        )
        for place in places
    ]


def _with_plain_losses(found: Sequence[Sequence[Proposal]], plan: Plan) -> list[list[Proposal]]:
    """Returns the places with L(ε), those pruned that cannot gain enough.

    Tools that look at the same place of a text share its loss.
    """
    first = {_key(place): place for places in found for place in places}
    requests = [
        LossRequest(
            place.excerpt.window.text, place.position, without_marker=plan.prompts.are_empty
        )
        for place in first.values()
    ]
    losses = dict(zip(first, ask_losses(plan.model, requests), strict=True))
    return [
        [_with_plain_loss(each, losses[_key(each)], plan) for each in places] for places in found
    ]


def _with_plain_loss(place: Proposal, loss: float, plan: Plan) -> Proposal:
    can_gain = loss >= plan.thresholds[place.candidate.tool].prune_below
    candidate = replace(
        place.candidate, losses=Losses(loss), verdict=None if can_gain else Verdict.PRUNED
    )
    return Proposal(place.excerpt, candidate)


def _key(place: Proposal) -> tuple[int, int]:
    return id(place.excerpt), place.position


def _branch(request: int, place: Proposal, *, plan: Plan) -> Branch:
    """Returns what asks for the calls of a tool at a place of a text that was read."""
    tool, config = place.candidate.tool, plan.config
    return Branch(
        request=request,
        position=place.position,
        lead=plan.model.grammar.lead(tool),
        # Greedy samples are all the same one.
        samples=plan.thresholds[tool].samples if config.temperature > 0 else 1,
        max_tokens=config.max_tokens,
        temperature=config.temperature,
        spell=next(each for each in place.excerpt.tools if each.name == tool).spelling(
            plan.model.grammar, place.excerpt.window.text[: place.position]
        ),
        key=f"{config.seed}|{place.excerpt.document.id}|{tool}|{place.candidate.position}",
    )


def _calls(place: Proposal, sampled: Sequence[Sampled], grammar: CallGrammar) -> Iterator[Proposal]:
    """Yields what was written at a place; equal samples are one proposal."""
    merged = Counter((each.text, each.closed) for each in sampled)
    for (text, is_closed), count in merged.items():
        is_call = is_closed and grammar.is_readable(ToolCall(place.candidate.tool, text))
        candidate = replace(
            place.candidate,
            arguments=text,
            count=count,
            verdict=None if is_call else Verdict.UNREADABLE,
        )
        yield Proposal(place.excerpt, candidate)
