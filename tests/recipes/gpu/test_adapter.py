"""An adapter comes back out of the weights it was merged into."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from recipes.gpu import adapter
from tests.finetune.given import tiny_model
from toolformer.lm.registry import load_model

RANK = 2
TEXT = "He paid 4 x 5 = 20 dollars in all."


def tuned_beside(base: Path, out: Path) -> None:
    """Writes the model as an adapter of rank 2 would leave it."""
    torch.manual_seed(0)
    weights = load_file(base / "model.safetensors")
    for name, weight in weights.items():
        if name.endswith("proj.weight"):
            rows, columns = weight.shape
            weights[name] = weight + 0.3 * torch.randn(rows, RANK) @ torch.randn(RANK, columns)
    out.mkdir()
    for each in base.iterdir():
        (out / each.name).write_bytes(each.read_bytes())
    save_file(weights, out / "model.safetensors", metadata={"format": "pt"})
    (out / "toolformer.json").write_text('{"schema_version": 1}')


def test_the_base_with_the_adapter_answers_as_the_tuned_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base, tuned, out = (tmp_path / name for name in ("base", "tuned", "adapter"))
    tiny_model(base)
    tuned_beside(base, tuned)
    arguments = ["adapter", str(base), str(tuned), str(out), "--name", str(base), "--rank", "2"]
    monkeypatch.setattr(sys, "argv", arguments)
    adapter.main()
    assert json.loads((out / "adapter_config.json").read_text())["r"] == 2
    found = [
        load_model(str(each), device="cpu").text_log_probs([TEXT])[0] for each in (tuned, out, base)
    ]
    # Its factors are in float16.
    np.testing.assert_allclose(found[1], found[0], atol=0.05)
    assert np.abs(found[2] - found[0]).max() > 0.5


def test_weights_that_are_no_matrices_of_an_adapter_are_refused() -> None:
    base = {"model.norm.weight": torch.ones(4)}
    with pytest.raises(SystemExit, match=r"model\.norm\.weight differs: .* an adapter alone"):
        adapter.extract(base, {"model.norm.weight": torch.zeros(4)}, rank=1)
    base = {"model.embed_tokens.weight": torch.ones(4, 4)}
    with pytest.raises(SystemExit, match=r"embed_tokens\.weight differs"):
        adapter.extract(base, {"model.embed_tokens.weight": torch.zeros(4, 4)}, rank=1)
