"""The training: alone or in a stack, killed or not, a model becomes the same."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from toolformer.errors import RunError
from toolformer.studies.in_tool.training.checkpoint import restore_state, save_state
from toolformer.studies.in_tool.training.config import LearnedConfig, ScheduleConfig
from toolformer.studies.in_tool.training.stepping import Stacked
from toolformer.studies.in_tool.training.trainer import State, train

SCHEDULE = ScheduleConfig(steps=6, batch_size=8, warmup_steps=2, checkpoint_every=3)
LEARNED = [
    LearnedConfig(mode="tool", people=12, seed=0),
    LearnedConfig(mode="weight", people=40, seed=1),
    LearnedConfig(mode="weight", people=9, seed=2),
]


def trained(learned: list[LearnedConfig], **options: object) -> State:
    state = State.new(8, seeds=[each.seed for each in learned])
    return train(state, learned, SCHEDULE, **options)  # type: ignore[arg-type]


def test_a_model_of_a_stack_becomes_what_it_becomes_alone() -> None:
    together = trained(LEARNED)
    for number, learned in enumerate(LEARNED):
        alone = trained([learned])
        for name, weight in alone.weights.items():
            torch.testing.assert_close(
                together.weights[name][number], weight[0], atol=2e-4, rtol=1e-3
            )


def test_a_training_that_was_killed_ends_with_the_same_bits(tmp_path: Path) -> None:
    path = tmp_path / "state.pt"
    whole = trained(LEARNED)

    def keep_and_die(state: State) -> None:
        save_state(path, state)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trained(LEARNED, keep=keep_and_die)
    kept = restore_state(path)
    assert kept is not None
    assert kept.done == 3
    continued = train(kept, LEARNED, SCHEDULE)
    assert continued.done == 6
    for name, weight in whole.weights.items():
        assert torch.equal(weight, continued.weights[name])


def test_the_loss_of_each_model_falls() -> None:
    told: list[Stacked] = []
    schedule = SCHEDULE.override(steps=60, learning_rate=1e-2)
    state = State.new(8, seeds=[0, 1, 2])
    train(state, LEARNED, schedule, on_step=told.append)
    for first, last in zip(told[0].losses, told[-1].losses, strict=True):
        assert last < 0.6 * first


def test_a_state_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.pt"
    save_state(path, replace(State.new(4, seeds=[0]), done=1))
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(RunError, match="cannot be read"):
        restore_state(path)


def test_there_is_nothing_to_restore_before_the_first_checkpoint(tmp_path: Path) -> None:
    assert restore_state(tmp_path / "state.pt") is None
