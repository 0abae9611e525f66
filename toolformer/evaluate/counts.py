"""Sums over trials: calls and right answers counted, predicted texts summed.

The sums are in results.json, so the metrics of the built-in tasks can be worked out from them
again, without the trials.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from math import exp, log
from typing import Self

from pydantic import computed_field

from toolformer.evaluate.metric import Interval, Metric, Number, Scores, share, total, wilson
from toolformer.evaluate.trial import TOO_LONG, Trial

_PARTS = {  # what is counted among what
    "right": "inputs",
    "started": "inputs",
    "called": "inputs",
    "right_called": "right",
    "followed": "called",
}


@dataclass(frozen=True, slots=True)
class Counts:
    """How many inputs, and what became of them."""

    inputs: int = 0  # that were asked
    right: int = 0
    started: int = 0  # inputs on which a call was started
    called: int = 0  # inputs on which a tool gave an output before the answer
    right_called: int = 0  # of these, right
    followed: int = 0  # of these, answered with what the tool said
    calls: int = 0  # calls that gave an output
    tool_errors: int = 0  # calls a tool refused
    unavailable: int = 0  # calls whose tool could not be reached: measured again by the next run
    failed_calls: int = 0  # calls that failed for another reason: not readable, no room, ...
    late: int = 0  # inputs on which a tool gave an output after the answer only
    too_long: int = 0  # further ones, which do not fit the model's context: neither right nor wrong

    def __post_init__(self) -> None:
        """Refuses sums that no trials come to."""
        for each in fields(self):
            if getattr(self, each.name) < 0:
                raise ValueError(f"'{each.name}' is below 0")
        for part, whole in _PARTS.items():
            if getattr(self, part) > getattr(self, whole):
                raise ValueError(f"'{part}' is more than '{whole}'")

    @computed_field  # type: ignore[prop-decorator]
    @property
    def accuracy(self) -> float:
        """Share of inputs that were answered right; 0 of nothing."""
        return share(self.right, self.inputs)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def interval(self) -> Interval:
        """The 95 % interval of the accuracy."""
        return wilson(self.right, self.inputs)

    @property
    def uncalled(self) -> int:
        """Inputs that were answered without an output of a tool."""
        return self.inputs - self.called

    @property
    def right_uncalled(self) -> int:
        """Of these, right."""
        return self.right - self.right_called

    @classmethod
    def of(cls, trial: Trial) -> Self:
        """Returns what one trial counts for."""
        if trial.finish == TOO_LONG:
            return cls(too_long=1)
        unavailable = sum(call.is_unavailable for call in trial.calls)
        refused = sum(call.tool_failed for call in trial.calls) - unavailable
        return cls(
            inputs=1,
            right=int(trial.is_right),
            started=int(bool(trial.calls)),
            called=int(trial.has_called),
            right_called=int(trial.is_right and trial.has_called),
            followed=int(trial.follows_tool),
            calls=sum(call.output is not None for call in trial.calls),
            tool_errors=refused,
            unavailable=unavailable,
            failed_calls=sum(
                not call.tool_failed and call.error is not None for call in trial.calls
            ),
            late=int(not trial.has_called and any(call.output for call in trial.calls)),
        )

    @classmethod
    def sum(cls, scores: Sequence[Scores]) -> Self:
        """Returns what trials add up to, given their scores."""
        return cls(**{each.name: round(total(scores, each.name)) for each in fields(cls)})


@dataclass(frozen=True, slots=True)
class TextScores:
    """How well texts were predicted, by measures that can be compared across tokenizers or not."""

    texts: int = 0  # of which something was predicted
    tokens: int = 0  # scored: without a start token, the first of each text is not
    words: int = 0  # stretches between white space
    bytes: int = 0  # in UTF-8
    nats: float = 0.0  # −Σ log p
    too_short: int = 0  # further texts, which are one token or none: nothing of them was predicted
    plain_tokens: int = 0  # scored of the same texts without their calls

    @computed_field  # type: ignore[prop-decorator]
    @property
    def perplexity(self) -> float | None:
        """Per token: for models of one tokenizer. None of nothing."""
        return exp(self.nats / self.tokens) if self.tokens else None

    @property
    def normalised_perplexity(self) -> float | None:
        """Per token of the texts without their calls. None of nothing.

        exp(Σ −log p of the tokens a model writes itself, its calls among them / tokens of the plain
        texts); what tools return is not scored. It is LMLM's measure (Zhao et al., 2025,
        arXiv:2505.15962): the mean loss of own tokens times their number per token of the original
        text. So a call costs what it takes to write it, and saves what its output tells.
        """
        return exp(self.nats / self.plain_tokens) if self.plain_tokens else None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def word_perplexity(self) -> float | None:
        """Per word: for models of any tokenizer."""
        return exp(self.nats / self.words) if self.words else None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def bits_per_byte(self) -> float | None:
        """Bits per byte of the text: for models of any tokenizer."""
        return self.nats / log(2) / self.bytes if self.bytes else None

    @classmethod
    def sum(cls, scores: Sequence[Scores]) -> Self:
        """Returns what texts add up to, given their scores."""
        sums = {each.name: total(scores, each.name) for each in fields(cls)}
        counted = {name: round(value) for name, value in sums.items() if name != "nats"}
        return cls(**counted, nats=sums["nats"])


def scores_of(trial: Trial) -> dict[str, float]:
    """Returns everything a metric may reduce: what an output counts for, and the trial's own."""
    return asdict(Counts.of(trial)) | dict(trial.scores) if trial.is_decoded else dict(trial.scores)


def by_tag(trials: Sequence[Trial]) -> dict[str, list[Scores]]:
    """Returns the scores of the trials that have each tag, in order of appearance."""
    found: dict[str, list[Scores]] = {}
    for trial in trials:
        for tag in trial.tags:
            found.setdefault(tag, []).append(scores_of(trial))
    return found


def _predicted(name: str, value: Callable[[TextScores], float | None], form: str) -> Metric:
    def reduce(scores: Sequence[Scores]) -> Number | None:
        found = value(TextScores.sum(scores))
        return None if found is None else Number(found, form=form)

    return Metric(name, reduce)


ACCURACY = Metric.proportion("right", name="accuracy")
STARTED = Metric.proportion("started", name="inputs with a call")
PREDICTION = (
    _predicted("perplexity per token", lambda each: each.perplexity, ".2f"),
    _predicted("perplexity per word", lambda each: each.word_perplexity, ".1f"),
    _predicted("bits per byte", lambda each: each.bits_per_byte, ".4f"),
)
NORMALISED = (
    *PREDICTION,
    _predicted("normalised perplexity", lambda each: each.normalised_perplexity, ".2f"),
)
# The metrics that can be worked out again from the sums in results.json, by what it calls them.
BUILT_IN: Mapping[str, tuple[Metric, ...]] = {
    "answers": (ACCURACY,),
    "restraint": (STARTED,),
    "perplexity": PREDICTION,
    "normalised perplexity": NORMALISED,
}
OWN = "own"  # any others: their numbers are in results.json themselves
