"""Facts asked before and after they change in the database."""

from pathlib import Path

import pytest

from tests.evaluate.files import write_rows
from toolformer.errors import ConfigError
from toolformer.evaluate.arm import Arm, Calls
from toolformer.evaluate.config import EvaluateConfig
from toolformer.evaluate.results import Cell
from toolformer.evaluate.run import evaluate
from toolformer.evaluate.task import Task
from toolformer.evaluate.tasks.facts.change import draw_deleted
from toolformer.evaluate.tasks.facts.files import Triple
from toolformer.evaluate.tasks.facts.lama import lama
from toolformer.lm.scripted.model import ScriptedLanguageModel
from toolformer.lm.scripted.streams import Continuation

CAPITALS = {"Peru": "Lima", "Cuba": "Havana", "Chad": "Moundou", "Mali": "Bamako"}
ARMS = [
    Arm("control", "knows Lima", Calls.NONE),
    Arm("tuned", "calls", Calls.LIVE, ("database",)),
]


def caller() -> ScriptedLanguageModel:
    """Looks every capital up, and returns the answer; Lima where there is none."""
    asks = [Continuation(f"{each} is", f" [Database({each}, capital)") for each in CAPITALS]
    says = [Continuation(f"-> {each}]", f" {each}.") for each in CAPITALS.values()]
    return ScriptedLanguageModel(
        continuations=[*asks, *says, Continuation("is", " Lima.", weight=0.5)]
    )


MODELS = {
    "knows Lima": lambda: ScriptedLanguageModel(continuations=[Continuation("is", " Lima.")]),
    "calls": caller,
}


def capitals(folder: Path, **options: int) -> Task:
    facts = [
        {"relation": "P36", "attribute": "capital", "subject": subject, "object": name}
        for subject, name in CAPITALS.items()
    ]
    templates = [{"relation": "P36", "pattern": "The capital of [X] is [Y] ."}]
    return lama(
        write_rows(folder / "facts.jsonl", facts),
        write_rows(folder / "templates.jsonl", templates),
        **options,
    )


def numbers(folder: Path, **options: int) -> dict[str, dict[str, str]]:
    """What each arm's metrics are, as the tables write them."""
    results = evaluate(
        [capitals(folder, **options)],
        ARMS,
        out=folder / "out",
        config=EvaluateConfig(),
        load=lambda name: MODELS[name](),
    )

    def written(cell: Cell) -> dict[str, str]:
        return {name: str(number).partition(" (")[0] for name, number in cell.metrics.items()}

    return {cell.arm: written(cell) for cell in results.cells}


def test_a_model_that_asks_follows_an_edit_and_one_that_knows_says_the_old(tmp_path: Path) -> None:
    found = numbers(tmp_path, edit=0)
    follows = "follows the edit, of what it told before"
    stale = "still says the old object, of these"
    assert found["tuned"] == {"accuracy": "100.0 %", follows: "100.0 %", stale: "0.0 %"}
    assert found["control"][follows] == "0.0 %"
    assert found["control"][stale] == "100.0 %"


def test_a_model_that_asks_forgets_what_was_deleted_and_tells_the_rest(tmp_path: Path) -> None:
    seed = next(
        seed
        for seed in range(20)
        if "P36/Peru" not in draw_deleted([Triple("P36", each, ()) for each in CAPITALS], seed=seed)
    )  # what the script falls back to stays
    found = numbers(tmp_path, delete=seed)
    forgets = "forgets what was deleted, of what it told before"
    still = "still tells what was not, of what it told before"
    assert found["tuned"] == {"told before": "100.0 %", forgets: "100.0 %", still: "100.0 %"}
    # The control told Lima alone, which was not deleted: it had nothing to forget.
    assert found["control"] == {"told before": "25.0 %", still: "100.0 %"}


def test_what_a_model_knows_by_itself_is_not_forgotten(tmp_path: Path) -> None:
    seed = next(
        seed
        for seed in range(20)
        if "P36/Peru" in draw_deleted([Triple("P36", each, ()) for each in CAPITALS], seed=seed)
    )
    found = numbers(tmp_path, delete=seed)
    forgets = "forgets what was deleted, of what it told before"
    assert found["tuned"][forgets] == "50.0 %"  # Lima it says anyway
    assert found["control"][forgets] == "0.0 %"


def test_the_database_keeps_what_is_not_deleted(tmp_path: Path) -> None:
    task = capitals(tmp_path, delete=3)
    facts = [Triple("P36", each, ()) for each in CAPITALS]
    there = {f"P36/{row.entity}" for row in task.facts}
    assert there == {each.id for each in facts} - draw_deleted(facts, seed=3)
    assert len(there) == 2
    assert {each.answers[0] for each in task.examples()} == set(CAPITALS.values())


def test_a_change_is_one_of_two(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="a task each"):
        capitals(tmp_path, edit=1, delete=1)
