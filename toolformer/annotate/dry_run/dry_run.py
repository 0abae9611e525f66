"""An annotation of a sample: what it finds, what it costs, and what the whole corpus would take.

Nothing is left of it but what is returned.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from toolformer.annotate.config import AnnotateConfig
from toolformer.annotate.documents import Corpus, Reading
from toolformer.annotate.dry_run.estimate import Estimate, estimate
from toolformer.annotate.dry_run.meter import Meter
from toolformer.annotate.dry_run.sample import Sample, sample_documents
from toolformer.annotate.pipeline import ShardBatch, annotate_batches
from toolformer.annotate.plan import Plan, make_plan
from toolformer.annotate.progress import ProgressCounter, RunProgress
from toolformer.annotate.run import opened_toolbox
from toolformer.annotate.shards import Shard, cut_shards
from toolformer.corpus import CorpusProblem
from toolformer.errors import ConfigError, CorpusError
from toolformer.garbage import gc_paused
from toolformer.lm.base import TokenUsage
from toolformer.lm.lending import lent
from toolformer.lm.registry import AnyModel, as_model
from toolformer.records import AnnotatedDocument, Candidate, Verdict
from toolformer.runs.directory import Run
from toolformer.runs.error_shapes import ErrorShape, ToolErrors
from toolformer.runs.manifest import RunManifest
from toolformer.runs.reading import nearest_calls, strongest_calls
from toolformer.runs.stats import RunStats
from toolformer.runs.thresholds import Thresholds
from toolformer.runs.writer import RunWriter
from toolformer.threads import Threads
from toolformer.tools.registry import Tools

_SHOWN = 10  # calls, of the best and of those at the border
_MOST_CHARACTERS = 1 << 30  # of a corpus are read to draw from
_READ_FOR_EACH = 20  # documents are read for each that is drawn, of what has no end that is known

ShownCall = tuple[AnnotatedDocument, Candidate]


@dataclass(frozen=True, slots=True)
class DryRun:
    """What an annotation would find and take."""

    sample: Sample
    manifest: RunManifest  # of the run over the sample
    thresholds: Mapping[str, Thresholds]  # by tool name; calibrated on the sample where they are
    stats: RunStats
    best: tuple[ShownCall, ...]  # the kept calls that gain most
    border: tuple[ShownCall, ...]  # those nearest to the threshold of their tool, kept or not
    errors: Mapping[str, list[ErrorShape]]  # by tool name
    usage: TokenUsage  # of the sample
    estimate: Estimate
    is_provisional: bool  # whether a threshold was calibrated on too few placebos to be sure of

    def to_dict(self) -> dict[str, Any]:
        """Returns the numbers as JSON values; the calls are left out."""
        found = self.estimate
        return {
            "sample": len(self.sample.documents),
            "corpus": {
                "documents": self.sample.corpus_documents,
                "characters": self.sample.corpus_characters,
                "is_whole": self.sample.is_whole,
            },
            "thresholds": {name: each.to_json() for name, each in self.thresholds.items()},
            "stats": self.stats.to_dict(),
            "tokens": {
                name: getattr(self.usage, name) for name in ("prompt", "text", "decode", "score")
            },
            "estimate": {
                "seconds": found.seconds,
                "margin_seconds": found.margin_s,
                "start_seconds": found.start_s,
                "bytes": found.bytes,
            },
        }


def dry_run(
    corpus: Corpus,
    documents: int,
    *,
    model: AnyModel,
    tools: Tools | None = None,
    config: AnnotateConfig | Mapping[str, Any] | None = None,
    strict: bool = False,
    on_progress: Callable[[RunProgress], None] | None = None,
    on_problem: Callable[[CorpusProblem], None] | None = None,
) -> DryRun:
    """Annotates documents drawn from a corpus, and estimates what the whole one would take.

    The corpus is read once, up to 2³⁰ characters of it; of one whose size is not known, as a
    dataset on the Hub, twenty documents for each that is drawn. Of several rounds the first is
    tried.

    Args:
        corpus: what `annotate` reads.
        documents: how many to draw, at least 2.
        model: as for `annotate`.
        tools: as for `annotate`.
        config: as for `annotate`; its seed is also that of the draw.
        strict: whether a record that cannot be read ends it.
        on_progress: called as `annotate` does.
        on_problem: called as `annotate` does.

    Raises:
        ConfigError: the settings do not go together, or there are too few documents to draw.
        CorpusError: there is nothing to read.

    >>> from toolformer.lm.scripted import ScriptedCall, ScriptedLanguageModel
    >>> sums = ScriptedCall("Calculator", after="303 + 453 =", writes=("303 + 453)",))
    >>> texts = ["There are 303 + 453 = 756 balloons in the room."] * 1000
    >>> tried = dry_run(texts, 20, model=ScriptedLanguageModel([sums]), tools="calculator")
    >>> tried.stats.documents, tried.stats.tools["Calculator"].kept, tried.estimate.documents
    (20, 20, 1000)
    """
    if documents < 2:
        raise ConfigError(f"{documents} documents are too few to estimate by: draw at least 2.")
    config = AnnotateConfig(**config) if isinstance(config, Mapping) else config or AnnotateConfig()
    sample = _draw(corpus, documents, config=config, strict=strict, on_problem=on_problem)
    model = as_model(model)
    settings = config.model_copy(update={"max_documents": None, "rounds": 1})
    with (
        opened_toolbox(tools) as toolbox,
        toolbox.lending(lent(model)),
        TemporaryDirectory(prefix="toolformer-dry-run-") as folder,
    ):
        plan = make_plan(settings, model=model, toolbox=toolbox)
        # The first document is a shard of its own: what it takes is taken once.
        shards = _shards(sample, plan)
        before, meter = replace(model.usage), Meter()
        run = _annotate(
            shards,
            plan,
            out=Path(folder) / "run",
            meter=meter,
            progress=ProgressCounter(on_progress),
        )
        [first], costs = meter.costs(shards[:1]), meter.costs(shards[1:])
        # Of a shard with one document nearly all is what every shard has.
        fixed, *sizes = [path.stat().st_size for path in run.shards().values()]
        return _found(
            run,
            sample=sample,
            usage=_since(before, model.usage),
            estimate=estimate(
                costs,
                start_s=first.seconds + first.placebo_s,
                sample_bytes=max(0, sum(sizes) - fixed * len(sizes)),
                fixed_bytes=fixed * -(-sample.corpus_documents // plan.documents_per_shard),
                documents=sample.corpus_documents,
                characters=sample.corpus_characters,
                with_placebos=plan.placebo_documents,
                rounds=config.rounds,
            ),
        )


def _draw(
    corpus: Corpus,
    documents: int,
    *,
    config: AnnotateConfig,
    strict: bool,
    on_problem: Callable[[CorpusProblem], None] | None,
) -> Sample:
    reading = Reading(corpus, config=config, strict=strict, on_problem=on_problem)
    sample = sample_documents(
        reading.documents,
        documents,
        seed=config.seed,
        most_documents=None if reading.is_sized else _READ_FOR_EACH * documents,
        most_characters=_MOST_CHARACTERS,
    )
    if len(sample.documents) < 2:
        raise CorpusError(
            f"There are {len(sample.documents)} documents to draw from, and an estimate needs 2 at "
            "least."
        )
    return sample


def _shards(sample: Sample, plan: Plan) -> list[Shard]:
    """Returns the documents of a sample as the shards of a run that grew out of the first."""
    cut = cut_shards(
        sample.documents,
        documents_per_shard=plan.documents_per_shard,
        characters_per_shard=plan.characters_per_shard,
        ends=(1,),
    )
    return [Shard(number, documents) for number, documents in enumerate(cut)]


def _annotate(
    shards: Sequence[Shard], plan: Plan, *, out: Path, meter: Meter, progress: ProgressCounter
) -> Run:
    """Annotates shards, measures it, and returns the run."""
    writer = RunWriter(out, plan.manifest({"name": "sample", "files": []}))

    def proposed(batch: ShardBatch) -> None:
        meter.proposed(batch)
        progress.proposed(batch)

    with gc_paused(), Threads(1, name="tools") as thread:
        for batch in annotate_batches(shards, plan, tool_thread=thread, on_proposed=proposed):
            meter.scored(batch)
            progress.scored(batch)
            if batch.is_last:
                writer.write(batch.shard.number, batch.annotated)
    return writer.finish()


def _found(run: Run, *, sample: Sample, usage: TokenUsage, estimate: Estimate) -> DryRun:
    """Returns what a run over a sample found, out of its directory."""
    calls = [(annotated, each) for annotated in run.documents() for each in annotated.candidates]
    errors = ToolErrors()
    errors.add(candidate for _, candidate in calls)
    kept = [each for each in calls if each[1].verdict is Verdict.KEPT]
    return DryRun(
        sample=sample,
        manifest=run.manifest,
        thresholds=run.thresholds,
        stats=run.stats(),
        best=tuple(strongest_calls(kept, run.thresholds, limit=_SHOWN)),
        border=tuple(nearest_calls(calls, run.thresholds, limit=_SHOWN)),
        errors=errors.by_tool(),
        usage=usage,
        estimate=estimate,
        is_provisional=any(each.is_provisional for each in run.calibration().values()),
    )


def _since(before: TokenUsage, now: TokenUsage) -> TokenUsage:
    """Returns the tokens that were forwarded between two counts."""
    return TokenUsage(
        **{each.name: getattr(now, each.name) - getattr(before, each.name) for each in fields(now)}
    )
