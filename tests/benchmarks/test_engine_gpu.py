"""The GPU's measurement works where there is none, on a model of a few thousand weights."""

from pathlib import Path

import pytest
import torch

from benchmarks.engine_gpu import (
    IN_FRONT,
    GpuMeasured,
    Phase,
    gpu_table,
    measure_gpu,
    peak_flops,
)
from benchmarks.engine_work import Measured
from toolformer.assets import asset


def test_each_way_and_each_part_of_it_is_measured(tmp_path: Path) -> None:
    found = measure_gpu(
        "gptj-tiny",
        tokenizer=asset("nano"),
        texts=2,
        out=tmp_path,
        peak=1e9,
        device="cpu",
        dtype=torch.float32,
    )
    attention, mlp, norm = 4 * 32 * 32, (32 * 128 + 128) + (128 * 32 + 32), 2 * 32
    assert found.weights == 2 * (attention + mlp + norm) + norm
    assert found.in_context is not None
    # Each with its calls: in the paper's way ten times as much is read again.
    assert 2 * found.in_context.tokens < found.run.tokens
    front, reading, sampling, scoring = found.phases
    assert front.name == IN_FRONT
    # The shared demonstrations were read before: a text costs itself, twice.
    assert abs(reading.tokens - 2 * 2 * 100) <= 8
    assert sampling.tokens > 0
    # The calls of a place are rows of their call and eight tokens, far from whole texts.
    assert 0 < scoring.tokens < front.tokens / 2
    table = gpu_table("gptj-tiny", found)
    assert "| gptj-tiny | the paper's way | 2 |" in table
    assert "| gptj-tiny | in context | 2 |" in table
    assert "| scoring, in context |" in table


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_without_a_gpu_it_is_refused_by_a_sentence() -> None:
    with pytest.raises(SystemExit, match="There is no GPU here"):
        peak_flops(None)


def test_utilisation_is_operations_done_over_operations_possible() -> None:
    run = Measured(None, texts=10, seconds=2.0, by_purpose={"score": 1000})  # type: ignore[arg-type]
    part = Phase(IN_FRONT, tokens=500, seconds=1.0)
    found = GpuMeasured(run, None, [part], weights=10**6, peak_flops=4e9)
    assert found.mfu(part.tokens, part.seconds) == 0.25  # 2 · 10⁶ · 500 of 4 · 10⁹ operations
    assert found.mfu(run.tokens, run.seconds) == 0.25
    assert "| 500 | 500 | 25.0 % | ≥ 40 % |" in gpu_table("any", found)
