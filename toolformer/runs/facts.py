"""What a run adds up to, in one file: how it was made, its counts, and what passes by chance.

It goes with the texts that are written of a run, so that they can say where they come from.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from toolformer.errors import RunError
from toolformer.files import from_json, json_text, read_json, write_whole
from toolformer.records import AnnotatedDocument
from toolformer.runs.directory import Run
from toolformer.runs.manifest import RunManifest, manifest_of
from toolformer.runs.stats import RunStats, StatsCounter
from toolformer.runs.sweep import FalsePositives, PassCounter
from toolformer.runs.thresholds import Thresholds

FACTS = "run.json"


@dataclass(frozen=True, slots=True)
class RunFacts:
    """A run without its texts."""

    manifest: RunManifest
    stats: RunStats
    chance: Mapping[str, FalsePositives] = field(default_factory=dict)  # by tool, in tool order


class FactsCounter:
    """Adds up a run as its documents come by."""

    def __init__(
        self,
        manifest: RunManifest,
        thresholds: Mapping[str, Thresholds],
        *,
        allow_peeking: bool | None = None,
    ) -> None:
        """Starts with no document.

        Args:
            manifest: of the run.
            thresholds: by which the documents were selected, by tool name.
            allow_peeking: whether calls that peek competed; as in the run when None.
        """
        self._manifest = manifest
        self._stats = StatsCounter()
        peeking = manifest.allow_peeking if allow_peeking is None else allow_peeking
        self._tools = tuple(thresholds)
        self._passed = PassCounter([thresholds], allow_peeking=peeking)

    def watch(self, documents: Iterable[AnnotatedDocument]) -> Iterator[AnnotatedDocument]:
        """Passes documents on, and counts them."""
        for annotated in documents:
            self._stats.add([annotated])
            self._passed.add(annotated.candidates)
            yield annotated

    def facts(self) -> RunFacts:
        """Returns what the documents so far add up to."""
        chance = {name: self._passed.counts(name)[0] for name in self._tools}
        return RunFacts(self._manifest, self._stats.stats(), chance)


def facts_of(run: Run) -> RunFacts:
    """Returns the facts of a run, which is read once.

    Raises:
        RunError: the run is not whole, or damaged.
    """
    counter = FactsCounter(run.manifest, run.thresholds)
    for _ in counter.watch(run.documents()):
        pass
    return replace(counter.facts(), stats=run.stats())  # with the problems of its corpus


def write_facts(folder: Path, facts: RunFacts) -> None:
    """Writes the facts of a run into a directory.

    Raises:
        RunError: the file cannot be written.
    """
    values: dict[str, Any] = {
        "manifest": facts.manifest.to_dict(),
        "stats": facts.stats.to_dict(),
        "chance": {name: asdict(each) for name, each in facts.chance.items()},
    }
    write_whole(folder / FACTS, json_text(values))


def read_facts(folder: Path) -> RunFacts | None:
    """Returns the facts of a run that stand in a directory, None where there are none.

    Raises:
        RunError: the file is something else.
    """
    path = folder / FACTS
    try:
        values = read_json(path)
        if not isinstance(values, dict) or not isinstance(values.get("manifest"), dict):
            raise ValueError("it has no manifest")
        return RunFacts(
            manifest_of(values["manifest"]),
            RunStats.from_dict(values.get("stats", {})),
            from_json(dict[str, FalsePositives], values.get("chance", {})),
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise RunError(f"'{path}' does not hold the facts of a run: {reason}.") from None
