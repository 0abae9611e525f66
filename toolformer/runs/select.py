"""Which candidates of a text are kept: a pure function of what a run stores, for any threshold.

Knows no model, no tool and no file.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from toolformer.errors import ConfigError, closest
from toolformer.records import AnnotatedDocument, Candidate, Verdict
from toolformer.runs.thresholds import Thresholds, thresholds_by_tool

# Two calls nearer than this would each be credited with some of the same five scored tokens.
NEAR_TOKENS = 5

# What a threshold does not change.
FINAL = frozenset(
    {
        Verdict.UNREADABLE,
        Verdict.TOOL_ERROR,
        Verdict.UNAVAILABLE,
        Verdict.NOT_RENDERABLE,
        Verdict.PRUNED,
        Verdict.TRIVIAL,
    }
)


def select(
    candidates: Sequence[Candidate],
    *,
    thresholds: Mapping[str, float | Thresholds],
    allow_peeking: bool = False,
) -> tuple[Candidate, ...]:
    """Returns the candidates of one text, in their order, with their verdicts for these thresholds.

    A candidate that has an output, does not peek and reaches both thresholds of its tool competes.
    Of two that compete within five tokens of each other the stronger one (`Thresholds.strength`;
    by the paper's rule, the one with the better gain) is kept and the other outbid; equal ones go
    by tool order, arguments and position. Where the thresholds differ, the calls of a tool at one
    place are first compared by their help. There, too, a call whose output is used
    enough and does not help enough is `unhelpful`; by the paper's rule, which has one number, both
    are `low_gain`.

    Args:
        candidates: of one text. A verdict `peeks` marks a call that peeks, `None` any other.
        thresholds: nats by tool name, one number being both; its order is the tool order.
        allow_peeking: whether calls that peek compete too.

    Raises:
        ConfigError: if a candidate's tool has no threshold.

    >>> from toolformer.records import Losses
    >>> losses = Losses(no_call=3.835, with_output=2.842, no_output=2.989)
    >>> notebook = Candidate(7, "QA", "Who?", 0.1, 1, output="Ada", losses=losses)
    >>> for each in (0.1, 1.0, Thresholds(used=0.1, help=1.5)):
    ...     print(select([notebook], thresholds={"QA": each})[0].verdict)
    kept
    low_gain
    unhelpful
    """
    by_tool = thresholds_by_tool(thresholds)
    order = {tool: number for number, tool in enumerate(by_tool)}
    for candidate in candidates:
        if candidate.tool not in order:
            raise ConfigError(closest(candidate.tool, order, what="tool"))
    verdicts = [_verdict(each, by_tool[each.tool], allow_peeking) for each in candidates]
    passed = [number for number, verdict in enumerate(verdicts) if verdict is Verdict.KEPT]
    bids = [candidates[number] for number in passed]
    stay = winners(bids, thresholds=[by_tool[each.tool] for each in bids], order=order)
    for index, number in enumerate(passed):
        if index not in stay:
            verdicts[number] = Verdict.OUTBID
    return tuple(
        candidate if candidate.verdict is verdict else replace(candidate, verdict=verdict)
        for candidate, verdict in zip(candidates, verdicts, strict=True)
    )


def reselect(
    annotated: AnnotatedDocument,
    *,
    thresholds: Mapping[str, float | Thresholds],
    allow_peeking: bool = False,
) -> AnnotatedDocument:
    """Returns a document with the verdicts of its candidates for these thresholds, as `select`."""
    candidates = select(annotated.candidates, thresholds=thresholds, allow_peeking=allow_peeking)
    return replace(annotated, candidates=candidates)


def can_be_kept(candidate: Candidate, *, allow_peeking: bool = False) -> bool:
    """Returns whether some thresholds would keep a candidate: it was scored and is not barred."""
    return candidate.gain is not None and is_judged(candidate, allow_peeking=allow_peeking)


def is_judged(candidate: Candidate, *, allow_peeking: bool = False) -> bool:
    """Returns whether the losses decide about a candidate: L(e(c, r)) is known, nothing bars it."""
    is_barred = candidate.verdict in FINAL or (
        candidate.verdict is Verdict.PEEKS and not allow_peeking
    )
    return candidate.losses is not None and candidate.losses.help is not None and not is_barred


def check_thresholds(
    thresholds: Mapping[str, float | Thresholds], lowest: Mapping[str, float]
) -> None:
    """Refuses a threshold that the losses of a run cannot answer for.

    What was left out is what could not help enough, so any `used` can be answered for.

    Args:
        thresholds: nats by tool name, one number being both.
        lowest: by tool name, the least `help` for which nothing was left out.

    Raises:
        ConfigError: if a threshold is below its tool's lowest.
    """
    for tool, each in thresholds_by_tool(thresholds).items():
        if each.help < lowest[tool]:
            name = "threshold" if each.are_equal else "min_help"
            raise ConfigError(
                f"{tool}: cannot select with {name} {each.help:g}, because this run left out "
                f"what could not gain {lowest[tool]:g} (prune_below). Choose at least "
                f"{lowest[tool]:g}, or annotate again with --prune-below {max(each.help, 0):g} "
                "--keep-all-losses."
            )


def strength(candidate: Candidate, thresholds: Thresholds) -> float:
    """Returns by how much a candidate goes before others, in nats (`Thresholds.strength`).

    Raises:
        ValueError: not all of its losses are known.
    """
    found = None if candidate.losses is None else thresholds.strength(candidate.losses)
    if found is None:
        raise ValueError(f"a candidate without a gain cannot compete: {candidate}")
    return found


def _verdict(candidate: Candidate, thresholds: Thresholds, allow_peeking: bool) -> Verdict:
    """Returns the verdict before the competition: `kept` for those that enter it."""
    if candidate.verdict in FINAL:
        return candidate.verdict
    if candidate.verdict is Verdict.PEEKS and not allow_peeking:
        return Verdict.PEEKS
    losses = candidate.losses
    if losses is None or losses.used is None:
        return Verdict.LOW_GAIN
    if thresholds.is_passed(losses):
        return Verdict.KEPT
    is_used = losses.used >= thresholds.used
    return Verdict.UNHELPFUL if is_used and not thresholds.are_equal else Verdict.LOW_GAIN


def _most_helpful(candidates: Sequence[Candidate], thresholds: Sequence[Thresholds]) -> list[int]:
    """Returns those that compete with other places: of the calls of a tool at one, the best.

    They share L(ε), so the one with the most help has the most likely text after it. How much of an
    output is used says less: it is the more, the less a call's own arguments tell. By the paper's
    rule, both thresholds equal, gains are compared at one place as between places.
    """
    best: dict[tuple[int, str], int] = {}
    others: list[int] = []
    for number, each in enumerate(candidates):
        if thresholds[number].are_equal:
            others.append(number)
            continue
        place = each.position, each.tool
        if place not in best or _helps_more(each, candidates[best[place]]):
            best[place] = number
    return [*others, *best.values()]


def _helps_more(one: Candidate, other: Candidate) -> bool:
    """Returns whether a call helps more than another; of equal ones the first by arguments."""
    helps = [each.losses.help or 0.0 if each.losses else 0.0 for each in (one, other)]
    return (-helps[0], one.arguments or "") < (-helps[1], other.arguments or "")


def winners(
    candidates: Sequence[Candidate],
    *,
    thresholds: Sequence[Thresholds],
    order: Mapping[str, int],
) -> frozenset[int]:
    """Returns the indices of the candidates of one text that stay, of those that pass.

    Of the calls of a tool at one place the one that helps most stays, unless its thresholds are
    equal. Of two at one position or within five tokens of each other the stronger one stays;
    equally strong ones go by tool order, arguments and position.

    Args:
        candidates: of one text.
        thresholds: of each: its tool's, in its run.
        order: the place of each tool in the tool order, by name.

    Raises:
        ValueError: not all losses of a candidate are known.

    >>> from toolformer.records import Losses
    >>> row = [
    ...     Candidate(4 * token, "QA", "Who?", 0.1, 1, token=token, losses=Losses(4.0, cost, 4.0))
    ...     for token, cost in ((1, 3.0), (6, 2.0), (12, 3.0))
    ... ]
    >>> sorted(winners(row, thresholds=[Thresholds.of(0.5)] * 3, order={"QA": 0}))
    [1, 2]
    """
    bidders = _most_helpful(candidates, thresholds)
    strengths = {number: strength(candidates[number], thresholds[number]) for number in bidders}
    stay: set[int] = set()
    taken_positions: set[int] = set()
    taken_tokens: set[int] = set()

    def rank(number: int) -> tuple[float, int, str, int]:
        each = candidates[number]
        return -strengths[number], order[each.tool], each.arguments or "", each.position

    for number in sorted(bidders, key=rank):
        position, token = candidates[number].position, candidates[number].token
        if position in taken_positions or token in taken_tokens:
            continue
        stay.add(number)
        taken_positions.add(position)
        if token is not None:
            taken_tokens.update(range(token - NEAR_TOKENS, token + NEAR_TOKENS + 1))
    return frozenset(stay)
