"""A catalogue made offline, in the shape of ToolBench's: categories, tools, APIs.

Every API asks one thing of one kind of thing in one way, and no two ask the same; the APIs of a
tool are about one kind of thing. An API follows from the seed and its place alone, so a catalogue
of 46,985 is made as it is written, and a larger one begins with the smaller.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Annotated

from pydantic import Field

from toolformer.config import Config
from toolformer.errors import ConfigError
from toolformer.studies.tool_tokens.catalog.aspects import (
    ASPECTS,
    Aspect,
    plural,
    said,
    with_descriptions,
)
from toolformer.studies.tool_tokens.catalog.records import Api
from toolformer.studies.tool_tokens.catalog.words import Asked, Thing, asked, things

_FEWEST, _MOST = 2, 6  # APIs of a tool; four on average, as in ToolBench
_BRANDS = (
    ("blue", "red", "north", "south", "swift", "prime", "open", "true", "bright", "metro", "nova"),
    ("fin", "leaf", "gate", "line", "hub", "desk", "base", "port", "wise", "kit", "bay"),
)
_PROVIDERS = len(_BRANDS[0]) * len(_BRANDS[1])  # more than 120, which the 240 APIs of a thing fill


class CatalogConfig(Config):
    """Everything that decides a catalogue."""

    tools: Annotated[int, Field(ge=1)] = 200
    """Tools; each has 2 to 6 APIs."""
    apis: Annotated[int, Field(ge=1)] | None = None
    """Exactly so many APIs, whatever the number of tools."""
    train_queries: Annotated[int, Field(ge=0)] = 3
    """Queries per API to learn from: a plain one, a paraphrased one, a vague one, and so on."""
    held_out_queries: Annotated[int, Field(ge=0)] = 300
    """Queries of each held-out kind: of instructions, of tools, of categories."""
    held_out_tools: Annotated[float, Field(ge=0, lt=1)] = 0.1
    """Share of the tools that have no query to learn from."""
    held_out_categories: Annotated[int, Field(ge=0, le=24)] = 2
    """Categories, of 25, of whose tools none has a query to learn from."""
    several: Annotated[float, Field(ge=0, le=1)] = 0.33
    """Share of the queries that two or three APIs answer."""
    seed: int = 0
    """Random seed."""


@dataclass(frozen=True)
class MadeApi:
    """An API that was made, and of what."""

    thing: Thing
    asked: Asked
    aspect: Aspect
    tool: str

    @cached_property
    def api(self) -> Api:
        """The API as others see it."""
        words = {"asked": self.asked.names[0], "thing": self.thing.names[0]}
        words["things"] = plural(words["thing"])
        name = self.aspect.api.format(asked=words["asked"].replace(" ", "_"))
        return Api(
            category=self.thing.category,
            tool=self.tool,
            name=name,
            description=said(self.aspect.description, words),
            parameters=with_descriptions(self.aspect.parameters, thing=words["thing"]),
            result=words["asked"].replace(" ", "_"),
        )


@dataclass(frozen=True, slots=True)
class MadeTool:
    """A tool that was made, about one kind of thing."""

    name: str
    thing: Thing
    apis: tuple[MadeApi, ...]


def make_tools(config: CatalogConfig) -> Iterator[MadeTool]:
    """Yields the tools of a catalogue.

    Raises:
        ConfigError: there are not so many, once enough are made.
    """
    left = config.apis
    for tool in islice(_tools(config.seed), None if left is not None else config.tools):
        if left is None:
            yield tool
            continue
        taken = tool.apis[:left]
        left -= len(taken)
        yield MadeTool(tool.name, tool.thing, taken)
        if not left:
            return


def _tools(seed: int) -> Iterator[MadeTool]:
    """Yields all the tools there can be: one for every thing, then a second one, and so on."""
    dealt = [_Dealt(each, seed) for each in things()]
    random.Random(f"things {seed}").shuffle(dealt)  # noqa: S311
    made = 0
    for _ in range(_PROVIDERS):
        for each in dealt:
            tool = each.next_tool()
            if tool is not None:
                made += len(tool.apis)
                yield tool
    raise ConfigError(f"No more than {made:,} APIs can be made: choose fewer --tools or --apis.")


class _Dealt:
    """What can be asked of a thing, dealt to tools."""

    def __init__(self, thing: Thing, seed: int) -> None:
        self._thing = thing
        self._rng = random.Random(f"{thing.names[0]} {seed}")  # noqa: S311
        self._pairs = [(each, aspect) for each in asked() for aspect in ASPECTS]
        self._brands = [first + last for first in _BRANDS[0] for last in _BRANDS[1]]
        self._rng.shuffle(self._pairs)
        self._rng.shuffle(self._brands)

    def next_tool(self) -> MadeTool | None:
        count = self._rng.randint(_FEWEST, _MOST)
        taken, self._pairs = self._pairs[:count], self._pairs[count:]
        if not taken:
            return None
        name = f"{self._brands.pop()}_{self._thing.names[0].replace(' ', '_')}"
        apis = tuple(MadeApi(self._thing, each, aspect, name) for each, aspect in taken)
        return MadeTool(name, self._thing, apis)
