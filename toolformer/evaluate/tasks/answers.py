"""Tasks whose answer is a number, and tasks whose answer is within the first words."""

from typing import Any

from toolformer.evaluate.task import Task
from toolformer.evaluate.tasks.judging import (
    end_of_first_words,
    end_of_number,
    is_number_right,
    is_within_first_words,
)


def number_task(**rest: Any) -> Task:
    """Returns a task in which an output is right whose first number is the answer.

    Args:
        rest: the other fields of the task.
    """
    return Task(
        is_right=lambda text, example: is_number_right(text, example.answers),
        judged=end_of_number,
        note="first number of the output",
        **rest,
    )


def first_words_task(**rest: Any) -> Task:
    """Returns a task in which an output is right that has the answer within its first words.

    Args:
        rest: the other fields of the task.
    """
    return Task(
        is_right=lambda text, example: is_within_first_words(text, example.answers),
        judged=end_of_first_words,
        max_new_tokens=32,  # the first five words are all that counts, and no number further on
        call_tokens=32,
        **rest,
    )
