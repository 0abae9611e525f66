"""A Task: inputs, how their outputs are judged, and what the tools know while it runs."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from hashlib import sha256
from heapq import nsmallest

# Where the first five words are all that counts, and no number further on.
WORDS_TOKENS = 32
CALL_TOKENS = 32


@dataclass(frozen=True, slots=True)
class Example:
    """One input of a task.

    Args:
        id: names the example within its task.
        prompt: what the model continues.
        answers: all right answers.
        group: its relation or family; the prior is the group's majority answer in the training
            split.
        tags: the subsets it belongs to that are reported apart (`unseen relation`, `hard`).
        today: the date that the tools are told, where the example has one of its own.
    """

    id: str
    prompt: str
    answers: tuple[str, ...]
    group: str = ""
    tags: tuple[str, ...] = ()
    today: date | None = None


@dataclass(frozen=True, slots=True, order=True)
class FactRow:
    """One row of the table."""

    entity: str
    attribute: str
    value: str


class Measure(StrEnum):
    """What is measured."""

    ANSWERS = "answers"  # prompts are continued and the outputs judged
    PERPLEXITY = "perplexity"  # texts are predicted
    RESTRAINT = "restraint"  # texts that need no tool are continued, and calls counted


def _nothing() -> Iterable[Example]:
    return ()


def _never(_text: str, _example: Example) -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Something to measure models by.

    Attributes:
        name: How the results call it.
        spec: The string that loads it again.
        measure: What is measured.
        examples: Begins a stream of the inputs.
        training: Begins a stream of what the prior is learned from; nothing: there is no prior.
        is_right: Judges an output, calls and what tools said taken out.
        judged: Returns where the part of an output that is judged ends; a call after it came too
            late to tell the answer.
        note: A few words that stand beside its name.
        max_new_tokens: Tokens a model may choose for an input.
        call_tokens: How many more where calls are live, to write one.
        prompt_tokens: How many tokens of a text are the prompt (restraint).
        facts: What the database tool is to know while the task runs; none leaves it as it is.
        dropped: Inputs that were left out, by reason.
    """

    name: str
    spec: str = ""
    measure: Measure = Measure.ANSWERS
    examples: Callable[[], Iterable[Example]]
    training: Callable[[], Iterable[Example]] = _nothing
    is_right: Callable[[str, Example], bool] = _never
    judged: Callable[[str], int] = lambda text: len(text) + 1
    note: str = ""
    max_new_tokens: int = 64
    call_tokens: int = 0
    prompt_tokens: int = 0
    facts: Sequence[FactRow] = ()
    dropped: Mapping[str, int] = field(default_factory=dict)

    def draw(self, limit: int | None, *, seed: int) -> list[Example]:
        """Returns the examples, or `limit` of them drawn by seed, in the task's order."""
        numbered: Iterator[tuple[int, Example]] = enumerate(self.examples())
        if limit is None:
            return [example for _, example in numbered]
        drawn = nsmallest(limit, numbered, key=lambda each: _draw(seed, each[1].id))
        return [example for _, example in sorted(drawn, key=lambda each: each[0])]


def _draw(seed: int, name: str) -> str:
    return sha256(f"{seed}/{name}".encode()).hexdigest()
