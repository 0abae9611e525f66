"""The results of tasks that were evaluated one by one, as one evaluation of them all."""

from collections.abc import Iterable
from pathlib import Path

from toolformer.evaluate.results import ArmLine, Results, read_results


def gathered(folder: Path, names: Iterable[str]) -> Results | None:
    """Returns the results of the tasks that were measured to their end; None where none was.

    Args:
        folder: holds a directory for each task.
        names: of these directories, in the order of the tables.
    """
    found = [each for name in names if (each := read_results(folder / name)) is not None]
    if not found:
        return None
    arms: dict[str, ArmLine] = {}
    for each in found:
        arms.update((arm.name, arm) for arm in each.arms)
    return Results(
        settings=found[0].settings,
        tasks=[task for each in found for task in each.tasks],
        arms=list(arms.values()),
        cells=[cell for each in found for cell in each.cells],
        differences=[difference for each in found for difference in each.differences],
    )
