"""A training of a minute at most: few facts, a very small model, the background of a file."""

import random
from pathlib import Path
from typing import Any

from toolformer.studies.inject.config import InjectConfig, joined
from toolformer.studies.inject.data.files import FactSet, make

_WORDS = [
    "the",
    "old",
    "mill",
    "by",
    "river",
    "was",
    "sold",
    "to",
    "a",
    "man",
    "who",
    "kept",
    "bees",
    "and",
    "sang",
    "at",
    "night",
    "in",
    "winter",
]


def make_background(folder: Path) -> FactSet:
    """Writes a corpus and facts to a directory."""
    rng = random.Random(0)  # no secret
    lines = (" ".join(rng.choices(_WORDS, k=12)) + "." for _ in range(600))
    (folder / "corpus.txt").write_text("\n".join(lines), encoding="utf-8")
    return make(folder / "facts", facts=32, control=16, others=32, types=8)


def config_of(**values: Any) -> InjectConfig:
    """Returns settings of a small training; some changed."""
    settings: dict[str, Any] = {
        "model": {
            "hidden_size": 32, "intermediate_size": 64, "layers": 2, "heads": 2, "context": 64
        },
        "dataset": {
            "facts": "facts", "corpus": "corpus.txt", "vocabulary_size": 300,
            "tokenizer_characters": 5000,
        },
        "training": {
            "steps": 12, "rows": 8, "length": 64, "warmup_steps": 2, "checkpoint_every": 4,
            "track_every": 6, "track_items": 4,
        },
        "injection": {"exposures": [1, 3]},
    }  # fmt: skip
    return InjectConfig(**joined(settings, values))
