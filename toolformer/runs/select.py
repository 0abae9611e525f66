"""Which candidates of a text are kept: a pure function of what a run stores, for any threshold.

Knows no model, no tool and no file.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from toolformer.errors import ConfigError, closest
from toolformer.records import Candidate, Verdict

# Two calls nearer than this would each be credited with some of the same five scored tokens.
NEAR_TOKENS = 5

# What a threshold does not change.
_FINAL = frozenset(
    {
        Verdict.UNREADABLE,
        Verdict.TOOL_ERROR,
        Verdict.UNAVAILABLE,
        Verdict.NOT_RENDERABLE,
        Verdict.PRUNED,
    }
)


def select(
    candidates: Sequence[Candidate],
    *,
    thresholds: Mapping[str, float],
    allow_peeking: bool = False,
) -> tuple[Candidate, ...]:
    """Returns the candidates of one text, in their order, with their verdicts for these thresholds.

    A candidate that has an output, does not peek and gains its tool's threshold competes. Of two
    that compete within five tokens of each other the one with the better gain is kept and the
    other outbid; equal gains go by tool order, arguments and position.

    Args:
        candidates: of one text. A verdict `peeks` marks a call that peeks, `None` any other.
        thresholds: τf in nats by tool name; its order is the tool order.
        allow_peeking: whether calls that peek compete too.

    Raises:
        ConfigError: if a candidate's tool has no threshold.

    >>> from toolformer.records import Losses
    >>> losses = Losses(no_call=3.835, with_output=2.842, no_output=2.989)
    >>> notebook = Candidate(7, "QA", "Who?", 0.1, 1, output="Ada", losses=losses)
    >>> [select([notebook], thresholds={"QA": nats})[0].verdict.value for nats in (0.1, 1.0)]
    ['kept', 'low_gain']
    """
    order = {tool: number for number, tool in enumerate(thresholds)}
    for candidate in candidates:
        if candidate.tool not in order:
            raise ConfigError(closest(candidate.tool, order, what="tool"))
    verdicts = [
        _verdict(candidate, thresholds[candidate.tool], allow_peeking) for candidate in candidates
    ]
    bidders = [number for number, verdict in enumerate(verdicts) if verdict is Verdict.KEPT]
    stay = winners([candidates[number] for number in bidders], order=order)
    for index, number in enumerate(bidders):
        if index not in stay:
            verdicts[number] = Verdict.OUTBID
    return tuple(
        candidate if candidate.verdict is verdict else replace(candidate, verdict=verdict)
        for candidate, verdict in zip(candidates, verdicts, strict=True)
    )


def check_thresholds(thresholds: Mapping[str, float], lowest: Mapping[str, float]) -> None:
    """Refuses a threshold that the losses of a run cannot answer for.

    Args:
        thresholds: τf in nats by tool name.
        lowest: by tool name, what the run was pruned below.

    Raises:
        ConfigError: if a threshold is below its tool's lowest.
    """
    for tool, threshold in thresholds.items():
        if threshold < lowest[tool]:
            raise ConfigError(
                f"{tool}: cannot select with threshold {threshold:g}, because this run left out "
                f"what could not gain {lowest[tool]:g} (prune_below). Choose at least "
                f"{lowest[tool]:g}, or annotate again with --prune-below {max(threshold, 0):g} "
                "--keep-all-losses."
            )


def _verdict(candidate: Candidate, threshold: float, allow_peeking: bool) -> Verdict:
    """Returns the verdict before the competition: `kept` for those that enter it."""
    if candidate.verdict in _FINAL:
        return candidate.verdict
    if candidate.verdict is Verdict.PEEKS and not allow_peeking:
        return Verdict.PEEKS
    gain = candidate.gain
    return Verdict.KEPT if gain is not None and gain >= threshold else Verdict.LOW_GAIN


def winners(candidates: Sequence[Candidate], *, order: Mapping[str, int]) -> frozenset[int]:
    """Returns the indices of the candidates of one text that stay.

    Of two at one position or within five tokens of each other the one with the better gain stays;
    equal gains go by tool order, arguments and position.

    Args:
        candidates: of one text, each with a gain.
        order: the place of each tool in the tool order, by name.

    >>> from toolformer.records import Losses
    >>> def call(token, gain):
    ...     losses = Losses(gain, 0, gain)
    ...     return Candidate(4 * token, "QA", "Who?", 0.1, 1, losses=losses, token=token)
    >>> sorted(winners([call(1, 1.0), call(6, 2.0), call(12, 1.0)], order={"QA": 0}))
    [1, 2]
    """
    stay: set[int] = set()
    taken_positions: set[int] = set()
    taken_tokens: set[int] = set()
    for number in sorted(range(len(candidates)), key=lambda n: _rank(candidates[n], order)):
        position, token = candidates[number].position, candidates[number].token
        if position in taken_positions or token in taken_tokens:
            continue
        stay.add(number)
        taken_positions.add(position)
        if token is not None:
            taken_tokens.update(range(token - NEAR_TOKENS, token + NEAR_TOKENS + 1))
    return frozenset(stay)


def _rank(candidate: Candidate, order: Mapping[str, int]) -> tuple[float, int, str, int]:
    if candidate.gain is None:
        raise ValueError(f"a candidate without a gain cannot compete: {candidate}")
    return -candidate.gain, order[candidate.tool], candidate.arguments or "", candidate.position
