"""`dates` and `arithmetic`: inputs that are made up by seed."""

from toolformer.errors import ConfigError
from toolformer.evaluate.arithmetic_sentences import arithmetic_sentences
from toolformer.evaluate.date_questions import date_questions
from toolformer.evaluate.scoring import (
    end_of_first_words,
    end_of_number,
    is_number_right,
    is_within_first_words,
)
from toolformer.evaluate.task import CALL_TOKENS, WORDS_TOKENS, Task

# The prior is learned on as many inputs of another seed: of the same kinds, so that it is the best
# that can be guessed without working anything out.
_TRAINING_SEED = 1_000_003


def dates(count: int = 500, seed: int = 0, name: str = "dates") -> Task:
    """Questions about dates, some of which need to know the day; each has a day of its own.

    Args:
        count: How many.
        seed: Another seed draws others.
        name: How the results call it.
    """
    _check(count)
    return Task(
        name=name,
        examples=lambda: date_questions(count, seed=seed),
        training=lambda: date_questions(count, seed=seed + _TRAINING_SEED),
        is_right=lambda text, example: is_within_first_words(text, example.answers),
        judged=end_of_first_words,
        note="the answer within the first five words",
        max_new_tokens=WORDS_TOKENS,
        call_tokens=CALL_TOKENS,
    )


def arithmetic(count: int = 500, seed: int = 0, name: str = "arithmetic") -> Task:
    """Sentences that state what two numbers come to.

    Args:
        count: How many.
        seed: Another seed draws others.
        name: How the results call it.
    """
    _check(count)
    return Task(
        name=name,
        examples=lambda: arithmetic_sentences(count, seed=seed),
        training=lambda: arithmetic_sentences(count, seed=seed + _TRAINING_SEED),
        is_right=lambda text, example: is_number_right(text, example.answers),
        judged=end_of_number,
        note="first number of the output",
    )


def _check(count: int) -> None:
    if count < 1:
        raise ConfigError(f"The option count is {count}: a task has at least one input.")
