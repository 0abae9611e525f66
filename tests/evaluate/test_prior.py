"""The majority answer of a group."""

from toolformer.evaluate.prior import majority_answers, try_majority
from toolformer.evaluate.task import Example, Task


def example(*answers: str, group: str = "g") -> Example:
    return Example("1", "p", answers, group)


TRAINING = [example("a"), example("b", "c"), example("b"), example("d", group="h")]
TASK = Task(
    name="t",
    examples=lambda: [],
    training=lambda: TRAINING,
    is_right=lambda text, each: text in each.answers,
)


def test_each_group_has_its_commonest_answer() -> None:
    assert majority_answers(TRAINING) == {"g": "b", "h": "d"}


def test_of_equally_common_answers_the_first_in_the_alphabet_is_taken() -> None:
    assert majority_answers([example("b"), example("a")]) == {"g": "a"}


def test_the_prior_guesses_by_group_and_knows_nothing_of_new_groups() -> None:
    asked = [example("b"), example("a"), example("b", group="h"), example("b", group="new")]
    trials = list(try_majority(TASK, asked))
    assert [trial.text for trial in trials] == ["b", "b", "d", ""]
    assert [trial.is_right for trial in trials] == [True, False, False, False]
