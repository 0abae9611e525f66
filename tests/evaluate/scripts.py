"""Scripted models that know how to add, and one that does not."""

from toolformer.evaluate.task import Example, Task
from toolformer.evaluate.tasks.judging import is_number_right
from toolformer.lm.scripted.model import ScriptedLanguageModel
from toolformer.lm.scripted.streams import Continuation


def guesser(says: str = " 9.") -> ScriptedLanguageModel:
    """Says the same after any sum."""
    return ScriptedLanguageModel(continuations=[Continuation("is", says)])


def caller() -> ScriptedLanguageModel:
    """Calls for the two sums of the task, rightly and wrongly, and says what it is told."""
    return ScriptedLanguageModel(
        continuations=[
            Continuation("2 + 2 is", " [Calculator(2 + 2)"),
            Continuation("3 + 4 is", " [Calculator(3 / 0)"),
            Continuation("-> 4]", " 4."),
            Continuation("is", " 9.", weight=0.5),
        ]
    )


def sums() -> Task:
    """Three sums; the caller calls for the first, fails at the second, guesses at the third."""
    examples = [
        Example("1", "2 + 2 is", ("4",), "sum", ("small",)),
        Example("2", "3 + 4 is", ("7",), "sum", ("small",)),
        Example("3", "5 + 4 is", ("9",), "sum"),
    ]
    return Task(
        name="sums",
        examples=lambda: examples,
        training=lambda: examples[:1],
        is_right=lambda text, example: is_number_right(text, example.answers),
    )
