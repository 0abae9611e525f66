"""A grid of models: which there are, and which of them are trained as one stack."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Self

from pydantic import Field, model_validator

from toolformer.studies.in_tool.data.people import Attribute
from toolformer.studies.in_tool.data.questions import Mode
from toolformer.studies.in_tool.experiment.measured import AskConfig
from toolformer.studies.in_tool.training.config import (
    LearnedConfig,
    Positive,
    ScheduleConfig,
    check_width,
)

FACTS_A_PERSON = len(Attribute)


class GridConfig(AskConfig, ScheduleConfig):
    """A sweep: every number of facts with every width, mode, seed and alpha."""

    facts: tuple[int, ...]
    """Numbers of facts; four are one person."""
    widths: tuple[Positive, ...]
    """Widths d of the models."""
    modes: tuple[Mode, ...] = (Mode.WEIGHT, Mode.TOOL)
    """Facts in the weights, by the tool, or both."""
    seeds: tuple[int, ...] = (0, 1)
    """Random seeds of people, weights and batches."""
    alphas: tuple[Annotated[float, Field(ge=0, le=1)], ...] = (1.0,)
    """Probabilities that a fact is the person's own."""
    tool_steps: Positive | None = None
    """Steps of the models with a tool; as many as of the others when left out."""
    models_together: Positive = 8
    """Models of one stack, at most."""
    strange_questions: Positive = 128
    """Questions to each model about people it never saw, at most."""
    edited_questions: Positive = 32
    """Questions to each model asked again after the database was edited, at most."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for width in self.widths:
            check_width(width)
        for each in self.facts:
            if each < 1 or each % FACTS_A_PERSON:
                raise ValueError(f"{each} facts are not those of whole people: four each")
        return self

    def schedule(self, mode: Mode) -> ScheduleConfig:
        """Returns how the models of a mode are trained."""
        values = {name: getattr(self, name) for name in ScheduleConfig.model_fields}
        schedule = ScheduleConfig(**values)
        return schedule.override(steps=self.tool_steps) if mode is Mode.TOOL else schedule

    @property
    def ask(self) -> AskConfig:
        """How many questions each model is asked."""
        return AskConfig(**{name: getattr(self, name) for name in AskConfig.model_fields})


@dataclass(frozen=True, slots=True)
class Stack:
    """Models of one width and mode that are trained together."""

    width: int
    learned: tuple[LearnedConfig, ...]

    @property
    def mode(self) -> Mode:
        """Of all of them."""
        return self.learned[0].mode


def stacks(grid: GridConfig) -> Iterator[Stack]:
    """Yields the stacks of a grid, small ones first.

    >>> grid = GridConfig(facts=(64, 256), widths=(8,), modes=("weight",), models_together=3)
    >>> [len(each.learned) for each in stacks(grid)]
    [3, 1]
    """
    for width in grid.widths:
        for mode in grid.modes:
            learned = [
                LearnedConfig(mode=mode, people=facts // FACTS_A_PERSON, seed=seed, alpha=alpha)
                for facts in grid.facts
                for alpha in grid.alphas
                for seed in grid.seeds
            ]
            for part in _parts(learned, grid.models_together):
                yield Stack(width, tuple(part))


def _parts(items: Sequence[LearnedConfig], most: int) -> Iterator[Sequence[LearnedConfig]]:
    for start in range(0, len(items), most):
        yield items[start : start + most]
