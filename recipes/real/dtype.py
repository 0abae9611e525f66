"""Whether bfloat16 keeps the calls that float32 keeps: `python -m recipes.real.dtype`.

Some texts are annotated three times: in float32, in float32 with another seed, in bfloat16. The
seed changes which arguments are drawn, which is the noise of any annotation; where bfloat16 changes
no more, and is faster, it is taken. Thresholds are fixed, so that no calibration comes between.
"""

import argparse
import json
import shutil
import time
from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path

from toolformer.annotate import AnnotateConfig, annotate
from toolformer.annotate.config import MIN_HELP, PROVISIONAL_USED
from toolformer.files import json_text, write_whole
from toolformer.lm.registry import load_model
from toolformer.runs.directory import Run

FOUND = "dtype.json"
TEXTS = 40
Kept = Set[tuple[str, int, str]]  # document, place, arguments


@dataclass(frozen=True, slots=True)
class Agreement:
    """How much of what two annotations keep they both keep."""

    kept: int
    other: int
    both: int

    @property
    def share(self) -> float:
        """Of all calls that either keeps, from 0 to 1; 1 where neither keeps any."""
        either = self.kept + self.other - self.both
        return self.both / either if either else 1.0


def agreement(kept: Kept, other: Kept) -> Agreement:
    """Compares two sets of kept calls.

    >>> agreement({("a", 3, "1 + 1"), ("a", 9, "2 + 2")}, {("a", 3, "1 + 1")}).share
    0.5
    """
    return Agreement(len(kept), len(other), len(kept & other))


def is_within_noise(changed: Agreement, noise: Agreement) -> bool:
    """Returns whether a change of the precision changes no more than one of the seed.

    >>> is_within_noise(Agreement(20, 20, 19), noise=Agreement(20, 21, 18))
    True
    >>> is_within_noise(Agreement(20, 20, 15), noise=Agreement(20, 21, 18))
    False
    """
    return changed.share >= noise.share


def has_fast_bfloat16(flags: Path = Path("/proc/cpuinfo")) -> bool:
    """Returns whether this processor has instructions for bfloat16: AMX, or those of AVX-512."""
    try:
        words = flags.read_text(encoding="utf-8").split()
    except OSError:
        return False
    return not {"amx_bf16", "avx512_bf16"}.isdisjoint(words)


def kept_calls(run: Run) -> Kept:
    """Returns what a run keeps."""
    return {
        (annotated.document.id, placed.position, placed.call.arguments)
        for annotated in run.documents()
        for placed in annotated.kept
    }


def main() -> None:
    """Annotates three times and writes what was found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--model", default="build/smollm2")
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--exemplars", type=Path, required=True)
    parser.add_argument("--texts", type=int, default=TEXTS)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    seconds: dict[str, float] = {}
    kept: dict[str, Kept] = {}
    ways = {"float32": ("float32", 0), "seed": ("float32", 1), "bfloat16": ("bfloat16", 0)}
    for name, (dtype, seed) in ways.items():
        config = AnnotateConfig(
            exemplars=given.exemplars,
            max_documents=given.texts,
            min_used=PROVISIONAL_USED,
            min_help=MIN_HELP,
            seed=seed,
        )
        model = load_model(given.model, dtype=dtype, device="cpu")
        shutil.rmtree(given.out / name, ignore_errors=True)  # its time would be another one's
        began = time.monotonic()
        run = annotate(
            given.corpus, model=model, tools="calculator", out=given.out / name, config=config
        )
        seconds[name], kept[name] = time.monotonic() - began, kept_calls(run)
        del model
    noise = agreement(kept["float32"], kept["seed"])
    changed = agreement(kept["float32"], kept["bfloat16"])
    is_faster = seconds["bfloat16"] < seconds["float32"]
    found = {
        "dtype": "bfloat16" if is_faster and is_within_noise(changed, noise) else "float32",
        "texts": given.texts,
        "kept": {name: len(found) for name, found in kept.items()},
        "kept_by_both": {"seed": noise.both, "bfloat16": changed.both},
        "agreement": {"seed": round(noise.share, 4), "bfloat16": round(changed.share, 4)},
        "seconds": {name: round(each, 1) for name, each in seconds.items()},
    }
    write_whole(given.out / FOUND, json_text(found))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
