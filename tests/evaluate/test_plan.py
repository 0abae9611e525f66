"""Which cells there are, and when one has to be measured anew."""

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from toolformer.evaluate.arm import Arm, Calls, ChooseArms, each_model, every_arm, live_arms
from toolformer.evaluate.config import EvaluateConfig
from toolformer.evaluate.metric import Metric
from toolformer.evaluate.plan import PlannedCell, plan, stamp
from toolformer.evaluate.task import Example, Task
from toolformer.evaluate.tasks.facts.table import FactRow

BASE = Arm("base", "b", Calls.NONE)
LIVE = Arm("base, tools live", "b", Calls.LIVE, ("calculator",))
DISABLED = Arm("disabled", "t", Calls.DISABLED)
TUNED = Arm("tuned", "t", Calls.LIVE, ("calculator",), sweeps=True)
ARMS = [BASE, LIVE, DISABLED, TUNED]
EXAMPLES = [Example("1", "2 + 2 is", ("4",))]


def task(choose: ChooseArms = every_arm) -> Task:
    return Task(name="t", arms=choose, examples=lambda: EXAMPLES)


def planned(
    choose: ChooseArms, *ks: int, arms: Sequence[Arm] = ARMS
) -> list[tuple[str, int | None]]:
    cells = plan([task(choose)], arms, EvaluateConfig(ks=ks or (10,)))
    return [(each.arm.name, each.k) for each in cells]


def test_the_tuned_model_is_tried_with_every_k_and_others_with_the_largest() -> None:
    assert planned(every_arm, 0, 1, 10) == [
        ("base", None),
        ("base, tools live", 10),
        ("disabled", None),
        ("tuned", 1),
        ("tuned", 10),
    ]


def test_k_of_0_is_measured_where_there_is_no_disabled_arm() -> None:
    assert planned(every_arm, 0, 10, arms=[TUNED]) == [("tuned", 0), ("tuned", 10)]


def test_perplexity_is_measured_once_a_model() -> None:
    assert planned(each_model) == [("base", None), ("disabled", None)]
    assert planned(each_model, arms=[TUNED]) == [("tuned", None)]


def test_restraint_is_measured_at_1_too_and_where_tools_are_live() -> None:
    assert planned(live_arms, 0, 10) == [
        ("base, tools live", 1),
        ("base, tools live", 10),
        ("tuned", 1),
        ("tuned", 10),
    ]


def test_k_and_disabled_calls_reach_the_decoder() -> None:
    config = EvaluateConfig()
    live = PlannedCell(task(), TUNED, 10).infer_config(config)
    assert (live.top_k_start, live.max_calls, live.bar_markers) == (10, 1, False)
    for cell in (PlannedCell(task(), DISABLED, None), PlannedCell(task(), TUNED, 0)):
        assert cell.infer_config(config).bar_markers
    assert not PlannedCell(task(), BASE, None).infer_config(config).bar_markers


def test_where_calls_are_live_there_are_tokens_to_write_one() -> None:
    asked = replace(task(), max_new_tokens=32, call_tokens=16)
    budgets = [
        PlannedCell(asked, arm, k).infer_config(EvaluateConfig()).max_new_tokens
        for arm, k in ((BASE, None), (DISABLED, None), (TUNED, 0), (TUNED, 1))
    ]
    assert budgets == [32, 32, 32, 48]


def fingerprint(cell: PlannedCell, **settings: object) -> str:
    return cell.fingerprint(EXAMPLES, config=EvaluateConfig().override(**settings))


def test_what_can_change_a_number_changes_the_fingerprint() -> None:
    cell = PlannedCell(task(), TUNED, 10)
    others = [
        fingerprint(replace(cell, k=3)),
        fingerprint(replace(cell, arm=replace(TUNED, model="u"))),
        fingerprint(replace(cell, arm=replace(TUNED, tools=("calendar",)))),
        fingerprint(replace(cell, arm=DISABLED)),
        fingerprint(replace(cell, task=replace(task(), spec="t:name=x"))),
        fingerprint(cell, max_calls=2),
        fingerprint(cell, max_new_tokens=3),
        fingerprint(cell, today=date(2020, 1, 1)),
        fingerprint(cell, dtype="bfloat16"),
        cell.fingerprint([*EXAMPLES, EXAMPLES[0]], config=EvaluateConfig()),
    ]
    assert len({fingerprint(cell), *others}) == 11


def test_what_cannot_change_a_number_does_not() -> None:
    cell = PlannedCell(task(), TUNED, 10)
    assert fingerprint(cell, max_streams=4) == fingerprint(cell)
    plain = PlannedCell(task(), BASE, None)
    assert fingerprint(plain, today=date(2020, 1, 1)) == fingerprint(plain)


def test_a_tools_file_that_was_edited_is_another(tmp_path: Path) -> None:
    facts, code = tmp_path / "facts.db", tmp_path / "tools.py"
    for path in (facts, code):
        path.write_bytes(b"one")
    specs = ("calculator", f"database:path={facts},table=facts", f"{code}:search:depth=2")
    cell = PlannedCell(task(), replace(TUNED, tools=specs), 10)
    found = [fingerprint(cell)]
    assert fingerprint(cell) == found[0]
    os.utime(facts, (1, 1))
    found.append(fingerprint(cell))
    code.write_bytes(b"three")
    found.append(fingerprint(cell))
    assert len(set(found)) == 3


def test_metrics_and_a_task_file_that_was_edited_are_others(tmp_path: Path) -> None:
    file = tmp_path / "my_task.py"
    file.write_text("one")
    named = replace(task(), spec=f"{file}:mine")
    found = [fingerprint(PlannedCell(named, TUNED, 10))]
    found.append(fingerprint(PlannedCell(replace(named, metrics=[Metric.mean("x")]), TUNED, 10)))
    file.write_text("three")
    found.append(fingerprint(PlannedCell(named, TUNED, 10)))
    assert len(set(found)) == 3


def test_the_cells_of_earlier_versions_are_found() -> None:
    cell = PlannedCell(replace(task(), facts=[FactRow("Peru", "capital", "Lima")]), TUNED, 10)
    assert fingerprint(cell) == "d04bce7c0857fb3f"


def test_a_checkpoint_that_was_written_again_is_another(tmp_path: Path) -> None:
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(b"one")
    cell = PlannedCell(task(), replace(TUNED, model=str(tmp_path)), 10)
    before = fingerprint(cell)
    assert fingerprint(cell) == before
    os.utime(weights, (1, 1))
    assert fingerprint(cell) != before


def test_a_file_in_gguf_and_the_base_of_an_adapter_are_stamped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "tiny.gguf").write_bytes(b"GGUF")
    assert stamp("m:tiny.gguf")["files"] == stamp("m")["files"] == stamp("m/tiny.gguf")["files"]
    assert stamp("m")["files"].keys() == {"tiny.gguf"}
    (tmp_path / "adapter").mkdir()
    (tmp_path / "adapter" / "adapter_config.json").write_text('{"base_model_name_or_path": "m"}')
    assert stamp("adapter")["base"] == stamp("m")
    (tmp_path / "adapter" / "adapter_config.json").write_text("[]")
    assert "base" not in stamp("adapter")


def test_a_model_of_another_distribution_is_not_stamped_by_files_that_lie_about(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "another-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: another\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[toolformer.models]\ntheirs = models:made\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").touch()
    assert stamp("theirs") == {"name": "theirs", "files": {}}
