"""Which commands a reproduction with a real model consists of."""

from dataclasses import replace
from pathlib import Path

import pytest

from recipes.real import chain
from recipes.real.chain import Reproduction, dtype_of, stages, tasks
from recipes.real.sizes import FULL, SMALL
from recipes.real.stages import Stage


@pytest.fixture
def reproduction(tmp_path: Path) -> Reproduction:
    return Reproduction(
        folder=tmp_path, model="base", size=FULL, seed=3, device="cpu", dtype="float32"
    )


def run(reproduction: Reproduction, *, failing: tuple[str, ...] = ()) -> list[Stage]:
    """Goes through the stages as if each made what it is to make."""
    seen = []
    for each in stages(reproduction):
        seen.append(each)
        if each.name not in failing:
            each.made.mkdir(parents=True, exist_ok=True)
            (each.made / each.mark).touch()
    return seen


def options(stage: Stage, name: str) -> list[str]:
    return [stage.command[at + 1] for at, part in enumerate(stage.command) if part == name]


def test_three_corpora_three_models_and_every_task_by_itself(reproduction: Reproduction) -> None:
    names = [stage.name for stage in run(reproduction)]
    assert names == [
        *("annotate solutions", "annotate dated", "annotate facts"),
        *("tune adapted", "tune tuned", "tune control"),
        *(f"evaluate {name}" for name in tasks(reproduction)),
    ]
    assert len(tasks(reproduction)) == 10


def test_each_corpus_has_its_tool_and_exemplars(reproduction: Reproduction) -> None:
    found = run(reproduction)[:3]
    assert [options(each, "--tool") for each in found] == [
        ["calculator"],
        ["calendar"],
        ["database"],
    ]
    shown = [Path(options(each, "--exemplars")[0]).name for each in found]
    assert shown == ["shown-solutions.jsonl", "shown-dated.jsonl", "shown-facts.jsonl"]
    assert [options(each, "--rounds") for each in found] == [[], ["2"], ["2"]]


def test_all_models_learn_the_same_texts_and_the_control_their_words_alone(
    reproduction: Reproduction,
) -> None:
    adapted, tuned, control = run(reproduction)[3:6]
    runs = [str(reproduction.folder / f"run-{name}") for name in ("solutions", "dated", "facts")]
    for each in (adapted, tuned, control):
        assert list(each.command[4:7]) == runs
        assert options(each, "--mix") == [str(reproduction.inputs / "mix.jsonl")]
    assert ["--plain" in each.command for each in (adapted, tuned, control)] == [False, False, True]
    assert ["--lora" in each.command for each in (adapted, tuned, control)] == [True, False, False]


def test_the_tuned_model_is_asked_beside_base_control_and_adapter(
    reproduction: Reproduction,
) -> None:
    asked = run(reproduction)[6]
    assert asked.command[4] == str(reproduction.folder / "tuned")
    assert options(asked, "--base") == ["base"]
    assert options(asked, "--control") == [str(reproduction.folder / "control")]
    assert options(asked, "--column") == [f"adapter={reproduction.folder / 'adapted'}"]


def test_the_small_one_tunes_no_adapter_and_has_one_round(reproduction: Reproduction) -> None:
    found = run(replace(reproduction, size=SMALL))
    assert "tune adapted" not in [each.name for each in found]
    assert not any("--rounds" in each.command or "--column" in each.command for each in found)


def test_where_only_the_adapter_was_tuned_in_time_it_is_what_is_asked(
    reproduction: Reproduction,
) -> None:
    found = run(replace(reproduction, is_budgeted=True), failing=("tune tuned", "tune control"))
    asked = found[-1]
    assert asked.command[4] == str(reproduction.folder / "adapted")
    assert "--control" not in asked.command
    assert "--column" not in asked.command
    assert all("--incomplete" in each.command for each in found if each.name.startswith("tune"))


def test_a_run_that_was_cut_short_is_learned_from_and_one_without_texts_is_not(
    reproduction: Reproduction,
) -> None:
    shards = reproduction.folder / "run-dated" / "shards"
    shards.mkdir(parents=True)
    (shards / "00000.parquet").touch()
    found = run(reproduction, failing=("annotate dated", "annotate facts"))
    tuned = next(each for each in found if each.name == "tune tuned")
    learned = [each for each in tuned.command if Path(each).name.startswith("run-")]
    assert [Path(each).name for each in learned] == ["run-solutions", "run-dated"]


def test_a_run_without_a_model_asks_nothing(reproduction: Reproduction) -> None:
    failing = ("tune adapted", "tune tuned", "tune control")
    assert run(reproduction, failing=failing)[-1].name == "tune control"


def test_bfloat16_is_taken_where_a_try_found_it_harmless(
    reproduction: Reproduction, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chain, "has_fast_bfloat16", lambda: True)
    asked = replace(reproduction, dtype="auto")
    assert next(iter(stages(asked))).name == "dtype"
    assert dtype_of(asked) == "float32"  # not known yet
    (reproduction.folder / "dtype").mkdir()
    (reproduction.folder / "dtype" / "dtype.json").write_text('{"dtype": "bfloat16"}')
    assert dtype_of(asked) == "bfloat16"
    assert dtype_of(replace(asked, size=SMALL)) == "float32"  # does not take the time to try
    monkeypatch.setattr(chain, "has_fast_bfloat16", lambda: False)
    assert dtype_of(asked) == "float32"
    assert next(iter(stages(asked))).name == "annotate solutions"


def test_a_gpu_takes_more_at_a_time(reproduction: Reproduction) -> None:
    found = run(replace(reproduction, device="cuda"))
    assert options(found[0], "--documents-per-shard") == ["512"]
    assert options(found[-1], "--streams") == ["256"]
    assert {option for each in found for option in options(each, "--device")} == {"cuda"}
