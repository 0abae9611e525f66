"""Runs as a source of training texts: opened, checked against each other, merged.

Knows no token and no model.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from toolformer.config import differences
from toolformer.errors import ConfigError
from toolformer.finetune.config import FinetuneConfig
from toolformer.finetune.data.texts import Origin, Texts, choose
from toolformer.records import AnnotatedDocument, Document, Verdict
from toolformer.runs.directory import Run
from toolformer.runs.manifest import RunManifest
from toolformer.runs.reading import read_selected, resolve_thresholds
from toolformer.runs.select import winners
from toolformer.runs.thresholds import Thresholds
from toolformer.sidecar import SidecarTool


@dataclass(frozen=True, slots=True)
class SelectedRun:
    """A run with the verdicts that count."""

    name: str  # for messages
    manifest: RunManifest
    thresholds: Mapping[str, Thresholds]  # by tool
    documents: Iterable[AnnotatedDocument]


@dataclass(frozen=True, slots=True)
class _Selection:
    """The documents of a run with their verdicts, read anew each time they are asked for."""

    run: Run
    thresholds: Mapping[str, Thresholds]
    allow_peeking: bool | None

    def __iter__(self) -> Iterator[AnnotatedDocument]:
        return read_selected(self.run, self.thresholds, allow_peeking=self.allow_peeking)


def read_run(
    path: str | Path | Run,
    *,
    threshold: float | None = None,
    min_used: float | None = None,
    min_help: float | None = None,
    allow_peeking: bool | None = None,
    incomplete: bool = False,
) -> SelectedRun:
    """Opens a run with the verdicts for some thresholds.

    Args:
        path: the run directory, or the run.
        threshold: τf, the least of both gains, for all tools; the run's own when None.
        min_used: least L(e(c, ε)) − L(e(c, r)) for all tools, whatever `threshold` says.
        min_help: least L(ε) − L(e(c, r)) for all tools, whatever `threshold` says.
        allow_peeking: whether calls that peek compete; as in the run when None.
        incomplete: whether to read what is there of a run that is not whole; of a `Run`, it is
            said when it is opened.

    Raises:
        RunError: the directory is not a run, or the run is not whole.
        ConfigError: a threshold is below what the run can answer for.
    """
    run = path if isinstance(path, Run) else Run.open(path, incomplete=incomplete)
    run.check_whole()
    thresholds = resolve_thresholds(run, threshold, min_used=min_used, min_help=min_help)
    return SelectedRun(
        name=run.name,
        manifest=run.manifest,
        thresholds=thresholds,
        documents=_Selection(run, thresholds, allow_peeking),
    )


def texts_of_runs(
    runs: Sequence[SelectedRun], *, config: FinetuneConfig, mixed: Iterable[Document] = ()
) -> Texts:
    """Returns what is trained on of runs that go together.

    Raises:
        ConfigError: the runs do not go together, or keep nothing.
    """
    check_runs_agree(runs)
    tools = list(dict.fromkeys(name for run in runs for name in run.thresholds))
    documents = merge(
        [run.documents for run in runs], thresholds=[run.thresholds for run in runs], tools=tools
    )
    texts = choose(documents, config=config, mixed=mixed)
    check_kept(texts, runs=runs)
    return texts


def origin_of_runs(runs: Sequence[SelectedRun]) -> Origin:
    """Returns the runs as the files of a training name them; where they lie does not matter."""
    tools: dict[str, SidecarTool] = {}
    for run in runs:
        for each in run.manifest.tools:
            tools.setdefault(each.name, SidecarTool(each.name, each.spec, dict(each.options)))
    return Origin(
        settings={"runs": [run.manifest.fingerprint for run in runs]},
        lineage={"runs": [_lineage(run) for run in runs]},
        tools=tuple(tools.values()),
    )


def check_runs_agree(runs: Sequence[SelectedRun]) -> None:
    """Refuses runs whose calls do not go together.

    Raises:
        ConfigError: two runs have another model, grammar, or the same tool with other options.
    """
    first, *others = runs
    for other in others:
        ours, theirs = _shared(first), _shared(other)
        fields = differences(ours, {name: theirs.get(name, ours[name]) for name in ours})
        if fields:
            raise ConfigError(
                f"'{first.name}' and '{other.name}' cannot be trained on together: "
                f"{'; '.join(fields)}. Tune on each by itself, or annotate again with one model, "
                "grammar and set of tools."
            )


def check_kept(texts: Texts, *, runs: Sequence[SelectedRun]) -> None:
    """Refuses to train on nothing.

    Raises:
        ConfigError: there is no text with a kept call.
    """
    if any(text.calls for text in texts.training):
        return
    names = ", ".join(f"'{run.name}'" for run in runs)
    lowest = ", ".join(f"{tool} {each}" for run in runs for tool, each in run.thresholds.items())
    raise ConfigError(
        f"No call was kept in {names} (τf: {lowest}), so there is nothing to learn. Choose a lower "
        "--threshold, or annotate more texts."
    )


def merge(
    runs: Sequence[Iterable[AnnotatedDocument]],
    *,
    thresholds: Sequence[Mapping[str, Thresholds]],
    tools: Sequence[str],
) -> Iterator[AnnotatedDocument]:
    """Yields the documents of several runs, each once, with the kept calls of all of them.

    Documents are the same if their id and text are. Calls that stand at one place or within five
    tokens of each other compete as in one run (`select.winners`), each by its run's thresholds.

    Args:
        runs: their documents; those of a single run pass as they are.
        thresholds: of each run, by tool name.
        tools: the names in tool order, for equal strengths.
    """
    if len(runs) == 1:
        yield from runs[0]
        return
    order = {name: number for number, name in enumerate(tools)}
    merged: dict[tuple[str, str], AnnotatedDocument] = {}  # by id and text
    asked: dict[tuple[str, str], list[Thresholds]] = {}  # of their candidates
    for run, by_tool in zip(runs, thresholds, strict=True):
        for annotated in run:
            kept = tuple(each for each in annotated.candidates if each.verdict is Verdict.KEPT)
            key = (annotated.document.id, annotated.document.text)
            known = merged.get(key)
            asked.setdefault(key, []).extend(by_tool[each.tool] for each in kept)
            if known is None:
                merged[key] = replace(annotated, candidates=kept)
                continue
            merged[key] = replace(
                known,
                tried=tuple(dict.fromkeys(known.tried + annotated.tried)),
                skipped=known.skipped and annotated.skipped,
                candidates=known.candidates + kept,
            )
    for key, annotated in merged.items():
        stay = winners(annotated.candidates, thresholds=asked[key], order=order)
        kept = tuple(each for n, each in enumerate(annotated.candidates) if n in stay)
        yield replace(annotated, candidates=kept)


def _shared(run: SelectedRun) -> dict[str, object]:
    """Returns what the runs of a training must have in common."""
    model = run.manifest.model
    shared: dict[str, object] = {
        "model": {"name": model.name, "fingerprint": model.fingerprint},
        "grammar": dict(run.manifest.grammar),
    }
    for tool in run.manifest.tools:
        shared[f"tools.{tool.name}"] = {"spec": tool.spec, "options": dict(tool.options)}
    return shared


def _lineage(run: SelectedRun) -> dict[str, Any]:
    return {
        "name": run.name,
        "fingerprint": run.manifest.fingerprint,
        "thresholds": {tool: each.to_json() for tool, each in run.thresholds.items()},
    }
