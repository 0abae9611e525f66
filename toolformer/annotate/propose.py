"""Where a call could go and what it could say.

A batch of excerpts is read under the tools' prompts; the likeliest places are looked at once for
their plain loss, and at those that could still gain enough the model writes calls.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from toolformer.annotate.config import AnnotateConfig, ToolThresholds
from toolformer.annotate.excerpts import Excerpt
from toolformer.annotate.losses import ask_losses
from toolformer.annotate.places import Place, likeliest_places
from toolformer.annotate.prompts import Prompts
from toolformer.calls import CallGrammar
from toolformer.lm.base import Branch, LanguageModel, LossRequest, TextRequest, Trunks
from toolformer.tools.base import Tool


@dataclass(frozen=True, slots=True)
class Proposal:
    """A call that the model wrote at a place of an excerpt, or a place alone that was pruned."""

    excerpt: Excerpt
    tool: Tool
    place: Place  # in the excerpt's own offsets
    token: int  # tokens of the document before the place
    no_call: float  # L(ε), nats
    arguments: str | None = None  # None: pruned
    closed: bool = False  # whether the arguments came to their closing parenthesis
    count: int = 0  # how many samples said the same


@dataclass(frozen=True, slots=True)
class _Spot:
    """A place that was found for a tool, before its loss is known."""

    request: int  # which of the texts that were read
    excerpt: Excerpt
    tool: Tool
    place: Place
    token: int


def propose(
    excerpts: Sequence[Excerpt],
    *,
    model: LanguageModel,
    prompts: Prompts,
    numbers: Mapping[str, ToolThresholds],
    config: AnnotateConfig,
) -> list[Proposal]:
    """Returns the proposals of a batch by excerpt, tool, position and order of the draws."""
    asked = [(excerpt, tool) for excerpt in excerpts for tool in excerpt.tools]
    requests = [
        TextRequest(prompts.of(tool, excerpt.window.text), excerpt.window.text)
        for excerpt, tool in asked
    ]
    with model.read(requests) as trunks:
        spots = _find_spots(asked, trunks, numbers=numbers)
        losses = _plain_losses(spots, model=model, without_marker=prompts.are_empty)
        worth = [
            loss >= numbers[spot.tool.name].prune_below
            for spot, loss in zip(spots, losses, strict=True)
        ]
        branches = [
            _branch(spot, grammar=model.grammar, numbers=numbers[spot.tool.name], config=config)
            for spot, is_worth in zip(spots, worth, strict=True)
            if is_worth
        ]
        written = iter(trunks.sample(branches) if branches else [])
    proposals = []
    for spot, loss, is_worth in zip(spots, losses, worth, strict=True):
        bare = Proposal(spot.excerpt, spot.tool, spot.place, spot.token, loss)
        if not is_worth:
            proposals.append(bare)
            continue
        merged = Counter((sampled.text, sampled.closed) for sampled in next(written))
        proposals += [
            Proposal(spot.excerpt, spot.tool, spot.place, spot.token, loss, text, closed, count)
            for (text, closed), count in merged.items()
        ]
    return proposals


def _find_spots(
    asked: Sequence[tuple[Excerpt, Tool]], trunks: Trunks, *, numbers: Mapping[str, ToolThresholds]
) -> list[_Spot]:
    spots = []
    for request, ((excerpt, tool), starts) in enumerate(zip(asked, trunks.starts, strict=True)):
        places = likeliest_places(
            excerpt.window.text,
            starts.positions,
            probabilities=starts.probabilities,
            min_prob=numbers[tool.name].min_prob,
            max_positions=numbers[tool.name].max_positions,
            within=excerpt.window.places,
        )
        first = excerpt.window.first_token
        spots += [_Spot(request, excerpt, tool, place, first + place.number) for place in places]
    return spots


def _plain_losses(
    spots: Sequence[_Spot], *, model: LanguageModel, without_marker: bool
) -> list[float]:
    """Returns L(ε) per spot; tools that look at the same place of a text share it."""
    keys = [(id(spot.excerpt), spot.place.position) for spot in spots]
    first = dict(zip(keys, spots, strict=True))
    requests = [
        LossRequest(spot.excerpt.window.text, spot.place.position, without_marker=without_marker)
        for spot in first.values()
    ]
    losses = dict(zip(first, ask_losses(model, requests), strict=True))
    return [losses[key] for key in keys]


def _branch(
    spot: _Spot, *, grammar: CallGrammar, numbers: ToolThresholds, config: AnnotateConfig
) -> Branch:
    position = spot.excerpt.window.start + spot.place.position
    return Branch(
        request=spot.request,
        position=spot.place.position,
        lead=grammar.lead(spot.tool.name),
        # Greedy samples are all the same one.
        samples=numbers.samples if config.temperature > 0 else 1,
        max_tokens=config.max_tokens,
        temperature=config.temperature,
        key=f"{config.seed}|{spot.excerpt.document.id}|{spot.tool.name}|{position}",
    )
