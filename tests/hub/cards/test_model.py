"""What the card of a tuned model says."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from huggingface_hub import ModelCard, constants

from tests.finetune.given import QUICK, tiny_model, write_run
from toolformer.finetune.data.runs import read_run
from toolformer.finetune.train import finetune
from toolformer.hub import CardSettings, card_of
from toolformer.sidecar import Sidecar, read_sidecar, write_sidecar


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    run = read_run(write_run(folder / "run", tiny_model(folder / "model")))
    finetune([run], out=folder / "tuned", config=QUICK.override(steps=2), device="cpu")
    return folder / "tuned"


def test_the_page_says_what_it_learned_and_how_it_is_used(tuned: Path) -> None:
    card = card_of(tuned, name="me/tuned", settings=CardSettings(license="apache-2.0"))
    metrics = json.loads((tuned / "metrics.json").read_text())
    for said in (
        'toolformer infer me/tuned "Your text"',
        'custom_generate="me/tuned", trust_remote_code=True',
        f"| Calculator | {metrics['texts_per_tool']['Calculator']} |",
        f"{metrics['steps']} steps",
        f"{metrics['dev']['0']['perplexity']:.4g} before",
        "The last 2 steps took",
        '"name": "Calculator"',
        "--steps 2 --batch-size 4",
        "## Licence\n\napache-2.0.",
    ):
        assert said in card
    metadata = ModelCard(card).data.to_dict()
    assert metadata["library_name"] == "transformers"
    assert metadata["pipeline_tag"] == "text-generation"
    assert "base_model" not in metadata  # a directory of this machine


def test_a_base_that_came_from_the_hub_is_named(
    tuned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    snapshot = tmp_path / "models--some-one--tiny" / "snapshots" / "1"
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_text("{}")
    (snapshot.parents[1] / "refs").mkdir()
    (snapshot.parents[1] / "refs" / "main").write_text("1")
    out = tmp_path / "tuned"
    out.mkdir()
    (out / "config.json").write_text("{}")
    sidecar = read_sidecar(tuned) or Sidecar()
    write_sidecar(
        out, replace(sidecar, lineage={**sidecar.lineage, "base": {"name": "some-one/tiny"}})
    )
    metadata = ModelCard(card_of(out, name="me/tuned")).data.to_dict()
    assert metadata["base_model"] == "some-one/tiny"
    assert metadata["base_model_relation"] == "finetune"


def test_a_checkpoint_of_whatever_origin_has_a_card(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    write_sidecar(tmp_path, Sidecar())
    card = card_of(tmp_path, name="me/model")
    assert "# me/model" in card
    assert "custom_generate" not in card
