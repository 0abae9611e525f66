"""How far arms are from one another, with intervals over texts."""

from collections.abc import Sequence

import numpy as np
import pytest

from toolformer.evaluate.arm import Arm, Calls
from toolformer.evaluate.compare.differences import Difference, bootstrap, compare_arms
from toolformer.evaluate.counts import PREDICTION
from toolformer.evaluate.metric import Metric
from toolformer.evaluate.task import Example, Task
from toolformer.evaluate.trial import READ, TOO_LONG, Trial

BASE = Arm("base", "b", Calls.NONE)
DISABLED = Arm("disabled", "t", Calls.DISABLED)
TUNED = Arm("tuned", "t", Calls.LIVE, sweeps=True)
ARMS = [BASE, DISABLED, TUNED]


def compared(
    rights: dict[str, Sequence[bool]], *, sources: Sequence[str] = (), **options: object
) -> list[Difference]:
    count = len(next(iter(rights.values())))
    names = sources or [""] * count
    examples = [Example(str(n), "p", ("a",), source=name) for n, name in enumerate(names)]
    trials = {
        arm: [Trial(id=str(n), is_right=right) for n, right in enumerate(each)]
        for arm, each in rights.items()
    }
    task = Task(name="t", examples=lambda: examples, **options)  # type: ignore[arg-type]
    return list(compare_arms(task, ARMS, examples, lambda arm: trials.get(arm.name)))


def test_the_tuned_arm_is_compared_with_each_that_was_tried() -> None:
    found = compared(
        {"tuned": [True, True, True, False], "base": [True] + [False] * 3, "disabled": [False] * 4}
    )
    assert [(each.arm, each.other, each.value, each.texts) for each in found] == [
        ("tuned", "base", 50.0, 4),
        ("tuned", "disabled", 75.0, 4),
    ]
    for each in found:
        assert each.interval.low < each.value <= each.interval.high
        assert each.unit == "points"


def test_what_is_always_the_same_is_surely_no_difference() -> None:
    [found] = compared({"tuned": [True, False] * 9, "base": [True, False] * 9})
    assert (found.value, found.interval) == (0.0, (0.0, 0.0))


def test_examples_of_one_text_are_drawn_together() -> None:
    rights = {"tuned": [True] * 20 + [False] * 20, "base": [False] * 40}
    [alone] = compared(rights)
    [together] = compared(rights, sources=["a"] * 20 + ["b"] * 20)
    assert (alone.texts, together.texts) == (40, 2)
    assert together.value == alone.value == 50.0
    assert together.interval == (0.0, 100.0)
    assert alone.interval.low > 30


def test_where_no_call_is_live_the_same_model_with_calls_disabled_stands_for_it() -> None:
    [found] = compared({"disabled": [True, False], "base": [False, False]})
    assert (found.arm, found.other, found.value) == ("disabled", "base", 50.0)


@pytest.mark.parametrize("metrics", [[Metric.mean("words")], []])
def test_a_task_that_judges_nothing_has_no_difference(metrics: Sequence[Metric]) -> None:
    assert not compared({"tuned": [True], "base": [False]}, metrics=metrics)


def test_an_example_that_one_arm_was_never_asked_is_in_neither() -> None:
    examples = [Example("1", "p", ()), Example("2", "p", ())]
    trials = {
        "tuned": [Trial(id="1", is_right=True), Trial(id="2", is_right=True)],
        "base": [Trial(id="1"), Trial(id="2", finish=TOO_LONG)],
    }
    task = Task(name="t", examples=lambda: examples)
    [found] = compare_arms(task, ARMS, examples, lambda arm: trials.get(arm.name))
    assert (found.value, found.texts) == (100.0, 1)


def predicted(tokens: Sequence[int], nats: Sequence[float]) -> list[Trial]:
    return [
        Trial(id=str(n), finish=READ, scores={"tokens": each, "nats": loss})
        for n, (each, loss) in enumerate(zip(tokens, nats, strict=True))
    ]


def perplexities(base_tokens: Sequence[int]) -> list[Difference]:
    trials = {
        "disabled": predicted([10, 30], [10.0, 30.4]),
        "base": predicted(base_tokens, [10.0, 30.0]),
    }
    task = Task(name="wiki", examples=lambda: [], metrics=PREDICTION)
    return list(compare_arms(task, ARMS, [], lambda arm: trials.get(arm.name)))


def test_perplexities_differ_by_percent() -> None:
    [found] = perplexities([10, 30])
    # 0.4 nats over 40 tokens: e^0.01.
    assert found.value == pytest.approx(100 * np.expm1(0.01), abs=1e-6)
    assert found.unit == "%"
    assert str(found).startswith("+1.0 % (+0.0 to ")


def test_perplexities_of_two_tokenizers_are_not_compared() -> None:
    assert perplexities([11, 30]) == []


def test_the_interval_has_the_width_that_the_normal_one_has() -> None:
    rng = np.random.default_rng(1)
    right = (rng.random(400) < 0.5).astype(float)
    low, high = bootstrap(
        np.stack([right, np.ones(400)], axis=1), lambda drawn: drawn[:, 0] / drawn[:, 1]
    )
    assert high - low == pytest.approx(2 * 1.96 * np.sqrt(0.25 / 400), rel=0.1)
