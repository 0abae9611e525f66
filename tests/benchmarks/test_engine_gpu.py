"""The GPU's measurement works where there is none, on a model of a few thousand weights."""

from pathlib import Path

import pytest
import torch

from benchmarks.engine_gpu import GpuMeasured, gpu_table, measure_gpu, peak_flops
from benchmarks.engine_work import Measured
from toolformer.assets import asset


def test_utilisation_is_operations_done_over_operations_possible(tmp_path: Path) -> None:
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
    assert found.score_mfu == 2 * found.weights * found.score_tokens / found.score_seconds / 1e9
    assert "| gptj-tiny | 2 |" in gpu_table("gptj-tiny", found)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_without_a_gpu_it_is_refused_by_a_sentence() -> None:
    with pytest.raises(SystemExit, match="There is no GPU here"):
        peak_flops(None)


def test_a_table_tells_the_share_of_the_peak() -> None:
    run = Measured(None, texts=10, seconds=2.0, by_purpose={"score": 1000})  # type: ignore[arg-type]
    found = GpuMeasured(run, score_tokens=500, score_seconds=1.0, weights=10**6, peak_flops=4e9)
    assert (found.score_mfu, found.run_mfu) == (0.25, 0.25)
