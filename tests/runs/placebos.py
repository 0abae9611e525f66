"""What the tests of calibration start from: a run with placebos, of thresholds it has to find."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tests.runs.test_directory import CALCULATOR, MANIFEST
from toolformer.records import AnnotatedDocument, Candidate, Document, Losses, Placebo, Verdict
from toolformer.runs.select import reselect
from toolformer.runs.writer import RunWriter

AUTO = replace(
    CALCULATOR, min_used=0.75, min_help=-0.25, calibrated=True, prune_below=None, max_positions=8
)
CALIBRATED = replace(MANIFEST, tools=[AUTO], documents_per_shard=50)


def call(
    position: int,
    used: float,
    help_: float,
    *,
    placebo: tuple[float, float] | None = None,
    verdict: Verdict | None = None,
) -> Candidate:
    """A call with these two gains, and a placebo with its own."""
    # Of placebo and call the one without the output costs the same, and so does no call.
    no_call, with_output = 8.0 + help_, 8.0
    if placebo is not None:
        assert placebo[0] - placebo[1] == used - help_, "they share L(ε) and L(e(c, ε))"
    return Candidate(
        position,
        "Calculator",
        "2 + 3",
        0.1,
        1,
        "5",
        None,
        Losses(no_call, with_output, 8.0 + used),
        verdict,
        token=position,
        start_gain=2.5,
        placebo=None if placebo is None else Placebo("17", no_call - placebo[1]),
    )


def document(name: str, candidates: Sequence[Candidate]) -> AnnotatedDocument:
    text = "He has 2 and 3, that makes 5 in all of them."
    annotated = AnnotatedDocument(Document(name, text), ("Calculator",), None, tuple(candidates))
    return reselect(annotated, thresholds={"Calculator": AUTO.thresholds})


def documents(count: int = 200) -> list[AnnotatedDocument]:
    """One call a text, of which each gains by its own output 1.0 more than by another's.

    The placebos' use rises from 0.00 by 1/128, their help is all the same.
    """
    return [
        document(str(n), [call(3, 1.0 + n / 128, 1.0, placebo=(n / 128, 0.0))])
        for n in range(count)
    ]


def write_calibrated(
    path: Path, annotated: Sequence[AnnotatedDocument], shards: Sequence[int]
) -> RunWriter:
    writer = RunWriter(path, CALIBRATED)
    for shard in shards:
        writer.write(shard, annotated[50 * shard : 50 * shard + 50])
    return writer
