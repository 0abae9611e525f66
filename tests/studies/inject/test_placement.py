"""Each strategy places exactly what it says."""

from collections import Counter
from itertools import pairwise

import pytest

from toolformer.studies.inject.placement import (
    Strategy,
    exposures_in_turn,
    exposures_of_blocks,
    place,
)

EXPOSURES = [1, 4, 16, 64, 0]
STEPS = 400


def steps_of(placed: list[list[int]], fact: int) -> list[int]:
    return [step for step, facts in enumerate(placed) for each in facts if each == fact]


@pytest.mark.parametrize("strategy", ["start", "end", "random", "uniform"])
def test_every_fact_is_placed_as_often_as_it_is_to_be(strategy: Strategy) -> None:
    placed = place(EXPOSURES, steps=STEPS, strategy=strategy, share=0.25, seed=1)
    counted = Counter(fact for step in placed for fact in step)
    assert [counted[fact] for fact in range(5)] == EXPOSURES
    assert len(placed) == STEPS
    assert placed == place(EXPOSURES, steps=STEPS, strategy=strategy, share=0.25, seed=1)


@pytest.mark.parametrize(
    ("strategy", "first", "last"),
    [("start", 0, 100), ("end", 300, 400), ("random", 0, 400), ("uniform", 0, 400)],
)
def test_facts_stand_in_the_steps_of_the_strategy_alone(
    strategy: Strategy, first: int, last: int
) -> None:
    placed = place([40] * 20, steps=STEPS, strategy=strategy, share=0.25, seed=0)
    used = [step for step, facts in enumerate(placed) if facts]
    assert used[0] - first < 8  # random may leave the first ones out
    assert last - used[-1] < 8
    assert min(used) >= first
    assert max(used) < last


@pytest.mark.parametrize("strategy", ["start", "end", "uniform"])
def test_no_step_has_two_facts_more_than_another(strategy: Strategy) -> None:
    placed = place([7] * 33, steps=100, strategy=strategy, share=0.5, seed=0)
    width = 100 if strategy == "uniform" else 50
    sizes = [len(facts) for facts in placed if facts]
    assert len(sizes) == width
    assert max(sizes) - min(sizes) <= 1


def test_the_places_of_a_fact_lie_evenly_apart() -> None:
    placed = place([10] * 30, steps=300, strategy="uniform", share=1.0, seed=4)
    for fact in range(30):
        steps = steps_of(placed, fact)
        gaps = [after - before for before, after in pairwise(steps)]
        assert set(gaps) == {30}


def test_random_places_are_drawn_by_seed_and_not_even() -> None:
    one, other = (
        place([10] * 30, steps=300, strategy="random", share=1.0, seed=seed) for seed in (0, 1)
    )
    assert one != other
    assert max(map(len, one)) > 3  # evenly it would be one a step


def test_blocks_are_of_neighbours_and_of_equal_size() -> None:
    exposures = exposures_of_blocks(800, [1, 4, 16, 64], size=8)
    assert Counter(exposures) == {1: 200, 4: 200, 16: 200, 64: 200}
    assert exposures == sorted(exposures)
    assert all(len(set(exposures[at : at + 8])) == 1 for at in range(0, 800, 8))


def test_in_turn_all_facts_are_placed_before_any_is_placed_again() -> None:
    assert exposures_in_turn(5, total=13) == [3, 3, 3, 2, 2]
    assert sum(exposures_in_turn(7, total=100)) == 100
