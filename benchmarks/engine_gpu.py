"""The engine on a GPU: texts a second, and what share of the GPU's arithmetic does useful work.

A GPT-J-6B-shaped model with random weights in bfloat16. The model-FLOP utilisation (MFU) counts two
operations per weight and token forwarded, the embedding left out and the output head counted on all
tokens of a plain forward only, over what the GPU could do in the same time. Both ways are measured:
the paper's, with its prompt and calls in front of texts; and in context, behind demonstrations, its
reading, sampling and scoring apart.

`python -m benchmarks.engine_gpu [--write docs/results/engine.md]`; `--shape gptj-tiny --device cpu`
is a rehearsal without a GPU.
"""

import argparse
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from benchmarks import report
from benchmarks.engine_models import SHAPES, build_shape, load_tokenizer, scratch_directory
from benchmarks.engine_work import (
    PLACES,
    SAMPLES,
    Measured,
    annotate_measured,
    bench_tool,
    cut_texts,
    plan_of,
    settings,
)
from toolformer.annotate import AnnotateConfig
from toolformer.assets import EMBEDDED_MODEL, asset
from toolformer.calls import InlineGrammar, ToolCall
from toolformer.lm.base import Branch, CallScoreRequest, LossRequest, Prompt, TextRequest
from toolformer.lm.hf.load import Loaded
from toolformer.lm.hf.model import HFLanguageModel
from toolformer.records import Document
from toolformer.tools.base import Tool
from toolformer.tools.toolbox import Toolbox

SHAPE = "gptj-6b"
TEXTS = 1024
SCORED = 10  # calls a text
IN_FRONT = "scoring, calls in front of texts"
NO_GPU = (
    "There is no GPU here, and a model of this size takes days without one. Run"
    " `python -m benchmarks.bench --gpu` on a machine where torch.cuda.is_available()."
)
# Dense bfloat16, as the makers state it, in 10^12 operations a second.
PEAK_TFLOPS = {"H200": 989, "H100": 989, "A100": 312, "L40S": 362, "4090": 165, "A10": 125}


@dataclass(frozen=True, slots=True)
class Phase:
    """One kind of work, alone, and what it took."""

    name: str
    tokens: int  # forwarded
    seconds: float


@dataclass(frozen=True, slots=True)
class GpuMeasured:
    """What a run in the paper's way, one in context, and their parts took."""

    run: Measured
    in_context: Measured | None
    phases: Sequence[Phase]
    weights: int  # of the trunk, embedding and head left out
    peak_flops: float  # operations a second

    def mfu(self, tokens: int, seconds: float) -> float:
        """Returns the model-FLOP utilisation of a piece of work, from 0 to 1."""
        return 2 * self.weights * tokens / seconds / self.peak_flops


def peak_flops(given_tflops: float | None) -> float:
    """Returns what the GPU can do, in operations a second.

    Raises:
        SystemExit: there is no GPU, or nothing is known of this one.
    """
    if not torch.cuda.is_available():
        raise SystemExit(NO_GPU)
    if given_tflops is not None:
        return given_tflops * 1e12
    name = torch.cuda.get_device_name()
    known = [value for part, value in PEAK_TFLOPS.items() if part in name]
    if not known:
        raise SystemExit(
            f"How many operations a second {name} can do is not known here: say it with"
            " --peak-tflops."
        )
    return known[0] * 1e12


