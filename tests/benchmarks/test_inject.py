"""What the benchmark of fact injection says of made-up recalls, and a run of a minute."""

import sys
from pathlib import Path

import pytest

from benchmarks.inject import Seed, bars_of, main
from toolformer.studies.inject.by_tool import ToolAnswer
from toolformer.studies.inject.data.facts import Group, Item, Kind, make_facts, make_items
from toolformer.studies.inject.evaluating import Evaluation, HeldOutText
from toolformer.studies.inject.measuring import Recall

FACTS = make_facts(facts=64, control=64, others=0, types=8, seed=0)
ITEMS = {item.id: item for item in make_items(FACTS)}


def recall_of(item: Item) -> Recall:
    """Half of the facts stood in the texts 64 times and are known by heart, the others once."""
    is_known = item.group is Group.INJECTED and int(item.fact.split("/")[1]) >= 4
    is_recalled = is_known and item.kind is Kind.MEMORISATION
    exposures = 0 if item.group is Group.CONTROL else 64 if is_known else 1
    rank = 1 if is_recalled else 30
    return Recall(item.id, exposures, 1.0, 2, rank, choice_rank=rank, choices=100)


def evaluation(*, nats: float, is_injected: bool) -> Evaluation:
    return Evaluation(
        name="a",
        seed=0,
        steps=1,
        parameters=1,
        is_injected=is_injected,
        digest="",
        recalls=tuple(recall_of(item) for item in ITEMS.values()),
        held_out=(HeldOutText(nats, 10), HeldOutText(2 * nats, 20)),
    )


def test_the_bars_are_of_the_facts_that_stood_there_often_enough() -> None:
    answers = [ToolAnswer(item.id, "", is_right=True, calls=1, asked="") for item in ITEMS.values()]
    seed = Seed(
        0,
        evaluation(nats=10.1, is_injected=True),
        evaluation(nats=10.0, is_injected=False),
        answers,
        core_minutes=24.0,
    )
    said = {bar: measured for bar, _, measured in bars_of(seed, ITEMS)}
    names = "among values of its slot", "in the vocabulary, worst token"
    for name in names:
        assert said[f"memorisation rank at ≥ 50 exposures, {name}"] == "1.00 (1.00–1.00)"
        assert said[f"control rank over it, {name}"] == "30.0 ×"
    assert said["memorisation recall over exposures 1, 64"] == "0.0, 100.0 %"
    loss = said["held-out loss with against without injection"]
    assert loss == "+1.00 % (+1.00 to +1.00)"
    tool = [measured for bar, measured in said.items() if "tool − injection" in bar]
    assert tool == ["+100.0 (+100.0 to +100.0); weights 0.0 %"] * 2
    assert said["core-minutes of the training over 2 cores"] == "12.0 min"


@pytest.mark.slow
def test_a_small_run_writes_its_section_and_does_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    small = ["--facts", "32", "--control", "16", "--others", "32", "--choices", "3"]
    command = ["inject", "--out", str(tmp_path / "out"), "--recipe", "recipes/inject/smoke.yaml"]
    page = tmp_path / "page.md"
    page.write_text("Above\n<!-- inject -->\nold\n<!-- /inject -->\nBelow\n", encoding="utf-8")
    monkeypatch.setattr(
        sys, "argv", [*command, *small, "--tuning-steps", "2", "--write", str(page)]
    )
    main()
    written = page.read_text(encoding="utf-8")
    assert written.startswith("Above\n<!-- inject -->\n## Facts in the weights or in a tool")
    assert "| held-out loss with against without injection | ≤ +3 % |" in written
    assert "old" not in written.splitlines()
    done = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("model.safetensors")}
    assert len(done) == 3
    capsys.readouterr()
    main()
    assert page.read_text(encoding="utf-8") == written
    assert {path: path.stat().st_mtime_ns for path in done} == done
