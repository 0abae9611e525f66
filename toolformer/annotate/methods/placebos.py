"""Placebos: a call with the output of another one, to see how often the filter is fooled.

An output that happens to help, though it does not answer the call, is what a threshold must not let
pass. How far placebos come is a tool's null distribution (`runs/calibration.py`).
"""

from collections.abc import Sequence

from toolformer.lm.drawing import uniform
from toolformer.records import Candidate


def placebo_outputs(candidates: Sequence[Candidate], *, seed: int) -> list[str | None]:
    """Returns for each call the output of another call of its tool, None where there is no other.

    Drawn by a hash of the call, so that it is the same in every try.

    Args:
        candidates: calls that ran, of texts that were read together.
        seed: of the run.

    >>> calls = [Candidate(3, "QA", who, 0.1, 1, output=who[::-1]) for who in ("Ada", "Bo")]
    >>> placebo_outputs(calls, seed=0)
    ['oB', 'adA']
    """
    by_tool: dict[str, list[str]] = {}
    for each in candidates:
        if each.output is not None:
            by_tool.setdefault(each.tool, []).append(each.output)
    drawn = {tool: sorted(outputs) for tool, outputs in by_tool.items()}
    return [_drawn(each, drawn.get(each.tool, []), seed=seed) for each in candidates]


def _drawn(candidate: Candidate, outputs: Sequence[str], *, seed: int) -> str | None:
    others = [output for output in outputs if output != candidate.output]
    if not others:
        return None
    key = f"{seed}|placebo|{candidate.tool}|{candidate.position}|{candidate.arguments}"
    return others[int(uniform(key, 0, 0) * len(others))]
