"""How the facts are recalled while a model is trained: numbers by kind and exposure, on disk."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import exp
from pathlib import Path

from toolformer.errors import RunError
from toolformer.files import from_json, json_text, read_json, write_whole
from toolformer.studies.inject.data.facts import Item
from toolformer.studies.inject.measuring import Recall

_TRACKING = "tracking.json"
NO_FACT = "syntactic, no fact needed"


@dataclass(frozen=True, slots=True)
class TrackedKind:
    """The items of one kind and exposure at one look."""

    kind: str
    exposures: int
    items: int
    exact: float  # share that greedy decoding recalls
    token_rank: float  # mean
    perplexity: float  # a token of the answers


@dataclass(frozen=True, slots=True)
class Tracked:
    """One look at a model."""

    step: int
    kinds: tuple[TrackedKind, ...]


def summed_up(step: int, asked: Iterable[tuple[Item, Recall]]) -> Tracked:
    """Returns a look: the means over the items of each kind and exposure."""
    grouped: dict[tuple[str, int], list[Recall]] = {}
    for item, found in asked:
        name = item.kind.value if item.needs_fact else NO_FACT
        grouped.setdefault((name, found.exposures), []).append(found)
    return Tracked(
        step,
        tuple(
            TrackedKind(
                kind=kind,
                exposures=exposures,
                items=len(found),
                exact=_mean([float(each.is_exact) for each in found]),
                token_rank=_mean([float(each.token_rank) for each in found]),
                perplexity=perplexity(found),
            )
            for (kind, exposures), found in sorted(grouped.items())
        ),
    )


def perplexity(found: Sequence[Recall]) -> float:
    """Returns the perplexity of some answers, per token."""
    return exp(min(sum(each.nats for each in found) / sum(each.tokens for each in found), 100))


def write_tracking(out: Path, looks: Mapping[int, Tracked]) -> None:
    """Writes all looks."""
    values = [asdict(looks[step]) for step in sorted(looks)]
    write_whole(out / _TRACKING, json_text(values))


def read_tracking(out: Path) -> dict[int, Tracked]:
    """Reads all looks by their steps; none where there was none yet.

    Raises:
        RunError: they cannot be read.
    """
    try:
        found = from_json(list[Tracked], read_json(out / _TRACKING))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise RunError(f"'{out / _TRACKING}' cannot be read ({error}): delete it.") from None
    return {each.step: each for each in found}


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
