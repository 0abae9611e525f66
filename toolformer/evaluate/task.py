"""A Task: inputs, how trials of them come about, and what these are reduced to."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from heapq import nsmallest

from toolformer.evaluate.arm import Arm, ChooseArms, every_arm
from toolformer.evaluate.counts import ACCURACY, BUILT_IN, OWN
from toolformer.evaluate.metric import Metric
from toolformer.evaluate.tasks.facts.table import FactRow
from toolformer.evaluate.trial import Trial
from toolformer.infer.config import InferConfig
from toolformer.infer.live_tools import LiveTools
from toolformer.lm.base import LanguageModel


@dataclass(frozen=True, slots=True)
class Example:
    """One input of a task.

    Attributes:
        id: Names the example within its task.
        prompt: The text that the model continues.
        answers: All right answers.
        group: Its relation or family; the prior is the group's majority answer in the training
            split.
        tags: The subsets it belongs to that are reported apart (`unseen relation`, `hard`).
        today: The date that tools take for today, where the example has one of its own.
        source: The text that several examples are taken from; they are drawn together where an
            interval is bootstrapped. "": the example stands alone.
    """

    id: str
    prompt: str
    answers: tuple[str, ...]
    group: str = ""
    tags: tuple[str, ...] = ()
    today: date | None = None
    source: str = field(default="", repr=False)  # does not change what a model is asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """The model, tools and settings with which the trials of one cell are made.

    Attributes:
        model: The model that is measured.
        arm: What becomes of its calls.
        live: The tools that run; None: calls are text like any other, or impossible.
        config: How prompts are decoded.
    """

    model: LanguageModel
    arm: Arm
    live: LiveTools | None
    config: InferConfig


# Yields a trial for each example, in their order.
RunTrials = Callable[[Sequence[Example], Setup], Iterator[Trial]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Something to measure models by.

    A task whose outputs are right or wrong brings `is_right`. One that measures something else
    brings scores and the metrics that reduce them; one that does not continue prompts brings `run`.

    Attributes:
        name: How the results call it.
        spec: The string that loads it again.
        examples: Begins a stream of the inputs.
        training: Begins a stream of what the prior is learned from; nothing: there is no prior.
        run: Makes the trials; None: prompts are continued and the outputs judged.
        arms: Chooses the arms it is tried with, and with which k.
        is_right: Judges an output, calls and what tools said taken out.
        score: Returns a trial's own scores.
        metrics: The rows of its tables.
        judged: Returns where the part of an output that is judged ends; a call after it came too
            late to tell the answer.
        note: A few words beside its name.
        max_new_tokens: Tokens a model may choose for an input.
        call_tokens: How many more where calls are live, to write one.
        max_calls: Calls an input may need; the settings can allow more.
        stop: Texts at which an output ends.
        prompt_tokens: How many tokens of a text are the prompt; 0: all.
        facts: Rows of the database tool while the task runs; none leaves it as it is.
        dropped: Inputs that were left out, by reason.
    """

    name: str
    spec: str = ""
    examples: Callable[[], Iterable[Example]]
    training: Callable[[], Iterable[Example]] = lambda: ()
    run: RunTrials | None = None
    arms: ChooseArms = every_arm
    is_right: Callable[[str, Example], bool] = lambda _text, _example: False
    score: Callable[[Trial, Example], Mapping[str, float]] = lambda _trial, _example: {}
    metrics: Sequence[Metric] = (ACCURACY,)
    judged: Callable[[str], int] = lambda text: len(text) + 1
    note: str = ""
    max_new_tokens: int = 64
    call_tokens: int = 0
    max_calls: int = 1
    stop: tuple[str, ...] = ()
    prompt_tokens: int = 0
    facts: Sequence[FactRow] = ()
    dropped: Mapping[str, int] = field(default_factory=dict)

    @property
    def measure(self) -> str:
        """Its metrics' name in results.json: `answers`, `restraint`, `perplexity`, or `own`."""
        names = (name for name, metrics in BUILT_IN.items() if metrics == tuple(self.metrics))
        return next(names, OWN)

    def draw(self, limit: int | None, *, seed: int) -> list[Example]:
        """Returns the examples, or `limit` of them drawn by seed, in the task's order."""
        numbered: Iterator[tuple[int, Example]] = enumerate(self.examples())
        if limit is None:
            return [example for _, example in numbered]

        def digest(each: tuple[int, Example]) -> str:
            return sha256(f"{seed}/{each[1].id}".encode()).hexdigest()

        drawn = nsmallest(limit, numbered, key=digest)
        return [example for _, example in sorted(drawn, key=lambda each: each[0])]
