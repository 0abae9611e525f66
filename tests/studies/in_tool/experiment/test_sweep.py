"""A grid of models: every one once, whatever interrupts it."""

from pathlib import Path

import pytest

from toolformer.errors import ConfigError, RunError
from toolformer.studies.in_tool.experiment.grid import GridConfig, stacks
from toolformer.studies.in_tool.experiment.results import read_sweep
from toolformer.studies.in_tool.experiment.sweep import SweepStep, sweep

GRID = GridConfig(
    facts=(4, 8),
    widths=(4, 8),
    seeds=(0, 1),
    steps=3,
    tool_steps=2,
    batch_size=2,
    checkpoint_every=1,
    questions=4,
    strange_questions=2,
)

SMALL = GRID.override(facts=(4,), widths=(4,), seeds=(0,), questions=2)


def test_a_grid_has_every_model_once() -> None:
    learned = [
        (s.width, each) for s in stacks(GRID.override(models_together=3)) for each in s.learned
    ]
    assert len(learned) == len(set(learned)) == 2 * 2 * 2 * 2
    assert {len(stack.learned) for stack in stacks(GRID.override(models_together=3))} == {1, 3}


def test_facts_are_those_of_whole_people() -> None:
    with pytest.raises(ConfigError, match="6 facts"):
        GRID.override(facts=(6,))


@pytest.mark.slow
def test_a_sweep_that_was_killed_ends_with_the_same_file(tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole.csv", tmp_path / "killed.csv"
    rows = sweep(SMALL, out=whole, device="cpu")
    assert [(row.mode, row.steps, row.parameters) for row in rows] == [
        ("weight", 3, 2612),
        ("tool", 2, 2612),
    ]

    def die(at: int) -> None:
        seen: list[SweepStep] = []

        def tell(step: SweepStep) -> None:
            seen.append(step)
            if len(seen) == at:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            sweep(SMALL, out=killed, device="cpu", on_step=tell)

    die(5)  # at the second step of the second stack: the first stack is in the file
    assert len(read_sweep(killed)) == 1
    steps: list[SweepStep] = []
    assert sweep(SMALL, out=killed, device="cpu", on_step=steps.append) == rows
    assert [each.step.done for each in steps] == [2]  # the first step was kept
    assert killed.read_bytes() == whole.read_bytes()
    assert sorted(each.name for each in (tmp_path / "killed.csv.parts").iterdir()) == ["grid.json"]


@pytest.mark.slow
def test_results_belong_to_one_grid(tmp_path: Path) -> None:
    small = SMALL.override(modes=("weight",))
    sweep(small, out=tmp_path / "r.csv", device="cpu")
    with pytest.raises(RunError, match="steps"):
        sweep(small.override(steps=4), out=tmp_path / "r.csv", device="cpu")


@pytest.mark.parametrize("content", ["", "a,b\n1,2\n", "mode,facts\nweight,many\n"])
def test_what_is_not_a_sweep_is_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text(content)
    if not content:
        assert read_sweep(path) == []
        return
    with pytest.raises(RunError, match="holds no results"):
        read_sweep(path)
