"""How many tokens each part of a reproduction takes, and so how long on two cores: before it runs.

What a text costs, and the rates, are those of a run of the middle size with SmolLM2-135M-Instruct,
in float32 on two cores of an Intel Xeon at 2.5 GHz without AMX, where they did nothing else.
"""

from dataclasses import dataclass

from benchmarks import report
from recipes.real.sizes import Size

# Tokens a second.
FORWARD = 300  # texts that are read
THIN = 170  # where calls and answers are written token by token as well
TRAINED = 63  # forward, backward and a step
TRAINED_ADAPTER = 85  # not measured: as much faster as it was on another machine

# Tokens that annotating a text takes, demonstrations read and everything scored.
_SOLUTION, _DATED, _FACT = 950, 1000, 590
# Tokens of a training text with its calls, and the share of texts that keep one.
_TRAINED_SOLUTION, _TRAINED_DATED, _TRAINED_FACT, _MIXED = 125, 50, 35, 105
_KEPT_SOLUTIONS, _KEPT_DATED, _KEPT_FACTS = 0.75, 0.4, 0.45
_EPOCHS = 3
_LOOKS = 1.12  # looks at held-out texts, and checkpoints, beside the steps
# Tokens of an input of all tasks in which something is written, calls included, summed up.
_ASKED = 105 + 150 + 45 + 75 + 90 + 90  # steps; with digits; facts; dates; edited; deleted
_UNANSWERED = 128  # of a text without a need for calls, at each of two k
_CHARACTERS = 4.2  # of a token of plain text
_LOADED_S = 20.0  # a task's models, one after the other
_TASKS = 10


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the work; `name` is how the names of its stages begin."""

    name: str
    tokens: int
    minutes: float


def plan(size: Size) -> list[Part]:
    """Returns the parts in order."""
    annotated = {
        "annotate solutions": size.solutions * _SOLUTION,
        "annotate dated": size.dated * size.rounds * _DATED,
        "annotate facts": size.facts * size.rounds * _FACT,
    }
    if size.compared:  # in float32 with two seeds, and in bfloat16
        annotated = {"dtype": 3 * size.compared * _SOLUTION} | annotated
    parts = [Part(name, tokens, tokens / THIN / 60) for name, tokens in annotated.items()]
    learned = round(_EPOCHS * trained_tokens(size))
    rates = {"tune adapted": TRAINED_ADAPTER, "tune tuned": TRAINED, "tune control": TRAINED}
    for name, rate in rates.items():
        if name != "tune adapted" or size.has_adapter:
            parts.append(Part(name, learned, learned * _LOOKS / rate / 60))
    return [*parts, _evaluated(size)]


def trained_tokens(size: Size) -> float:
    """Returns about how many tokens an epoch has."""
    return (
        size.solutions * _KEPT_SOLUTIONS * _TRAINED_SOLUTION
        + size.dated * _KEPT_DATED * _TRAINED_DATED
        + size.facts * _KEPT_FACTS * _TRAINED_FACT
        + size.mixed * _MIXED
    )


def _evaluated(size: Size) -> Part:
    models = 4 if size.has_adapter else 3  # base, control, tuned, adapter
    arms = models + 2  # base and tuned with calls and without
    live = models - 1
    written = size.asked * arms * _ASKED + 2 * min(size.asked, 140) * live * 2 * _UNANSWERED
    read = round(2 * size.predicted / _CHARACTERS) * models
    seconds = written / THIN + read / FORWARD + _TASKS * _LOADED_S
    return Part("evaluate", written + read, seconds / 60)


def table(size: Size) -> str:
    """Returns the parts as Markdown.

    >>> from recipes.real.sizes import FULL, SMALL
    >>> all(sum(part.minutes for part in plan(each)) < most
    ...     for each, most in ((FULL, 300), (SMALL, 40)))
    True
    """
    parts = plan(size)
    rows = [[part.name, f"{part.tokens:,}", f"{part.minutes:.0f}"] for part in parts]
    rows.append(["all", "", f"{sum(part.minutes for part in parts):.0f}"])
    return report.table(["part", "tokens", "minutes"], rows)
