"""What a training is reported to by `--report-to`, and what of it stays."""

from pathlib import Path

import pytest

from tests.finetune.given import QUICK, tiny_model, write_run
from toolformer.errors import ConfigError
from toolformer.finetune.data.runs import read_run
from toolformer.finetune.train import finetune
from toolformer.finetune.training.arguments import check_reports

# Stands for the library that a user has installed: it writes what it is told.
WRITER = """
from pathlib import Path

class SummaryWriter:
    def __init__(self, log_dir):
        Path(log_dir).mkdir(parents=True)
        self.file = Path(log_dir, "events.txt").open("w")
    def add_scalar(self, name, value, step):
        self.file.write(f"{name} at {step}\\n")
    def add_text(self, *_): pass
    def add_hparams(self, *_, **__): pass
    def flush(self): self.file.flush()
    def close(self): self.file.close()
"""


def test_a_place_that_transformers_does_not_know_is_named() -> None:
    with pytest.raises(ConfigError, match="'tensorbord': tensorbord is not supported, only "):
        check_reports(["tensorbord"])


def test_what_is_not_installed_is_named_with_the_way_out() -> None:
    with pytest.raises(ConfigError, match="needs clearml, which is not installed: pip install"):
        check_reports(["none", "all", "clearml"])


def test_losses_and_dev_scores_are_passed_on_and_what_is_written_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tensorboardX.py").write_text(WRITER)
    monkeypatch.syspath_prepend(tmp_path)
    write_run(tmp_path / "run", tiny_model(tmp_path / "model"))
    out = tmp_path / "out"
    config = QUICK.override(steps=2)
    report_to = ["tensorboard"]
    finetune(
        [read_run(tmp_path / "run")], out=out, config=config, device="cpu", report_to=report_to
    )
    [events] = (out / "training").rglob("events.txt")
    told = events.read_text().splitlines()
    assert {"train/loss at 1", "train/loss at 2", "eval/perplexity at 2"} <= set(told)
    assert [each.name for each in (out / "training").iterdir()] == ["runs"]
