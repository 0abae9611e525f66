"""What became of proposed calls, by the one that came furthest."""

from collections.abc import Iterable

from toolformer.records import Candidate, Verdict

# What can become of a call that has an output, the furthest first.
FURTHEST_FIRST = (
    Verdict.KEPT,
    Verdict.OUTBID,
    Verdict.UNHELPFUL,
    Verdict.LOW_GAIN,
    Verdict.TRIVIAL,
    Verdict.PEEKS,
)


def furthest(candidates: Iterable[Candidate]) -> Verdict | None:
    """Returns the verdict of the candidate that came furthest; None where none came so far."""
    verdicts = {each.verdict for each in candidates}
    return next((each for each in FURTHEST_FIRST if each in verdicts), None)
