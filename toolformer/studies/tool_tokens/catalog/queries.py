"""Queries for a catalogue: in the documentation's words, in others, in hints; and what is held out.

Held out are instructions of tools that others are learned of, whole tools, and whole categories.
Their frames and proper names are not those of what is learned; the words for things are, since the
words of a language have to be learned somewhere.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from toolformer.studies.tool_tokens.catalog.aspects import framed, plural, said, values_of
from toolformer.studies.tool_tokens.catalog.make import CatalogConfig, MadeApi, MadeTool
from toolformer.studies.tool_tokens.catalog.records import (
    HELD_OUT,
    ApiCall,
    ApiQuery,
    Split,
    Tier,
)

_TIERS: tuple[Tier, ...] = ("plain", "paraphrased", "vague")
_AND = (" Also: ", " And then: ")


@dataclass(frozen=True, slots=True)
class _Part:
    """A query for one API."""

    text: str
    call: ApiCall


def make_queries(tools: Sequence[MadeTool], config: CatalogConfig) -> Iterator[ApiQuery]:
    """Yields the queries of a catalogue: those to learn from, then those of each held-out kind."""
    groups = _groups(tools, config)
    number = 0
    for round_ in range(config.train_queries):
        tier = _TIERS[round_ % len(_TIERS)]
        for tool in groups["train"]:
            for api in tool.apis:
                yield _query(f"train-{number}", api, tool, groups["train"], tier, "train", config)
                number += 1
    for split in HELD_OUT:
        # Held-out instructions are those of tools that others are learned of.
        pool = groups["train" if split == "instruction" else split]
        made = [(tool, api) for tool in pool for api in tool.apis]
        random.Random(f"{split} {config.seed}").shuffle(made)  # noqa: S311
        for index in range(config.held_out_queries if made else 0):
            tool, api = made[index % len(made)]
            tier = _TIERS[index % len(_TIERS)]
            yield _query(f"{split}-{index}", api, tool, pool, tier, split, config)


def _groups(tools: Sequence[MadeTool], config: CatalogConfig) -> Mapping[Split, Sequence[MadeTool]]:
    """Returns the tools by what is held out of them."""
    rng = random.Random(f"held out {config.seed}")  # noqa: S311
    categories = sorted({tool.thing.category for tool in tools})
    count = min(config.held_out_categories, len(categories) - 1)
    without = frozenset(rng.sample(categories, count))
    others = [tool for tool in tools if tool.thing.category not in without]
    several = min(len(others) - 1, max(1, round(config.held_out_tools * len(others))))
    apart = {id(tool) for tool in rng.sample(others, several if config.held_out_tools else 0)}
    return {
        "train": [tool for tool in others if id(tool) not in apart],
        "tool": [tool for tool in others if id(tool) in apart],
        "category": [tool for tool in tools if tool.thing.category in without],
    }


def _query(
    name: str,
    api: MadeApi,
    tool: MadeTool,
    pool: Sequence[MadeTool],
    tier: Tier,
    split: Split,
    config: CatalogConfig,
) -> ApiQuery:
    rng = random.Random(f"{name} {config.seed}")  # noqa: S311
    chosen = [api]
    if rng.random() < config.several:
        chosen += _others(api, tool, pool, count=rng.randint(1, 2), rng=rng)
    parts = [_part(each, tier, trained=split == "train", rng=rng) for each in chosen]
    text = parts[0].text + "".join(rng.choice(_AND) + part.text for part in parts[1:])
    return ApiQuery(
        id=name,
        text=text,
        tier=tier,
        split=split,
        apis=tuple(part.call.api for part in parts),
        calls=tuple(part.call for part in parts),
        thoughts=tuple(part.text for part in parts),
    )


def _others(
    api: MadeApi, tool: MadeTool, pool: Sequence[MadeTool], *, count: int, rng: random.Random
) -> list[MadeApi]:
    """Draws further APIs: of one tool, one category, or any (G1, G2 and G3 of ToolBench)."""
    kind = rng.randrange(3)
    near = [tool] if kind == 0 else list(pool)
    if kind == 1:
        near = [each for each in pool if each.thing.category == tool.thing.category]
    rng.shuffle(near)
    found: list[MadeApi] = []
    for each in near:
        rest = [other for other in each.apis if other is not api and other not in found]
        found += rng.sample(rest, min(len(rest), count - len(found) if kind == 0 else 1))
        if len(found) >= count:
            break
    return found[:count]


def _part(api: MadeApi, tier: Tier, *, trained: bool, rng: random.Random) -> _Part:
    aspect = api.aspect
    values = values_of(aspect.parameters, trained=trained, rng=rng)
    told = {"asked": api.asked.names[0], "thing": api.thing.names[0]}
    if tier == "paraphrased":  # as people do, one of the two words or both
        replaced = rng.choice((("asked",), ("thing",), ("asked", "thing")))
        others = {"asked": api.asked.names[1:], "thing": api.thing.names[1:]}
        told |= {name: rng.choice(others[name]) for name in replaced}
    words = {
        **values,
        **told,
        "things": plural(told["thing"]),
        "hint": api.thing.hint,
        "clue": api.asked.hint,
    }
    if tier == "vague":
        text = said(aspect.vague, words)
    else:
        pattern = aspect.plain if tier == "plain" else aspect.paraphrased
        text = framed(said(pattern, words), trained=trained, rng=rng)
    return _Part(text, ApiCall(api.api.id, values))
