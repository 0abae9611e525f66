"""Puts a finished nano, its sidecar and its model card where the package ships them.

python -m recipes.nano.package build/nano
"""

import argparse
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from recipes.nano import calculator, calendar, lookup
from toolformer.pretrain.config import PretrainConfig
from toolformer.sidecar import PromptStyle, Sidecar, SidecarTool, write_sidecar

RECIPE = Path(__file__).parent
RECIPES = ("nano.yaml", "second.yaml")
ASSETS = RECIPE.parents[1] / "toolformer" / "assets" / "nano"
# One token gains at most a third of its surprise, and nano's results are one to four tokens long.
GAIN_THRESHOLD = 0.5
# Nano is sure of a place or of none, and mostly says one thing there: looking further finds little.
MIN_PROB, MAX_POSITIONS, SAMPLES = 0.05, 10, 3
_FILES = (
    "config.json",
    "generation_config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
)


def main() -> None:
    """Copies what the package needs of a finished run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, help="the --out of `toolformer pretrain`")
    run: Path = parser.parse_args().run
    ASSETS.mkdir(parents=True, exist_ok=True)
    for name in _FILES:
        if (run / name).exists():
            shutil.copyfile(run / name, ASSETS / name)
    shutil.copyfile(RECIPE / "MODEL_CARD.md", ASSETS / "README.md")
    configs = [PretrainConfig.from_yaml(RECIPE / name) for name in RECIPES]
    metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    write_sidecar(ASSETS, sidecar(configs, metrics))


def sidecar(configs: Sequence[PretrainConfig], metrics: Mapping[str, object]) -> Sidecar:
    """Returns what `toolformer.json` says of nano.

    Args:
        configs: of the runs that made it, in their order.
        metrics: of the last of them.
    """
    stages = [stage for config in configs for stage in config.stages]
    tools = (calculator, calendar, lookup)
    return Sidecar(
        prompt_style=PromptStyle.BRIEF,
        tools=tuple(SidecarTool(each.TOOL, each.TOOL.lower()) for each in tools),
        gain_threshold=GAIN_THRESHOLD,
        min_prob=MIN_PROB,
        max_positions=MAX_POSITIONS,
        samples=SAMPLES,
        lineage={
            "recipes": [f"recipes/nano/{name}" for name in RECIPES],
            "recipe_fingerprints": [config.fingerprint() for config in configs],
            "tokens": sum(stage.steps * stage.rows * stage.length for stage in stages),
            "held_out_perplexity": metrics["held_out_perplexity"],
        },
    )


if __name__ == "__main__":
    main()