def measure_gpu(
    shape: str,
    *,
    tokenizer: Path,
    texts: int,
    out: Path,
    peak: float,
    device: str = "cuda",
    dtype: torch.dtype = torch.bfloat16,
    batch_tokens: int = 65_536,
) -> GpuMeasured:
    """Annotates texts both ways, then does the parts of each alone."""
    model = _load(shape, tokenizer, device=device, dtype=dtype, batch_tokens=batch_tokens)
    tool = bench_tool(model, is_trained=False, prompt_tokens=300)
    documents = cut_texts(model, count=texts, tokens=100)
    ways = {
        "paper": settings().override(documents_per_shard=max(64, texts)),
        "in-context": _in_context(texts),
    }
    runs = {}
    for name, config in ways.items():
        few = documents[: max(1, texts // 8)]
        annotate_measured(few, model=model, tools=[tool], out=out / f"warm-{name}", config=config)
        runs[name] = annotate_measured(
            documents, model=model, tools=[tool], out=out / name, config=config
        )
    phases = [_score_in_front(model, documents, tool=tool.name)]
    phases += _phases_in_context(model, documents, tool=tool)
    return GpuMeasured(runs["paper"], runs["in-context"], phases, _weights(model), peak)


def gpu_table(shape: str, found: GpuMeasured) -> str:
    """Prints what was measured."""
    runs = {"the paper's way": found.run, "in context": found.in_context}
    rows = [
        [
            shape,
            name,
            each.texts,
            f"{each.texts_per_s:.1f}",
            f"{each.tokens_per_text:,.0f}",
            report.percent(found.mfu(each.tokens, each.seconds), 1),
        ]
        for name, each in runs.items()
        if each is not None
    ]
    whole = report.table(["model", "way", "texts", "texts/s", "tokens/text", "MFU of a run"], rows)
    parts = report.table(
        ["part", "tokens", "tokens/s", "MFU", "goal"],
        [
            [
                phase.name,
                f"{phase.tokens:,}",
                f"{phase.tokens / phase.seconds:,.0f}",
                report.percent(found.mfu(phase.tokens, phase.seconds), 1),
                "≥ 40 %" if phase.name == IN_FRONT else "",
            ]
            for phase in found.phases
        ],
    )
    return f"{whole}\n\n{parts}"


def _in_context(texts: int) -> AnnotateConfig:
    return AnnotateConfig(
        method="in-context",
        max_positions=PLACES,
        samples=SAMPLES,
        allow_peeking=True,
        nearest=0,
        gain_threshold=0.0,
        prune_below=-100.0,  # whatever a model of random weights gains is scored
        documents_per_shard=max(64, texts),
    )


def _load(
    shape: str, tokenizer: Path, *, device: str, dtype: torch.dtype, batch_tokens: int
) -> HFLanguageModel:
    """Builds the model where it is to run: its random numbers need not lie on disk first."""
    tokens = load_tokenizer(tokenizer)
    loaded = Loaded(
        name=shape,
        model=build_shape(shape, tokens, dtype=dtype, device=device),
        tokenizer=tokens.backend_tokenizer,
        start=tokens.eos_token_id,
        specials=frozenset(tokens.all_special_ids),
        fingerprint=shape,
        sidecar=None,
    )
    return HFLanguageModel(loaded, InlineGrammar(), batch_tokens=batch_tokens)


def _weights(model: HFLanguageModel) -> int:
    network = model.engine.forward.backend.model
    left_out = {id(network.get_input_embeddings().weight)}  # type: ignore[no-untyped-call]
    left_out |= {id(each) for each in network.get_output_embeddings().parameters()}  # type: ignore[no-untyped-call]
    return sum(each.numel() for each in network.parameters() if id(each) not in left_out)


def _score_in_front(model: HFLanguageModel, documents: Sequence[Document], *, tool: str) -> Phase:
    """Scores ten calls in front of each text, as in the paper."""
    requests = [
        LossRequest(each.text, int(model.token_ends(each.text)[-6]), ToolCall(tool, f"{n}"), "1")
        for each in documents
        for n in range(SCORED)
    ]
    model.target_log_probs(requests[:: max(1, len(requests) // 64)])
    found: list[Phase] = []
    with _timed(IN_FRONT, model, found):
        model.target_log_probs(requests)
    return found[0]


def _phases_in_context(
    model: HFLanguageModel, documents: Sequence[Document], *, tool: Tool
) -> list[Phase]:
    """Reads texts behind demonstrations and plain, writes calls in them, scores ten in each.

    As many texts at a time as the model says; what each phase took of all of them is added up.
    """
    found: list[Phase] = []
    with Toolbox([tool]) as toolbox:
        prompts = plan_of(model, toolbox, _in_context(len(documents))).prompts
        asked = [
            TextRequest(prompts.of(tool, each.text, document=each.text), each.text)
            for each in documents
        ]
        for requests in _batches(asked, model):
            _phases_of(requests, model, tool, found)
    names = dict.fromkeys(phase.name for phase in found)
    return [
        Phase(
            name,
            tokens=sum(phase.tokens for phase in found if phase.name == name),
            seconds=sum(phase.seconds for phase in found if phase.name == name),
        )
        for name in names
    ]


def _phases_of(
    requests: Sequence[TextRequest], model: HFLanguageModel, tool: Tool, found: list[Phase]
) -> None:
    nothing = Prompt(shared="", own="")
    with _timed("reading, in context and plain", model, found):
        model.read([TextRequest(nothing, each.text) for each in requests], keep=False).close()
        trunks = model.read(requests)
    with trunks:
        # Places as far apart as may be, the last six tokens left to be scored.
        places = [
            (number, int(position))
            for number, starts in enumerate(trunks.starts)
            for position in starts.positions[: -6 : max(1, len(starts.positions) // PLACES)]
        ]
        lead = model.grammar.lead(tool.name)
        with _timed("sampling, in context", model, found):
            trunks.sample(
                [
                    Branch(number, position, lead, SAMPLES, 64, 0.7, f"{number}/{position}", True)
                    for number, position in places
                ]
            )
        with _timed("scoring, in context", model, found):
            trunks.score(
                [
                    CallScoreRequest(number, position, ToolCall(tool.name, f"{n}"), output, 8)
                    for number, position in places
                    for n in range(SCORED // PLACES)
                    for output in ("1", None)
                ]
            )


def _batches(
    requests: Sequence[TextRequest], model: HFLanguageModel
) -> Iterator[Sequence[TextRequest]]:
    """Yields about as many texts as one reading should have."""
    tokens = model.count_tokens([requests[0].prompt.own + requests[0].text])[0]
    size = max(1, model.batch_tokens // tokens)
    for start in range(0, len(requests), size):
        yield requests[start : start + size]


@contextmanager
def _timed(name: str, model: HFLanguageModel, found: list[Phase]) -> Iterator[None]:
    """Adds what is done inside to the phases; its numbers are back on the host when it ends."""
    before = replace(model.usage)
    start = time.perf_counter()
    yield
    seconds = time.perf_counter() - start
    found.append(Phase(name, model.usage.total - before.total, seconds))


def main() -> None:
    """Measures and writes the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--shape", choices=[*SHAPES], default=SHAPE)
    parser.add_argument("--texts", type=int, default=TEXTS)
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    parser.add_argument("--tokenizer", type=Path, default=Path("../shared/data/tokenizers/gpt-2"))
    parser.add_argument("--peak-tflops", type=float, help="of a GPU that is not known here")
    parser.add_argument("--write", type=Path, help="put the tables into this file")
    given = parser.parse_args()
    on_gpu = given.device == "cuda"
    peak = peak_flops(given.peak_tflops) if on_gpu else (given.peak_tflops or 1.0) * 1e12
    tokenizer = given.tokenizer if given.tokenizer.is_dir() else asset(EMBEDDED_MODEL)
    with scratch_directory() as scratch:
        found = measure_gpu(
            given.shape,
            tokenizer=tokenizer,
            texts=given.texts,
            out=Path(scratch),
            peak=peak,
            device=given.device,
            dtype=torch.bfloat16 if on_gpu else torch.float32,
        )
    where = torch.cuda.get_device_name() if on_gpu else "a rehearsal on the CPU"
    described = {"texts": "of 100 tokens", "k": PLACES, "m": SAMPLES, "torch": torch.__version__}
    text = report.section(
        f"On a GPU ({where})",
        [gpu_table(given.shape, found)],
        module="benchmarks.engine_gpu",
        settings=described,
    )
    report.publish(text, name="gpu", path=given.write)


if __name__ == "__main__":
    main()
