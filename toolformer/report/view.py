"""What a report says of a run, collected while the run is read once. Knows no HTML."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from toolformer.calls import grammar_from_dict
from toolformer.report.blocks import TextBlocks, TextPacker
from toolformer.report.gains import GainCounter, Gains
from toolformer.runs.directory import Run
from toolformer.runs.error_shapes import ErrorShape, ToolErrors
from toolformer.runs.manifest import RunManifest
from toolformer.runs.reading import read_selected
from toolformer.runs.shards.read import count_rows
from toolformer.runs.stats import RunStats, StatsCounter
from toolformer.runs.sweep import FalsePositives, PassCounter, thresholds_beside
from toolformer.runs.thresholds import Thresholds

# Nats: thresholds that texts are counted at, of `used`, or of both where both are equal.
_SWEPT = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 2.5, 3.0)


@dataclass(frozen=True, slots=True)
class SweptRow:
    """What a tool's calls come to at some thresholds."""

    texts_kept: int
    passed: FalsePositives
    is_settled: bool  # whether these thresholds count

    @property
    def used(self) -> float:
        """The threshold that was swept, in nats."""
        return self.passed.thresholds.used


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """What a report says of one run."""

    name: str
    manifest: RunManifest
    lack: str  # in words; "" of a run that is whole
    is_provisional: bool
    thresholds: Mapping[str, Thresholds]
    stats: RunStats
    swept: Mapping[str, Sequence[SweptRow]]  # by tool, the lowest threshold first
    gains: Mapping[str, Gains]
    errors: Mapping[str, Sequence[ErrorShape]]
    texts: TextBlocks
    characters: int  # of all texts
    shards: int
    disk_bytes: int

    def settled(self, tool: str) -> FalsePositives:
        """Returns what passes of a tool at the thresholds that count."""
        return next(row.passed for row in self.swept[tool] if row.is_settled)


def view_run(
    run: Run,
    name: str,
    *,
    thresholds: Mapping[str, Thresholds],
    allow_peeking: bool,
    most_texts: int,
) -> RunView:
    """Reads a run once and returns what a report says of it.

    Args:
        run: finished, or opened with `incomplete`.
        name: what the report calls it.
        thresholds: what counts, by tool name in tool order.
        allow_peeking: whether calls that peek compete.
        most_texts: how many texts can be looked at; all are counted.

    Raises:
        RunError: the run is not whole, or damaged.
    """
    run.check_whole()
    shards = run.shards()
    tools = list(thresholds)
    swept = PassCounter(
        [
            thresholds,
            *thresholds_beside(thresholds, _SWEPT, lowest=run.manifest.lowest_thresholds),
        ],
        allow_peeking=allow_peeking,
    )
    counted, characters = StatsCounter(), 0
    gains = GainCounter(thresholds, allow_peeking=allow_peeking)
    errors = ToolErrors()
    packer = TextPacker(
        tools,
        grammar=grammar_from_dict(run.manifest.grammar),
        total=sum(map(count_rows, shards.values())),
        most=most_texts,
    )
    for annotated in read_selected(run, thresholds, allow_peeking=allow_peeking):
        counted.add([annotated])
        characters += len(annotated.document.text)
        gains.add(annotated.candidates)
        packer.add(annotated)
        errors.add(annotated.candidates)
        swept.add(annotated.candidates)
    lack = run.lack()
    problems = 0 if lack else run.stats().problems
    return RunView(
        name=name,
        manifest=run.manifest,
        lack=lack,
        is_provisional=run.is_provisional and thresholds == run.thresholds,
        thresholds=thresholds,
        stats=counted.stats(problems=problems),
        swept={tool: list(_rows(tool, swept, thresholds[tool])) for tool in tools},
        gains=gains.gains(),
        errors=errors.by_tool(),
        texts=packer.packed(),
        characters=characters,
        shards=len(shards),
        disk_bytes=sum(path.stat().st_size for path in shards.values()),
    )


def _rows(tool: str, counter: PassCounter, settled: Thresholds) -> Iterator[SweptRow]:
    """Yields a row for each threshold of a tool, each once, the lowest first."""
    counted = list(zip(counter.counts(tool), counter.texts_kept(tool), strict=True))
    rows = {  # the first counts of two that are alike
        passed.thresholds.used: SweptRow(texts_kept, passed, passed.thresholds == settled)
        for passed, texts_kept in reversed(counted)
    }
    for used in sorted(rows):
        yield rows[used]
