"""An Arm: a model and what becomes of its calls; and which arms a task is tried with, with which k.

Arms are the columns of the tables.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Calls(StrEnum):
    """The treatment of the calls that a model writes."""

    NONE = "none"  # markers are text like any other: a model that knows nothing of tools
    DISABLED = "disabled"  # the open marker is impossible
    LIVE = "live"  # tools run


PRIOR = "prior"  # the arm of the majority answer, which needs no model


@dataclass(frozen=True, slots=True)
class Arm:
    """One arm of an evaluation.

    Attributes:
        name: The header of its column.
        model: A directory, a Hub id, `nano`, or script.py:name.
        calls: What becomes of the calls it writes.
        tools: Specs of the tools that run where calls are live.
        sweeps: Whether it is tried with every k that is asked for, not with the largest alone.
    """

    name: str
    model: str
    calls: Calls
    tools: tuple[str, ...] = ()
    sweeps: bool = False


ArmAtK = tuple[Arm, int | None]  # None: no calls are live
# Returns what a task is tried with, given the arms of an evaluation and its k, ascending.
ChooseArms = Callable[[Sequence[Arm], Sequence[int]], Iterator[ArmAtK]]


def every_arm(arms: Sequence[Arm], ks: Sequence[int]) -> Iterator[ArmAtK]:
    """Yields every arm; k = 0 is the disabled arm of the same model, where there is one.

    >>> tuned = Arm("tuned", "m", Calls.LIVE, sweeps=True)
    >>> [k for _, k in every_arm([tuned], (0, 1, 10))]
    [0, 1, 10]
    >>> [k for _, k in every_arm([tuned, Arm("off", "m", Calls.DISABLED)], (0, 1, 10))]
    [1, 10, None]
    """
    disabled = {arm.model for arm in arms if arm.calls is Calls.DISABLED}
    for arm in arms:
        if arm.calls is not Calls.LIVE:
            yield arm, None
            continue
        for k in ks if arm.sweeps else ks[-1:]:
            if k > 0 or arm.model not in disabled:
                yield arm, k


def live_arms(arms: Sequence[Arm], ks: Sequence[int]) -> Iterator[ArmAtK]:
    """Yields the arms with live calls, with every k and with 1."""
    for arm in arms:
        for k in sorted({1, *ks} - {0}) if arm.calls is Calls.LIVE else ():
            yield arm, k


def each_model(arms: Sequence[Arm], ks: Sequence[int]) -> Iterator[ArmAtK]:  # noqa: ARG001
    """Yields arms whose calls are not live, and live ones of models that have no other arm.

    With calls disabled it is the same model, whether or not tools would be there.
    """
    plain = {arm.model for arm in arms if arm.calls is not Calls.LIVE}
    for arm in arms:
        if arm.calls is not Calls.LIVE or arm.model not in plain:
            yield arm, None


def each_arm(arms: Sequence[Arm], ks: Sequence[int]) -> Iterator[ArmAtK]:  # noqa: ARG001
    """Yields every arm once, with no k: nothing is decoded."""
    for arm in arms:
        yield arm, None
