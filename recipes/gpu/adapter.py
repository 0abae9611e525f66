"""The adapter of a model that was tuned with one, out of the weights that it was merged into.

`python -m recipes.gpu.adapter BASE TUNED OUT`. What an adapter of rank r adds to a weight matrix is
a matrix of rank r: the difference of both models, of which a singular value decomposition gives two
thin factors back. They take a thirtieth of the model's room.
"""

import argparse
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

WEIGHTS, CONFIG = "adapter_model.safetensors", "adapter_config.json"
SIDECAR = "toolformer.json"
_RANK = 16
_PREFIX = "base_model.model."


def factors(difference: torch.Tensor, rank: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns (rank, in) and (out, rank) float32 whose product, second times first, is nearest.

    >>> thin = torch.tensor([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]])
    >>> first, second = factors(thin, 1)
    >>> torch.allclose(second @ first, thin, atol=1e-5)
    True
    """
    left, values, right = torch.linalg.svd(difference.float(), full_matrices=False)
    scale = values[:rank].sqrt()
    return scale[:, None] * right[:rank], left[:, :rank] * scale


def extract(
    base: Mapping[str, torch.Tensor], tuned: Mapping[str, torch.Tensor], *, rank: int
) -> dict[str, torch.Tensor]:
    """Returns an adapter's weights as peft names them, in float16.

    Matrices that are alike have none. Embeddings and whatever is not a matrix must be alike.

    Raises:
        SystemExit: they are not, so the difference is not that of an adapter.
    """
    found: dict[str, torch.Tensor] = {}
    for name, weight in tuned.items():
        if torch.equal(weight, base[name]):
            continue
        if weight.ndim != 2 or not name.endswith(".weight") or _is_vocabulary(name):
            raise SystemExit(f"{name} differs: the model was not tuned with an adapter alone.")
        first, second = factors(weight.float() - base[name].float(), rank)
        module = _PREFIX + name.removesuffix(".weight")
        found[f"{module}.lora_A.weight"] = first.half().contiguous()
        found[f"{module}.lora_B.weight"] = second.half().contiguous()
    return found


def adapter_config(weights: Mapping[str, torch.Tensor], *, base: str, rank: int) -> dict[str, Any]:
    """Returns what peft needs to put these weights beside a model's; they are scaled by 1."""
    modules = {name.split(".")[-3] for name in weights}
    return {
        "base_model_name_or_path": base,
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "r": rank,
        "lora_alpha": rank,
        "lora_dropout": 0.0,
        "bias": "none",
        "target_modules": sorted(modules),
    }


def _is_vocabulary(name: str) -> bool:
    return "embed" in name or name == "lm_head.weight"


def main() -> None:
    """Writes the adapter."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("base", type=Path)
    parser.add_argument("tuned", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--name", default="build/smollm2", help="of the base, where it is used")
    parser.add_argument("--rank", type=int, default=_RANK)
    given = parser.parse_args()
    base, tuned = (load_file(each / "model.safetensors") for each in (given.base, given.tuned))
    given.out.mkdir(parents=True, exist_ok=True)
    weights = extract(base, tuned, rank=given.rank)
    save_file(weights, given.out / WEIGHTS)
    config = adapter_config(weights, base=given.name, rank=given.rank)
    (given.out / CONFIG).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    shutil.copy(given.tuned / SIDECAR, given.out / SIDECAR)
    print(f"{given.out} holds the adapter: {(given.out / WEIGHTS).stat().st_size >> 10:,} KiB.")


if __name__ == "__main__":
    main()
