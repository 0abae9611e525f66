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
from toolformer.runs.directory import Run
from toolformer.runs.manifest import ROUNDS, read_manifest

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


def check_rounds(
    corpus: object,
    *,
    out: Path,
    max_documents: int | None,
    shards: Collection[int] | None,
    is_remote: bool = False,
) -> None:
    """Refuses what cannot be annotated in several rounds.

    Args:
        corpus: what is to be annotated.
        out: the run directory.
        max_documents: after how many documents each round is to end.
        shards: the numbers of the shards that are asked for, None for all.
        is_remote: whether the run directory is a copy of one at a URL.

    Raises:
        ConfigError: says why.
    """
    begun = read_manifest(out / ROUNDS / "1")
    if begun is not None and begun.grown(max_documents) != begun:
        raise ConfigError(
            f"'{out}' has several rounds over {begun.max_documents} documents, and they cannot "
            "grow: what a later round is shown follows from the whole round before. Name another "
            "directory."
        )
    if shards is not None:
        raise ConfigError(
            "A round begins when the one before is whole: several rounds cannot be divided into "
            "shards=. Annotate the shards with rounds=1."
        )
    if is_remote:
        raise ConfigError(
            "Several rounds are made in a directory: name one, or annotate with rounds=1."
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
