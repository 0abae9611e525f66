"""A corpus annotated several times, each time behind what was kept before.

    RUN/                    the last round, a run like any other
    RUN/rounds/1 …          the runs of the rounds before, by number

What a round shows is fixed before it begins: the demonstrations of the first, and what the one
before kept. Its digest stands in the round's manifest, so that a round is resumed or refused, never
mixed.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from toolformer.annotate.demonstrations.demonstration import Demonstration
from toolformer.annotate.demonstrations.growing import grown_pool
from toolformer.annotate.plan import Plan
from toolformer.annotate.progress import RunProgress
from toolformer.corpus.sources import is_standard_input
from toolformer.errors import ConfigError
from toolformer.runs.directory import ROUNDS, Run

_Tell = Callable[[RunProgress], None]


class Once(Protocol):
    """Annotates a corpus in one round."""

    def __call__(
        self,
        *,
        out: Path,
        demonstrations: Sequence[Demonstration] | None,
        on_progress: _Tell | None,
    ) -> tuple[Run, Plan]:
        """Returns the run, and what it was made by."""


def check_rounds(corpus: object, *, shards: Collection[int] | None) -> None:
    """Refuses what cannot be annotated in several rounds.

    Raises:
        ConfigError: says why.
    """
    if shards is not None:
        raise ConfigError(
            "A round begins when the one before is whole: several rounds cannot be divided into "
            "shards=. Annotate the shards with rounds=1."
        )
    names = getattr(corpus, "names", [corpus])
    if isinstance(corpus, Iterator) or any(map(is_standard_input, names)):
        raise ConfigError(
            "Several rounds read the corpus several times, which a generator or standard input "
            "cannot do: make a list or a file of it."
        )


def in_rounds(
    once: Once,
    rounds: int,
    *,
    out: Path,
    demonstrations: Sequence[Demonstration] | None,
    on_progress: _Tell | None,
) -> Run:
    """Annotates in so many rounds and returns the last one's run."""
    first: Sequence[Demonstration] | None = None
    for number in range(1, rounds):
        run, plan = once(
            out=out / ROUNDS / str(number),
            demonstrations=demonstrations,
            on_progress=_in_round(on_progress, number),
        )
        first = plan.all_demonstrations if first is None else first
        demonstrations = grown_pool(first, run.documents())
    run, _ = once(out=out, demonstrations=demonstrations, on_progress=on_progress)
    return run


def _in_round(tell: _Tell | None, number: int) -> _Tell | None:
    if tell is None:
        return None
    return lambda progress: tell(replace(progress, round=number))
