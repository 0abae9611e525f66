"""Which commands a reproduction with a real model consists of: annotate, tune, evaluate."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from recipes.real import inputs
from recipes.real.dtype import FOUND, has_fast_bfloat16
from recipes.real.sizes import Size
from recipes.real.stages import Stage

HERE = Path("recipes/real")  # the commands are run in the project's root
TUNED, CONTROL, ADAPTED = "tuned", "control", "adapted"
EVALUATION = "evaluation"
ADAPTER_COLUMN = "adapter"
_TOOLFORMER = (sys.executable, "-m", "toolformer")
_RUN_MARK, _RESULTS_MARK = "stats.json", "results.json"
_MODEL_MARKS = {TUNED: "config.json", CONTROL: "config.json", ADAPTED: "adapter_config.json"}
# Of a time budget: what may be spent when annotating, each tuning and the evaluation end.
_ANNOTATED, _EVALUATED = 0.4, 1.0
_TUNINGS = {ADAPTED: 0.55, TUNED: 0.65, CONTROL: 0.75}
# A GPU takes more at a time, and is back from a kill sooner than a checkpoint is written.
_ON_GPU = {
    "annotate": ("--documents-per-shard", "512"),
    "finetune": ("--evaluate-every", "100"),
    "evaluate": ("--streams", "256"),
}


@dataclass(frozen=True, slots=True)
class Corpus:
    """Texts to annotate, by the name of their files, and the tool that is tried on them."""

    name: str
    tool: str
    has_rounds: bool  # whether its calls are of many kinds, so that what was kept serves others


CORPORA = (
    Corpus("solutions", "calculator", has_rounds=False),
    Corpus("dated", "calendar", has_rounds=True),
    Corpus("facts", "database", has_rounds=True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reproduction:
    """Everything that the commands follow from."""

    folder: Path
    model: str
    size: Size
    seed: int
    device: str  # cpu or cuda
    dtype: str  # of annotating and evaluating; auto: bfloat16 where it is fast and changes nothing
    is_budgeted: bool = False  # whether what was cut short is made the best of

    @property
    def inputs(self) -> Path:
        """Where the corpora, exemplars and tasks are."""
        return self.folder / "inputs"

    def run_of(self, corpus: Corpus) -> Path:
        """Returns the run directory of a corpus."""
        return self.folder / f"run-{corpus.name}"

    def has_model(self, name: str) -> bool:
        """Returns whether a model was tuned to its end."""
        return (self.folder / name / _MODEL_MARKS[name]).exists()


def stages(reproduction: Reproduction) -> Iterator[Stage]:
    """Yields the stages in order; each looks at what those before it have made."""
    if _asks_for_dtype(reproduction):
        yield _dtype_stage(reproduction)
    for corpus in CORPORA:
        yield _annotate(reproduction, corpus)
    runs = [
        str(run)
        for run in map(reproduction.run_of, CORPORA)
        if (run / _RUN_MARK).exists() or any((run / "shards").glob("*.parquet"))
    ]
    if runs:
        # The adapter first: it is what a machine that is lent for minutes should give back.
        if reproduction.size.has_adapter:
            yield _tune(reproduction, ADAPTED, runs, "--lora")
        yield _tune(reproduction, TUNED, runs)
        yield _tune(reproduction, CONTROL, runs, "--plain")
    if reproduction.has_model(TUNED) or reproduction.has_model(ADAPTED):
        for name, spec in tasks(reproduction).items():
            yield _evaluate(reproduction, name, spec)


def tasks(reproduction: Reproduction) -> dict[str, str]:
    """Returns the specs of the tasks by the names of their directories, those with bars first."""
    folder, seed, asked = reproduction.inputs, reproduction.seed, reproduction.size.asked
    facts = (
        f"lama:triples={folder}/lama-facts.jsonl,templates={folder}/lama-templates.jsonl,"
        f"training={folder}/lama-training.jsonl"
    )
    steps = f"steps:path={folder}/{inputs.ASKED}"
    return {
        "steps": steps,
        "steps-digits": f"{steps},digits=4,name=steps with 4 to 6 digits",
        "facts": f"{facts},name=T-REx",
        "dates": f"dates:count={asked},seed={seed + 1}",
        "perplexity-wikitext": f"perplexity:path={folder}/wikitext2.txt,name=perplexity WikiText-2",
        "perplexity-wikipedia": (
            f"perplexity:path={folder}/wikipedia.jsonl,name=perplexity Wikipedia"
        ),
        "restraint-c4": f"restraint:path={folder}/plain-c4.jsonl,name=restraint C4",
        "restraint-wikipedia": (
            f"restraint:path={folder}/plain-wikipedia.jsonl,name=restraint Wikipedia"
        ),
        "facts-edited": f"{facts},edit={seed + 1},name=T-REx edited",
        "facts-deleted": f"{facts},delete={seed + 1},name=T-REx deleted",
    }


def dtype_of(reproduction: Reproduction) -> str:
    """Returns in what a model annotates and is evaluated."""
    if reproduction.dtype != "auto":
        return reproduction.dtype
    found = reproduction.folder / "dtype" / FOUND
    if not _asks_for_dtype(reproduction) or not found.exists():
        return "float32"
    return str(json.loads(found.read_text(encoding="utf-8"))["dtype"])


def _asks_for_dtype(reproduction: Reproduction) -> bool:
    is_open = reproduction.dtype == "auto" and reproduction.size.compared > 0
    return is_open and reproduction.device == "cpu" and has_fast_bfloat16()


def _dtype_stage(reproduction: Reproduction) -> Stage:
    out = reproduction.folder / "dtype"
    command = [sys.executable, "-m", "recipes.real.dtype", "--model", reproduction.model]
    command += ["--corpus", str(reproduction.inputs / "solutions.jsonl")]
    command += ["--exemplars", str(reproduction.inputs / "shown-solutions.jsonl")]
    command += ["--texts", str(reproduction.size.compared), "--out", str(out)]
    return Stage("dtype", tuple(command), out, FOUND, share=_ANNOTATED / 3)


def _annotate(reproduction: Reproduction, corpus: Corpus) -> Stage:
    folder, out = reproduction.inputs, reproduction.run_of(corpus)
    command = [*_TOOLFORMER, "annotate", str(folder / f"{corpus.name}.jsonl")]
    command += ["--model", reproduction.model, "--tool", corpus.tool, "--out", str(out)]
    command += ["--exemplars", str(folder / f"shown-{corpus.name}.jsonl")]
    command += ["--config", str(HERE / "annotate.yaml"), "--seed", str(reproduction.seed)]
    command += ["--dtype", dtype_of(reproduction), "--device", reproduction.device]
    command += _for_device(reproduction, "annotate")
    if corpus.has_rounds and reproduction.size.rounds > 1:
        command += ["--rounds", str(reproduction.size.rounds)]
    part = _ANNOTATED * (1 + CORPORA.index(corpus)) / len(CORPORA)
    return Stage(f"annotate {corpus.name}", tuple(command), out, _RUN_MARK, share=part)


def _tune(reproduction: Reproduction, name: str, runs: list[str], *flags: str) -> Stage:
    out = reproduction.folder / name
    command = [*_TOOLFORMER, "finetune", *runs, "--out", str(out), *flags]
    command += ["--config", str(HERE / "finetune.yaml"), "--seed", str(reproduction.seed)]
    command += ["--mix", str(reproduction.inputs / "mix.jsonl"), "--device", reproduction.device]
    command += _for_device(reproduction, "finetune")
    if reproduction.is_budgeted:
        command += ["--incomplete"]
    return Stage(f"tune {name}", tuple(command), out, _MODEL_MARKS[name], share=_TUNINGS[name])


def _evaluate(reproduction: Reproduction, name: str, spec: str) -> Stage:
    folder = reproduction.folder
    out = folder / EVALUATION / name
    first = TUNED if reproduction.has_model(TUNED) else ADAPTED
    command = [*_TOOLFORMER, "evaluate", str(folder / first), "--out", str(out)]
    command += ["--base", reproduction.model]
    if reproduction.has_model(CONTROL):
        command += ["--control", str(folder / CONTROL)]
    if first != ADAPTED and reproduction.has_model(ADAPTED):
        command += ["--column", f"{ADAPTER_COLUMN}={folder / ADAPTED}"]
    command += ["--config", str(HERE / "evaluate.yaml"), "--task", spec]
    command += ["--limit", str(reproduction.size.asked), "--seed", str(reproduction.seed)]
    command += ["--dtype", dtype_of(reproduction), "--device", reproduction.device]
    command += _for_device(reproduction, "evaluate")
    return Stage(f"evaluate {name}", tuple(command), out, _RESULTS_MARK, share=_EVALUATED)


def _for_device(reproduction: Reproduction, command: str) -> tuple[str, ...]:
    return _ON_GPU[command] if reproduction.device == "cuda" else ()
