"""How much a call has to be worth to be kept: two numbers, or one for both.

Knows no candidate but by its losses.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isinf, isnan

from toolformer.errors import ConfigError
from toolformer.records import Losses


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What a call's two gains must reach, in nats; the paper's rule is both equal to τf."""

    used: float  # least of L(e(c, ε)) − L(e(c, r))
    help: float  # least of L(ε) − L(e(c, r))

    def __post_init__(self) -> None:
        """Refuses what no gain can be compared with.

        Raises:
            ConfigError: a number is nan.
        """
        if isnan(self.used) or isnan(self.help):
            raise ConfigError("A threshold cannot be nan: give a number of nats.")

    @classmethod
    def of(cls, value: "float | Thresholds") -> "Thresholds":
        """Returns thresholds as they are, and one number as the paper's rule.

        >>> Thresholds.of(0.5)
        Thresholds(used=0.5, help=0.5)
        """
        return value if isinstance(value, Thresholds) else cls(value, value)

    @property
    def are_equal(self) -> bool:
        """Whether this is the paper's rule: the lesser of the two gains is at least τf."""
        return self.used == self.help

    def __str__(self) -> str:
        """Returns τf, or both numbers where they differ.

        >>> str(Thresholds(0.5, 0.5)), str(Thresholds(0.75, -0.25))
        ('0.5', 'used 0.75, help -0.25')
        """
        return f"{self.used:g}" if self.are_equal else f"used {self.used:g}, help {self.help:g}"

    def to_json(self) -> float | dict[str, float]:
        """Returns τf, or both numbers by name where they differ, as files name them."""
        if self.are_equal:
            return self.used
        return {"min_used": self.used, "min_help": self.help}

    def is_passed(self, losses: Losses) -> bool:
        """Returns whether both gains are known and reach their thresholds."""
        return self.are_reached(losses.used, losses.help)

    def are_reached(self, used: float | None, help_: float | None) -> bool:
        """Returns whether two gains, in nats, are known and reach their thresholds."""
        return used is not None and help_ is not None and used >= self.used and help_ >= self.help

    def strength(self, losses: Losses) -> float | None:
        """Returns by how much a call goes before others, in nats; None where a gain is not known.

        It is min(used, help + (τ_used − τ_help)): the help is moved to the scale of the use, so
        that a call passes both thresholds where its strength reaches τ_used. With equal thresholds
        it is the paper's gain.

        >>> losses = Losses(no_call=3.0, with_output=2.5, no_output=4.0)
        >>> Thresholds(0.5, 0.5).strength(losses), Thresholds(0.75, -0.5).strength(losses)
        (0.5, 1.5)
        """
        used, help_ = losses.used, losses.help
        if used is None or help_ is None:
            return None
        if self.are_equal:
            return losses.gain
        # Where any use will do, the help alone is compared.
        return help_ if isinf(self.used) else min(used, help_ + (self.used - self.help))


def thresholds_by_tool(
    thresholds: "Mapping[str, float | Thresholds]",
) -> dict[str, Thresholds]:
    """Returns thresholds by tool name, in their order, with one number taken for both."""
    return {name: Thresholds.of(value) for name, value in thresholds.items()}
