"""A sweep: each rate a model, one that diverges named and left, the others done."""

import json
from pathlib import Path

import pytest

from tests.finetune.given import tiny_model
from tests.studies.api_bank.given import alarms, row
from toolformer.errors import ConfigError, RunError
from toolformer.finetune.report import FinetuneReport
from toolformer.finetune.training.checkpoints import whole_checkpoint
from toolformer.lm.registry import load_model
from toolformer.studies.api_bank.tables import sweep_rows
from toolformer.studies.api_bank.training import Diverged, SweepConfig, Trained, best_of, sweep

QUICK = SweepConfig(
    adapter="none", steps=6, batch_size=4, evaluate_every=2, eval_rows=3, dtype="float32"
)
WILD = 30.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sweep")
    tiny_model(folder / "model")
    return folder


def run(
    folder: Path, out: str, *rates: float, config: SweepConfig = QUICK, count: int = 16
) -> list[Trained]:
    return sweep(
        alarms(count),
        alarms(4, first=count),
        model=str(folder / "model"),
        rates=rates,
        out=folder / out,
        config=config,
        device="cpu",
    )


@pytest.mark.slow
def test_a_rate_that_diverges_is_named_and_the_others_are_done(folder: Path) -> None:
    config = QUICK.override(steps=12, evaluate_every=1, warmup=0.5)
    trained = run(folder, "three", 1e-3, WILD, 2e-3, config=config)
    kinds = [isinstance(each.report, Diverged) for each in trained]
    assert kinds == [False, True, False]
    lost = trained[1]
    assert isinstance(lost.report, Diverged)
    assert "The training diverges: the loss" in lost.report.message
    assert "The best checkpoint is in" in lost.report.message
    assert whole_checkpoint(lost.folder) is not None
    assert load_model(str(trained[2].folder)).sidecar is not None
    best = best_of(trained)
    assert best in (trained[0], trained[2])
    header, rows = sweep_rows(trained)
    assert [line[-1] for line in rows].count("best") == 1
    assert rows[1][0] == "30"
    assert rows[1][-1] == "diverged"
    assert all(len(line) == len(header) for line in rows)
    again = run(folder, "three", 1e-3, WILD, 2e-3, config=config)
    assert [each.report for each in again] == [each.report for each in trained]


@pytest.mark.slow
def test_a_sweep_with_other_rows_or_settings_is_refused(folder: Path) -> None:
    run(folder, "one", 1e-3, config=QUICK.override(steps=1))
    assert len(run(folder, "one", 1e-3, 2e-3, config=QUICK.override(steps=1))) == 2
    with pytest.raises(RunError, match="settings"):
        run(folder, "one", 1e-3, config=QUICK)
    with pytest.raises(RunError, match="settings"):
        run(folder, "one", 1e-3, config=QUICK.override(steps=1), count=8)


@pytest.mark.slow
@pytest.mark.parametrize("adapter", ["lora", "qlora"])
def test_an_adapter_learns_in_either_call_format(folder: Path, adapter: str) -> None:
    pytest.importorskip("bitsandbytes")
    config = QUICK.override(adapter=adapter, format="hermes", steps=2, evaluate_every=1)
    [trained] = run(folder, adapter, 1e-2, config=config)
    assert isinstance(trained.report, FinetuneReport)
    assert 0 < trained.report.trained_parameters < trained.report.parameters
    sidecar = load_model(str(trained.folder)).sidecar
    assert sidecar is not None
    assert sidecar.grammar.to_dict() == {"kind": "hermes"}
    settings = json.loads((trained.folder / "finetune.json").read_text())["config"]
    assert (settings["lora_rank"], settings["lora_alpha"], settings["lora_dropout"]) == (
        32,
        64,
        0.05,
    )


def test_what_is_not_trained_on_is_counted(folder: Path) -> None:
    rows = [*alarms(5), row(90, "no call")]
    sweep(
        rows,
        [],
        model=str(folder / "model"),
        rates=[1e-3],
        out=folder / "counted",
        config=QUICK.override(steps=1, eval_rows=0, max_rows=4),
        device="cpu",
    )
    settings = json.loads((folder / "counted" / "sweep.json").read_text())
    assert settings["rows"]["training"] == 4
    assert sum(settings["rows"]["left_out"].values()) == 2


@pytest.mark.parametrize("rates", [(), (0.0,), (1e-3, -1.0)])
def test_a_sweep_needs_rates(folder: Path, rates: tuple[float, ...]) -> None:
    with pytest.raises(ConfigError, match="Name one learning rate or several, above 0"):
        run(folder, "none", *rates)


def test_a_sweep_needs_calls(folder: Path) -> None:
    with pytest.raises(ConfigError, match="No row has a call that can be written"):
        sweep(
            [row(0, "no call")],
            [],
            model="nano",
            rates=[1e-3],
            out=folder / "no calls",
            config=QUICK,
        )


def test_the_defaults_are_those_of_the_original() -> None:
    config = SweepConfig().training(2e-4)
    assert config.adapter == "qlora"
    assert (config.lora_rank, config.lora_alpha, config.lora_dropout) == (32, 64, 0.05)
    assert (config.learning_rate, config.patience) == (2e-4, 3)
