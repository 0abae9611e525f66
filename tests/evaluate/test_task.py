"""Drawing the examples of a task."""

from toolformer.evaluate.task import Example, Task

EXAMPLES = [Example(str(number), f"prompt {number}", ()) for number in range(100)]
TASK = Task(name="t", examples=lambda: iter(EXAMPLES))


def test_without_a_limit_all_examples_are_drawn() -> None:
    assert TASK.draw(None, seed=0) == EXAMPLES


def test_a_drawing_stands_in_the_order_of_the_task() -> None:
    drawn = TASK.draw(10, seed=0)
    assert len(drawn) == 10
    assert [int(each.id) for each in drawn] == sorted(int(each.id) for each in drawn)


def test_another_seed_draws_others_and_the_same_one_the_same() -> None:
    assert TASK.draw(10, seed=0) == TASK.draw(10, seed=0)
    assert TASK.draw(10, seed=0) != TASK.draw(10, seed=1)


def test_a_smaller_drawing_is_part_of_a_larger_one() -> None:
    assert set(TASK.draw(5, seed=3)) < set(TASK.draw(20, seed=3))


def test_a_limit_above_the_number_of_examples_draws_all() -> None:
    assert TASK.draw(1000, seed=0) == EXAMPLES
