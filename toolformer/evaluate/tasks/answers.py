"""Tasks whose answer is a number, and tasks whose answer is within the first words."""

from typing import Any

from toolformer.evaluate.task import Example, Task
from toolformer.evaluate.tasks.judging import (
    end_of_first_words,
    end_of_number,
    is_number_right,
    is_within_first_words,
)

# Where the first five words are all that counts, and no number further on.
_WORDS_TOKENS = 32
_CALL_TOKENS = 32


def number_task(**rest: Any) -> Task:
    """Returns a task in which an output is right whose first number is the answer.

    Args:
        rest: the other fields of the task.
    """

    def is_right(text: str, example: Example) -> bool:
        return is_number_right(text, example.answers)

    return Task(is_right=is_right, judged=end_of_number, note="first number of the output", **rest)


def first_words_task(**rest: Any) -> Task:
    """Returns a task in which an output is right that has the answer within its first words.

    Args:
        rest: the other fields of the task.
    """

    def is_right(text: str, example: Example) -> bool:
        return is_within_first_words(text, example.answers)

    return Task(
        is_right=is_right,
        judged=end_of_first_words,
        max_new_tokens=_WORDS_TOKENS,
        call_tokens=_CALL_TOKENS,
        **rest,
    )
