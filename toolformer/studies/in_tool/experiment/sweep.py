"""A grid trained stack by stack, each model asked at the end; what is there is not done again."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from toolformer.files import claim, locked
from toolformer.studies.in_tool.experiment.grid import FACTS_A_PERSON, GridConfig, Stack, stacks
from toolformer.studies.in_tool.experiment.measured import Measured, measure_trained
from toolformer.studies.in_tool.experiment.results import Row, read_sweep, write_results
from toolformer.studies.in_tool.training.config import LearnedConfig
from toolformer.studies.in_tool.training.shape import parameters
from toolformer.studies.in_tool.training.stepping import Stacked


@dataclass(frozen=True, slots=True)
class SweepStep:
    """How far a sweep is."""

    stacks: int  # in all
    stack: int  # from 0: of this one
    models: int  # in it
    step: Stacked
    steps: int  # of this stack


def sweep(
    grid: GridConfig,
    *,
    out: Path,
    device: str = "auto",
    on_step: Callable[[SweepStep], None] | None = None,
) -> list[Row]:
    """Trains and asks the models of a grid, and returns a row for each.

    Args:
        grid: the models and how they are trained.
        out: the CSV file. Beside it, `OUT.parts` holds the settings and the stack that is in
            training, from whose last checkpoint the same command continues.
        device: a torch device, or `auto` for a GPU where there is one.
        on_step: called after every step.

    Raises:
        RunError: `out` was begun with another grid, or cannot be written.
    """
    from toolformer.lm.hf.load import find_device

    parts = out.with_name(f"{out.name}.parts")
    find_device(device)
    with locked(parts):
        claim(parts / "grid.json", grid.to_dict(), what="a sweep")
        rows = read_sweep(out) if out.exists() else []
        done = {_key(row) for row in rows}
        all_stacks = list(stacks(grid))
        for number, stack in enumerate(all_stacks):
            if all(_key_of(stack, each) in done for each in stack.learned):
                continue

            def tell(step: Stacked, number: int = number, stack: Stack = stack) -> None:
                if on_step is not None:
                    steps = grid.schedule(stack.mode).steps
                    told = SweepStep(len(all_stacks), number, len(stack.learned), step, steps)
                    on_step(told)

            kept = parts / f"{number}.pt"
            rows += _train_stack(stack, grid, kept=kept, device=device, on_step=tell)
            write_results(out, rows)
            kept.unlink(missing_ok=True)
    return rows


def _train_stack(
    stack: Stack,
    grid: GridConfig,
    *,
    kept: Path,
    device: str,
    on_step: Callable[[Stacked], None],
) -> Iterator[Row]:
    from toolformer.lm.hf.load import find_device
    from toolformer.studies.in_tool.training.checkpoint import (
        restore_state,
        save_state,
    )
    from toolformer.studies.in_tool.training.trainer import State, losses_of, train

    schedule, place = grid.schedule(stack.mode), find_device(device)
    begun = restore_state(kept) or State.new(stack.width, seeds=[it.seed for it in stack.learned])
    state = train(
        begun.to(place),
        stack.learned,
        schedule,
        on_step=on_step,
        keep=lambda each: save_state(kept, each),
    )
    losses = losses_of(state, stack.learned, schedule)
    for number, (learned, loss) in enumerate(zip(stack.learned, losses, strict=True)):
        measured = measure_trained(
            state.weights, learned, counts=grid.ask, place=place, number=number
        )
        yield _row(stack, learned, measured, steps=schedule.steps, loss=loss)


def _row(
    stack: Stack, learned: LearnedConfig, measured: Measured, *, steps: int, loss: float
) -> Row:
    return Row(
        mode=learned.mode,
        facts=learned.people * FACTS_A_PERSON,
        width=stack.width,
        parameters=parameters(stack.width),
        seed=learned.seed,
        alpha=learned.alpha,
        steps=steps,
        loss=round(loss, 6),
        asked=measured.seen.asked,
        right=measured.seen.right,
        strange_asked=measured.unseen.asked,
        strange_right=measured.unseen.right,
        edited_asked=measured.edited.asked,
        edited_right=measured.edited.right,
    )


_Key = tuple[str, int, int, int, float]


def _key(row: Row) -> _Key:
    return (str(row.mode), row.facts, row.width, row.seed, row.alpha)


def _key_of(stack: Stack, learned: LearnedConfig) -> _Key:
    facts = learned.people * FACTS_A_PERSON
    return (str(learned.mode), facts, stack.width, learned.seed, learned.alpha)
