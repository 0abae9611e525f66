"""Exemplars that grow by themselves: what a run kept joins them for the next round.

Knows no model and no tool. Everything follows from the exemplars and the run, in order.
"""

import hashlib
from collections.abc import Iterable, Sequence

from toolformer.annotate.demonstrations.demonstration import Demonstration
from toolformer.annotate.demonstrations.stretches import around
from toolformer.config import canonical_json
from toolformer.dates import find_date
from toolformer.records import AnnotatedDocument, Candidate, Verdict

MOST_GROWN = 2000  # demonstrations of one tool that a run adds


def grown_pool(
    exemplars: Sequence[Demonstration],
    documents: Iterable[AnnotatedDocument],
    *,
    most: int = MOST_GROWN,
) -> tuple[Demonstration, ...]:
    """Returns the exemplars, and after them what was kept, a demonstration for each document.

    Documents come by the gain of their best kept call, the best first; of a long one only the
    stretch around that call. One whose text is an exemplar's adds nothing. `Pool.nearest` sees to
    it that no document is shown itself.

    Args:
        exemplars: a person's, or the tools' own; those of another round are not among them.
        documents: a run's, with the verdicts that count: `read_selected(run)`.
        most: how many documents at most are added for each tool.
    """
    found: list[tuple[float, int, Demonstration]] = []
    known = {each.text.strip() for each in exemplars}
    for number, annotated in enumerate(documents):
        kept = [each for each in annotated.candidates if each.verdict is Verdict.KEPT]
        if not kept or annotated.document.text.strip() in known:
            continue
        best = max(kept, key=_gain)  # of equal ones the first
        today = find_date(annotated.document.meta.get("date"))
        whole = Demonstration(annotated.document.text, annotated.kept, today)
        found.append((-_gain(best), number, around(whole, best.placed)))
    chosen: dict[str, Demonstration] = {}
    counts: dict[str, int] = {}
    for _, _, each in sorted(found, key=lambda one: one[:2]):
        tools = {placed.call.tool for placed in each.calls}
        text = each.text.strip()
        if text in known or text in chosen or all(counts.get(one, 0) >= most for one in tools):
            continue
        chosen[text] = each
        for one in tools:
            counts[one] = counts.get(one, 0) + 1
    return (*exemplars, *chosen.values())


def pool_digest(demonstrations: Iterable[Demonstration]) -> str:
    """Returns 64 hexadecimal digits that change with any of the demonstrations and their order.

    >>> pool_digest([])[:8]
    'e3b0c442'
    """
    digest = hashlib.sha256()
    for each in demonstrations:
        calls = [
            [one.position, one.call.tool, one.call.arguments, one.output] for one in each.calls
        ]
        row = [each.text, calls, None if each.today is None else each.today.isoformat()]
        digest.update(canonical_json(row).encode("utf-8", "surrogatepass") + b"\n")
    return digest.hexdigest()


def _gain(candidate: Candidate) -> float:
    """Returns what a kept call gains: of what it is used and what it helps the less."""
    if candidate.gain is None:
        raise ValueError(f"a kept call has a gain: {candidate}")
    return candidate.gain
