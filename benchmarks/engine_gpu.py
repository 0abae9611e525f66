"""The engine on a GPU: texts a second, and what share of the GPU's arithmetic does useful work.

A GPT-J-6B-shaped model with random weights in bfloat16. The model-FLOP utilisation (MFU) counts two
operations per weight and token forwarded, the embedding left out and the output head counted on all
tokens of a plain forward only, over what the GPU could do in the same time.
"""

import time
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from benchmarks import report
from benchmarks.engine_models import build_shape, load_tokenizer
from benchmarks.engine_work import (
    Measured,
    annotate_measured,
    bench_tool,
    cut_texts,
    settings,
)
from toolformer.calls import InlineGrammar, ToolCall
from toolformer.lm.base import LossRequest
from toolformer.lm.hf.load import Loaded
from toolformer.lm.hf.model import HFLanguageModel
from toolformer.records import Document

SHAPE = "gptj-6b"
NO_GPU = (
    "There is no GPU here, and a model of this size takes days without one. Run"
    " `python -m benchmarks.bench --gpu` on a machine where torch.cuda.is_available()."
)
# Dense bfloat16, as the makers state it, in 10^12 operations a second.
PEAK_TFLOPS = {"H200": 989, "H100": 989, "A100": 312, "L40S": 362, "4090": 165, "A10": 125}


@dataclass(frozen=True, slots=True)
class GpuMeasured:
    """What a run and a scoring pass took."""

    run: Measured
    score_tokens: int
    score_seconds: float
    weights: int  # of the trunk, embedding and head left out
    peak_flops: float  # operations a second

    @property
    def score_mfu(self) -> float:
        """Model-FLOP utilisation of the scoring pass, from 0 to 1."""
        return 2 * self.weights * self.score_tokens / self.score_seconds / self.peak_flops

    @property
    def run_mfu(self) -> float:
        """Model-FLOP utilisation of a whole run, from 0 to 1."""
        return 2 * self.weights * self.run.tokens / self.run.seconds / self.peak_flops


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
    """Annotates texts, then scores calls in front of them."""
    model = _load(shape, tokenizer, device=device, dtype=dtype, batch_tokens=batch_tokens)
    tool = bench_tool(model, is_trained=False, prompt_tokens=300)
    documents = cut_texts(model, count=texts, tokens=100)
    config = settings().override(documents_per_shard=max(64, texts))
    annotate_measured(
        documents[: max(1, texts // 8)], model=model, tools=[tool], out=out / "warm", config=config
    )
    run = annotate_measured(documents, model=model, tools=[tool], out=out / "run", config=config)
    tokens, seconds = _score(model, documents, tool=tool.name)
    network = model.engine.forward.backend.model
    left_out = {id(network.get_input_embeddings().weight)}  # type: ignore[no-untyped-call]
    left_out |= {id(each) for each in network.get_output_embeddings().parameters()}  # type: ignore[no-untyped-call]
    weights = sum(each.numel() for each in network.parameters() if id(each) not in left_out)
    return GpuMeasured(run, tokens, seconds, weights, peak)


def gpu_table(shape: str, found: GpuMeasured) -> str:
    """Prints what was measured."""
    return report.table(
        ["model", "texts", "texts/s", "tokens/text", "MFU of scoring", "goal", "MFU of a run"],
        [
            [
                shape,
                found.run.texts,
                f"{found.run.texts_per_s:.1f}",
                f"{found.run.tokens_per_text:,.0f}",
                report.percent(found.score_mfu, 1),
                "≥ 40 %",
                report.percent(found.run_mfu, 1),
            ]
        ],
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


def _score(model: HFLanguageModel, documents: list[Document], *, tool: str) -> tuple[int, float]:
    """Scores ten calls in front of each text; returns the tokens forwarded and the seconds."""
    requests = [
        LossRequest(each.text, int(model.token_ends(each.text)[-6]), ToolCall(tool, f"{n}"), "1")
        for each in documents
        for n in range(10)
    ]
    model.target_log_probs(requests[:: max(1, len(requests) // 64)])
    before = replace(model.usage)
    start = time.perf_counter()
    model.target_log_probs(requests)
    return model.usage.score - before.score, time.perf_counter() - start
