"""The paper's places: where the model would begin a call, under a prompt that shows the text first.

The likeliest places are looked at once for their plain loss, and at those that could still gain
enough the model writes calls.
"""

from collections.abc import Sequence
from dataclasses import replace

from toolformer.annotate.methods.losses import ask_losses
from toolformer.annotate.methods.proposal import (
    FoundPlaces,
    Proposal,
    sample_calls,
    untried_of,
)
from toolformer.annotate.plan import Plan
from toolformer.annotate.texts.excerpts import Excerpt
from toolformer.annotate.texts.places import likeliest_places
from toolformer.lm.base import LossRequest, StartProbabilities, TextRequest
from toolformer.records import Candidate, Losses, UntriedPlace, Verdict
from toolformer.tools.base import Tool


def propose(
    excerpts: Sequence[Excerpt], plan: Plan
) -> tuple[list[Proposal], list[tuple[Excerpt, UntriedPlace]]]:
    """Returns the proposals of a batch by excerpt, tool, position and order of the draws.

    A place that cannot gain enough is a proposal without a call, `pruned`; what is not a call is
    `unreadable`.

    Returns:
        The proposals, and the places that were not tried.
    """
    asked = [(excerpt, tool) for excerpt in excerpts for tool in excerpt.tools]
    if not asked:
        return [], []
    requests = [
        TextRequest(
            plan.prompts.of(tool, excerpt.window.text, document=excerpt.document.text),
            excerpt.window.text,
        )
        for excerpt, tool in asked
    ]
    with plan.model.read(requests) as trunks:
        found = [
            _likeliest(excerpt, tool, trunks.starts[request], request=request, plan=plan)
            for request, (excerpt, tool) in enumerate(asked)
        ]
        places = _with_plain_losses([each.tried for each in found], plan)
        return sample_calls(places, trunks, plan), untried_of(asked, found)


def _likeliest(
    excerpt: Excerpt, tool: Tool, starts: StartProbabilities, *, request: int, plan: Plan
) -> FoundPlaces:
    """Returns the places of an excerpt where the model would begin a call of a tool."""
    window = excerpt.window
    tried, untried = likeliest_places(
        window.text,
        starts.positions,
        scores=starts.probabilities,
        above=plan.thresholds[tool.name].min_prob,
        max_positions=plan.thresholds[tool.name].max_positions,
        within=window.places,
    )
    return FoundPlaces(
        [
            Proposal(
                excerpt,
                Candidate(
                    position=window.start + place.position,
                    tool=tool.name,
                    arguments=None,
                    start_prob=place.score,
                    count=0,
                    token=window.first_token + int(starts.tokens_before[place.index]),
                ),
                request,
            )
            for place in tried
        ],
        [UntriedPlace(window.start + each.position, tool.name, each.score) for each in untried],
    )


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
    can_gain = plan.thresholds[place.candidate.tool].can_gain(loss)
    return place.having(
        replace(place.candidate, losses=Losses(loss), verdict=None if can_gain else Verdict.PRUNED)
    )


def _key(place: Proposal) -> tuple[int, int]:
    return id(place.excerpt), place.position
