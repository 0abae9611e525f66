"""Real text under a tool's brief prompt, copied without a call."""

import random
from pathlib import Path

from recipes.nano import calculator, calendar, lookup, prose
from recipes.nano.demonstration import Passage, demonstrate
from toolformer.pretrain.mixture import Source
from toolformer.pretrain.packing import PromptedText

_TOOLS = (
    (calculator.TOOL, calculator.SIGNATURE),
    (calendar.TOOL, calendar.SIGNATURE),
    (lookup.TOOL, lookup.SIGNATURE),
)


def demonstrations(*, folder: Path, shared: str) -> Source:
    """Gives passages of real articles that ask nothing of the tool."""
    data = folder / shared

    def draw(rng: random.Random) -> PromptedText:
        tool, signature = rng.choice(_TOOLS)
        return demonstrate(
            Passage(prose.passage(rng, data, most=3)), tool=tool, signature=signature
        )

    return draw


def arrows(*, folder: Path, shared: str) -> Source:
    """Gives lists of routes, so that the arrow is a token with a meaning before any call has shown one."""
    data = folder / shared

    def draw(rng: random.Random) -> PromptedText:
        stops = [prose.words(rng, data, most=1).capitalize() for _ in range(rng.randint(2, 8))]
        return PromptedText(
            "",
            "Route: " + " -> ".join(stops) + rng.choice(("", ".", f" [{rng.randint(1, 99)} km]")),
        )

    return draw
