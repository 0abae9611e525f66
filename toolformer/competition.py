"""Which of several calls stay where they stand too near one another.

Knows no threshold and no file: all that are handed over are worth keeping by themselves.
"""

from collections.abc import Mapping, Sequence

from toolformer.records import Candidate

# Two calls nearer than this would each be credited with some of the same five scored tokens.
NEAR_TOKENS = 5


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
