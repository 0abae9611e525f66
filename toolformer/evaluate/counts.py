"""What trials add up to, whole and by subset; and what texts add up to that were predicted."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from math import exp, log, sqrt
from typing import Any, NamedTuple, Self

from toolformer.evaluate.trial import Trial

_Z = 1.959964  # two-sided 95 %


class Interval(NamedTuple):
    """Two ends of a range of shares."""

    low: float
    high: float


def wilson(part: int, whole: int) -> Interval:
    """Returns Wilson's 95 % interval of a share; everything for a share of nothing.

    It holds where the share is near 0 or 1 and the cases are few, unlike the normal one.

    >>> low, high = wilson(5, 10)
    >>> round(low, 4), round(high, 4)
    (0.2366, 0.7634)
    """
    if whole == 0:
        return Interval(0.0, 1.0)
    share, spread = part / whole, _Z * _Z / whole
    middle = share + spread / 2
    half = _Z * sqrt(share * (1 - share) / whole + spread / (4 * whole))
    ends = (middle - half) / (1 + spread), (middle + half) / (1 + spread)
    return Interval(max(0.0, ends[0]), min(1.0, ends[1]))


@dataclass(slots=True)
class Counts:
    """How many inputs, and what became of them."""

    inputs: int = 0
    right: int = 0
    started: int = 0  # inputs on which a call was started
    called: int = 0  # inputs on which a tool gave an output before the answer
    right_called: int = 0  # of these, right
    followed: int = 0  # of these, answered with what the tool said
    calls: int = 0  # calls that gave an output
    tool_errors: int = 0  # calls a tool refused
    failed_calls: int = 0  # calls that failed for another reason: not readable, no room, ...
    late: int = 0  # inputs on which a tool gave an output after the answer only
    too_long: int = 0  # inputs that do not fit the model's context; they count as wrong

    @property
    def accuracy(self) -> float:
        """Share of inputs that were answered right; 0 of nothing."""
        return share(self.right, self.inputs)

    @property
    def interval(self) -> Interval:
        """The 95 % interval of the accuracy."""
        return wilson(self.right, self.inputs)

    @property
    def uncalled(self) -> int:
        """Inputs on which no tool gave an output."""
        return self.inputs - self.called

    @property
    def right_uncalled(self) -> int:
        """Of these, right."""
        return self.right - self.right_called

    def add(self, trial: Trial) -> None:
        """Counts one more trial."""
        self.inputs += 1
        self.right += trial.is_right
        self.started += bool(trial.calls)
        self.called += trial.has_called
        self.right_called += trial.is_right and trial.has_called
        self.followed += trial.follows_tool
        self.late += not trial.has_called and any(call.output for call in trial.calls)
        self.calls += sum(call.output is not None for call in trial.calls)
        refused = sum(call.tool_failed for call in trial.calls)
        self.tool_errors += refused
        self.failed_calls += sum(call.error is not None for call in trial.calls) - refused
        self.too_long += trial.finish == TOO_LONG

    def to_dict(self) -> dict[str, Any]:
        """Returns the counts, and what follows from them."""
        counted = {each.name: getattr(self, each.name) for each in fields(self)}
        low, high = self.interval
        return counted | {"accuracy": self.accuracy, "interval": [low, high]}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Reads what `to_dict` wrote."""
        return cls(**{each.name: values[each.name] for each in fields(cls)})


TOO_LONG = "too long"  # a trial's finish: the prompt left no room to answer


@dataclass(frozen=True, slots=True)
class TextScores:
    """How well texts were predicted, by measures that can be compared across tokenizers or not."""

    texts: int = 0
    tokens: int = 0  # scored: without a start token, the first of each text is not
    words: int = 0  # stretches between white space
    bytes: int = 0  # in UTF-8
    nats: float = 0.0  # −Σ log p

    @property
    def perplexity(self) -> float:
        """Per token: for models of one tokenizer."""
        return exp(self.nats / self.tokens) if self.tokens else float("nan")

    @property
    def word_perplexity(self) -> float:
        """Per word: for models of any tokenizer."""
        return exp(self.nats / self.words) if self.words else float("nan")

    @property
    def bits_per_byte(self) -> float:
        """Bits per byte of the text: for models of any tokenizer."""
        return self.nats / log(2) / self.bytes if self.bytes else float("nan")

    def __add__(self, other: "TextScores") -> "TextScores":
        added = (getattr(self, each.name) + getattr(other, each.name) for each in fields(self))
        return TextScores(*added)

    def to_dict(self) -> dict[str, Any]:
        """Returns the sums, and what follows from them."""
        return {each.name: getattr(self, each.name) for each in fields(self)} | {
            "perplexity": self.perplexity,
            "word_perplexity": self.word_perplexity,
            "bits_per_byte": self.bits_per_byte,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Reads what `to_dict` wrote."""
        return cls(**{each.name: values[each.name] for each in fields(cls)})


def share(part: int, whole: int) -> float:
    """Returns a share; 0 of nothing."""
    return part / whole if whole else 0.0


def count(trials: Iterable[Trial]) -> tuple[Counts, dict[str, Counts]]:
    """Returns what trials add up to, and by tag."""
    total, by_tag = Counts(), dict[str, Counts]()
    for trial in trials:
        total.add(trial)
        for tag in trial.tags:
            by_tag.setdefault(tag, Counts()).add(trial)
    return total, by_tag
