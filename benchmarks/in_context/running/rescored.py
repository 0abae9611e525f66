"""A run judged otherwise: the same proposals and placebos, with other losses or by one rule."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from benchmarks.in_context.running.scoring import CallAtPlace
from toolformer.records import AnnotatedDocument, Candidate, Losses, Placebo, Verdict
from toolformer.runs.calibration import ONE_IN, STEPS, Placebos, settled_thresholds
from toolformer.runs.directory import Run
from toolformer.runs.select import FINAL, reselect
from toolformer.runs.thresholds import Thresholds

Score = Callable[[Sequence[CallAtPlace]], Sequence[Losses]]


@dataclass(frozen=True, slots=True)
class Rejudged:
    """A run's documents with other verdicts, and the thresholds they follow from."""

    documents: list[AnnotatedDocument]
    thresholds: Thresholds


def rescored(run: Run, score: Score) -> Rejudged:
    """Returns a run's documents with other losses, for which its thresholds are calibrated anew.

    Args:
        run: finished, of one tool, its thresholds calibrated.
        score: gives calls at places their losses.
    """
    documents = list(run.documents())
    calls: list[CallAtPlace] = []
    for annotated in documents:
        for each in filter(_is_scored, annotated.candidates):
            calls += _calls(each, annotated.document.text)
    losses = iter(score(calls))

    def having(each: Candidate) -> Candidate:
        if not _is_scored(each):
            return each
        own = next(losses)
        if each.placebo is None:
            return replace(each, losses=own)
        beside = next(losses)
        if beside.with_output is None:
            raise ValueError(f"a placebo was not scored: {each}")
        return replace(each, losses=own, placebo=Placebo(each.placebo.output, beside.with_output))

    others = [replace(one, candidates=tuple(map(having, one.candidates))) for one in documents]
    placebos = Placebos(allow_peeking=run.manifest.allow_peeking)
    placebos.add(others)
    tools = run.manifest.tools
    thresholds = settled_thresholds(tools, placebos.calibrate(tools))
    selected = [reselect(each, thresholds=thresholds) for each in others]
    return Rejudged(selected, thresholds[tools[0].name])


def by_one_threshold(run: Run) -> Rejudged:
    """Returns a run's documents by the paper's rule, its τf calibrated on the placebos.

    It is the least at which at most one placebo in a hundred gains as much.
    """
    documents = list(run.documents())
    gains = sorted(
        (
            gain
            for annotated in documents
            for each in annotated.candidates
            if each.placebo is not None and each.losses is not None
            if (gain := each.placebo.beside(each.losses).gain) is not None
        ),
        reverse=True,
    )
    may_pass = len(gains) // ONE_IN
    most = gains[may_pass] if len(gains) > may_pass else 0.0
    least = max(0, int(most * STEPS) + 1) / STEPS
    both = Thresholds.of(least)
    tool = run.manifest.tools[0].name
    return Rejudged([reselect(each, thresholds={tool: both}) for each in documents], both)


def _is_scored(candidate: Candidate) -> bool:
    """Returns whether a call of a run has an output that can be scored otherwise."""
    return (
        candidate.call is not None
        and candidate.output is not None
        and candidate.verdict not in FINAL
        and candidate.verdict is not Verdict.PEEKS
    )


def _calls(candidate: Candidate, text: str) -> list[CallAtPlace]:
    """Returns a call with its own output, and with its placebo's."""
    call = candidate.call
    if call is None or candidate.output is None:
        return []
    outputs = [candidate.output]
    if candidate.placebo is not None:
        outputs.append(candidate.placebo.output)
    return [CallAtPlace(text, candidate.position, call, output) for output in outputs]
