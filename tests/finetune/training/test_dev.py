"""What a training says of held-out texts is what the language model says of them."""

import math
from pathlib import Path

import pytest
import torch

from tests.finetune.given import tiny_model
from toolformer.finetune.data.rows import TrainingRow
from toolformer.finetune.training.dev import perplexity, plain_rows, summed_loss
from toolformer.lm.hf.model import load

TEXTS = [
    "The sum of 12 and 30 is 42, said the teacher to the children. " * 30,
    "Paris [is the capital of France",
    "3",
]


def test_the_perplexity_with_calls_disabled_agrees_with_the_language_model(tmp_path: Path) -> None:
    language_model = load(tiny_model(tmp_path / "model"), device="cpu")
    engine = language_model.engine
    expected = language_model.text_log_probs(TEXTS, without_marker=True)
    model = engine.forward.backend.model
    rows = plain_rows(TEXTS, encoding=engine.encoding, context=language_model.max_length)
    assert len(rows) > len(TEXTS)  # the first is longer than the context
    assert sum(row.count for row in rows) == sum(len(each) for each in expected)
    with torch.inference_mode():
        found = summed_loss(
            lambda ids, mask, _: model(input_ids=ids, attention_mask=mask).logits,
            rows,
            device=torch.device("cpu"),
            barred=engine.encoding.marker_ids,
        )
    total = -sum(float(each.sum()) for each in expected)
    assert found == pytest.approx(total, rel=1e-5)


def test_a_barred_token_costs_nothing_but_where_it_is_the_target() -> None:
    logits = torch.zeros(1, 3, 4)  # a uniform guess among four, of which one is barred

    def logits_of(ids: torch.Tensor, mask: torch.Tensor, _: object) -> torch.Tensor:
        return logits

    row = TrainingRow((0, 1, 2), (False, True, True))
    cpu = torch.device("cpu")
    assert summed_loss(logits_of, [row], device=cpu) == pytest.approx(2 * math.log(4))
    barred = summed_loss(logits_of, [row], device=cpu, barred=[2])
    assert barred == pytest.approx(math.log(3) + math.log(4))


def test_a_loss_that_is_not_finite_is_an_infinite_perplexity() -> None:
    assert perplexity(math.nan) == math.inf
    assert perplexity(math.log(7.0)) == pytest.approx(7.0)


@pytest.mark.parametrize("count", [0, 1, 5])
@pytest.mark.parametrize("processes", [1, 2, 3])
def test_processes_share_the_rows_and_go_through_the_model_equally_often(
    count: int, processes: int
) -> None:
    cpu = torch.device("cpu")
    forwards = [0] * processes
    rows = [TrainingRow((0,) * 4096, (False,) + (True,) * 4095) for _ in range(count)]

    def loss_of(process: int) -> float:
        def logits_of(
            ids: torch.Tensor, mask: torch.Tensor, places: torch.Tensor | None
        ) -> torch.Tensor:
            forwards[process] += 1
            return torch.zeros(*ids.shape, 2)

        return summed_loss(logits_of, rows, device=cpu, process=process, processes=processes)

    losses = [loss_of(process) for process in range(processes)]
    assert sum(losses) == pytest.approx(count * 4095 * math.log(2))
    assert set(forwards) == {-(-count // processes)}
