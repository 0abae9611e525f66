"""Questions put to a model by the decoder and the `Database` tool; an answer is right or wrong.

Greedy decoding; right is an answer that is the wanted sentence, calls taken out.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from heapq import nsmallest
from pathlib import Path

from toolformer.evaluate.arm import Arm, Calls
from toolformer.evaluate.measure import continue_prompts
from toolformer.evaluate.task import Example, Setup, Task
from toolformer.evaluate.trial import Trial
from toolformer.infer.config import InferConfig
from toolformer.infer.live_tools import LiveTools
from toolformer.lm.base import LanguageModel
from toolformer.studies.in_tool.data.questions import TOOL, Mode, Question
from toolformer.tools.base import Tool
from toolformer.tools.builtin.database import database

_STREAMS = 256  # questions answered side by side
_ANSWER_TOKENS = 48  # the longest answer has 29 bytes
_CALL_TOKENS = 80  # the longest call has 54
_DAY = date(2000, 1, 1)  # no answer depends on it


@dataclass(frozen=True, slots=True)
class Recall:
    """How many of some questions were answered, and how many of the answers were right."""

    asked: int
    right: int
    called: int  # questions for which the database told something

    @property
    def share(self) -> float:
        """The right answers among all; 0 of none."""
        return self.right / self.asked if self.asked else 0.0


def recall_of(trials: Sequence[Trial]) -> Recall:
    """Returns what trials add up to."""
    return Recall(
        asked=len(trials),
        right=sum(trial.is_right for trial in trials),
        called=sum(trial.has_called for trial in trials),
    )


def ask(
    model: LanguageModel, questions: Sequence[Question], *, mode: Mode, database_path: Path | None
) -> Iterator[Trial]:
    """Yields what a model makes of each question.

    Args:
        model: answers.
        questions: about people.
        mode: whether it may call the tool.
        database_path: of the facts, for the tool.
    """
    examples = [
        Example(f"{each.person.name}, {each.attribute}", each.text, (each.answer,))
        for each in questions
    ]
    task = Task(
        name="in-tool",
        examples=lambda: examples,
        is_right=lambda text, example: text == example.answers[0],
    )
    config = InferConfig(
        max_calls=1,
        max_new_tokens=_ANSWER_TOKENS + (_CALL_TOKENS if mode is Mode.TOOL else 0),
        max_call_tokens=_CALL_TOKENS,
        max_streams=_STREAMS,
        stop=("\n",),
    )
    with live_database(database_path if mode is Mode.TOOL else None) as live:
        calls = Calls.NONE if live is None else Calls.LIVE
        setup = Setup(model=model, arm=Arm("", "", calls), live=live, config=config)
        yield from continue_prompts(task, examples, setup)


@contextmanager
def live_database(path: Path | None) -> Iterator[LiveTools | None]:
    """Yields the database tool, ready to run; None without one."""
    if path is None:
        yield None
        return
    with LiveTools([unaided(database(path))], today=_DAY, taught=(TOOL,)) as live:
        yield live


def unaided(tool: Tool) -> Tool:
    """Returns a tool whose arguments a model has to write by itself.

    The database otherwise names the entities of a text to the decoder, which then writes no other:
    nothing would be left to learn.
    """
    parameters = tuple(replace(each, values=None) for each in tool.parameters)
    return replace(tool, parameters=parameters)


def drawn(questions: Iterable[Question], most: int, *, seed: int = 0) -> list[Question]:
    """Returns at most so many questions, drawn by seed."""

    def digest(question: Question) -> bytes:
        return sha256(f"{seed}/{question.text}".encode()).digest()

    return nsmallest(most, questions, key=digest)
