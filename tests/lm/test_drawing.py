"""A draw depends on its key, its sample and its step, and on nothing else."""

from toolformer.lm.drawing import uniform


def test_a_number_is_the_same_everywhere() -> None:
    assert uniform("7|doc|Calculator|12", 3, 5) == 0.7572767000161097
    assert uniform("", 0, 0) == 0.1201430942347177


def test_keys_samples_and_steps_all_change_the_number() -> None:
    numbers = {
        uniform(key, sample, step) for key in "ab" for sample in range(10) for step in range(10)
    }
    assert len(numbers) == 200


def test_numbers_spread_evenly_below_one() -> None:
    tenths = [0] * 10
    for sample in range(5000):
        tenths[int(uniform("seed", sample, 0) * 10)] += 1
    assert all(420 < count < 580 for count in tenths)
