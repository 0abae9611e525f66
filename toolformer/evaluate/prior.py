"""The prior: what is right without knowing anything but the answer a group has most often."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from toolformer.evaluate.task import Example, Task
from toolformer.evaluate.trial import Trial, undecoded


def majority_answers(training: Iterable[Example]) -> Mapping[str, str]:
    """Returns the commonest answer of each group; of equally common ones the first in the alphabet.

    >>> france = Example("1", "Lyon lies in", ("France",), "country")
    >>> peru = Example("2", "Lima lies in", ("Peru",), "country")
    >>> majority_answers([france, peru, france])
    {'country': 'France'}
    """
    counts: dict[str, Counter[str]] = {}
    for example in training:
        counts.setdefault(example.group, Counter()).update(set(example.answers))
    return {
        group: min(each, key=lambda answer: (-each[answer], answer))
        for group, each in counts.items()
        if each
    }


def try_majority(task: Task, examples: Sequence[Example]) -> Iterator[Trial]:
    """Answers each example with its group's majority answer, with nothing where there is none."""
    guesses = majority_answers(task.training())
    for example in examples:
        text = guesses.get(example.group, "")
        yield undecoded(example, text, is_right=bool(text) and task.is_right(text, example))
