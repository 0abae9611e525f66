"""Texts with a prompt: read and not learned, never cut; and when a training of them ends."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM

from tests.finetune.given import GRAMMAR, QUICK, encoding, tiny_model
from toolformer.calls import PlacedCall, ToolCall
from toolformer.errors import ConfigError, TrainingError
from toolformer.finetune.config import FinetuneConfig
from toolformer.finetune.data.batches import can_narrow, collate, draw_order
from toolformer.finetune.data.rows import TrainingRow, make_rows
from toolformer.finetune.data.texts import TrainingText
from toolformer.finetune.report import FinetuneReport
from toolformer.finetune.train import finetune_texts
from toolformer.finetune.training.checkpoints import whole_checkpoint
from toolformer.finetune.training.dev import summed_loss
from toolformer.finetune.training.steps import TrainingStep

PROMPT = "Tool: Calculator(expression)\nInput: what is 12 and 30?"
CALL = PlacedCall(len(PROMPT), ToolCall("Calculator", "12 + 30"))
ASKED = TrainingText("a", PROMPT, (CALL,), prompt=len(PROMPT))
END = 1


class KilledError(Exception):
    """Stands for a kill: nothing of the training survives but its files."""


def learned(row: TrainingRow) -> str:
    return encoding().decode([i for i, counts in zip(row.ids, row.learned, strict=True) if counts])


def rows(*texts: TrainingText, end: int | None = None, length: int = 256) -> list[TrainingRow]:
    made = make_rows(texts, encoding=encoding(), end=end, max_length=length, loss_on_output=True)
    return list(made.rows)


def test_what_follows_a_prompt_is_learned_and_the_prompt_is_not() -> None:
    [row] = rows(ASKED)
    assert learned(row) == " [Calculator(12 + 30)]"
    start = encoding().decode_row(encoding().start)
    assert encoding().decode_row(row.ids) == start + GRAMMAR.format(CALL.call).join([PROMPT, ""])


@pytest.mark.parametrize("end", range(1, 40))
def test_a_prompt_may_end_anywhere_in_a_text(end: int) -> None:
    text = "The sum of 12 and 30 is 42, said the teacher to the children."
    [row] = rows(TrainingText("a", text, prompt=end))
    assert learned(row) == text[end:]
    assert encoding().decode_row(row.ids[1:]) == text


def test_stretches_that_decoding_supplies_are_read_and_not_learned() -> None:
    text = "Ask: who?\nAction: look\nSeen: Ada\nAnswer: Ada"
    supplied = tuple(
        (text.index(each), text.index(each) + len(each)) for each in ("\nSeen: Ada\n", "er:")
    )
    given = TrainingText("a", text, prompt=len("Ask: who?\nAction:"), supplied=supplied)
    [made] = make_rows([given], encoding=encoding(), end=END, max_length=256).rows
    assert learned(made) == " lookAnsw Ada" + encoding().decode((END,))
    assert encoding().decode_row(made.ids[1:-1]) == text
    [whole] = rows(given)  # with the loss on outputs, whose kin they are
    assert learned(whole) == text[given.prompt :]


@pytest.mark.parametrize("supplied", [((3, 2),), ((0, 4), (3, 5)), ((0, 99),)])
def test_supplied_stretches_stand_in_their_text_one_after_the_other(
    supplied: tuple[tuple[int, int], ...], tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="supplied stretches"):
        finetune_texts(
            [TrainingText("a", "some text", supplied=supplied)], model="nano", out=tmp_path / "o"
        )


def test_a_call_inside_a_prompt_is_read() -> None:
    text = "So 12 and 30 make 42 all in all."
    inner = PlacedCall(text.index(" 42"), ToolCall("Calculator", "12 + 30"), "42")
    [row] = rows(TrainingText("a", text, (inner,), prompt=text.index(" all")))
    assert learned(row) == " all in all."
    assert "[Calculator(12 + 30) -> 42]" in encoding().decode_row(row.ids)


def test_a_text_whose_prompt_does_not_fit_a_row_is_left_out_whole_and_counted() -> None:
    length = len(rows(ASKED, end=END)[0].ids)
    for room, there in ((length, 1), (length - 1, 0), (16, 0)):
        made = make_rows([ASKED], encoding=encoding(), end=END, max_length=room)
        assert (len(made.rows), made.prompts_left_out) == (there, 1 - there)
        assert made.calls_left_out == made.texts_left_out == 0


@pytest.mark.parametrize("end", [-1, len(PROMPT) + 1])
def test_a_prompt_that_ends_outside_its_text_is_refused(tmp_path: Path, end: int) -> None:
    wrong = TrainingText("a", PROMPT, prompt=end)
    with pytest.raises(ConfigError, match=f"In text 'a' the prompt ends at {end}, outside its"):
        finetune_texts([wrong], model="nano", out=tmp_path / "out", config=QUICK)


def test_logits_where_something_is_learned_give_the_loss_of_all(tmp_path: Path) -> None:
    tiny_model(tmp_path / "model")
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "model").eval()
    assert can_narrow(model)
    batch = rows(ASKED, TrainingText("b", PROMPT + " is 42.", prompt=len(PROMPT)))
    whole, narrow = collate(batch), collate(batch, can_narrow=True)
    kept = narrow["logits_to_keep"]
    assert len(kept) < whole["labels"].shape[1] / 2
    with torch.inference_mode():
        losses = [model(**each, use_cache=False).loss.item() for each in (whole, narrow)]
    assert losses[1] == pytest.approx(losses[0], rel=1e-5)

    def logits_of(
        ids: torch.Tensor, mask: torch.Tensor, places: torch.Tensor | None
    ) -> torch.Tensor:
        chosen = {} if places is None else {"logits_to_keep": places}
        logits: torch.Tensor = model(input_ids=ids, attention_mask=mask, **chosen).logits
        return logits

    with torch.inference_mode():
        sums = [
            summed_loss(logits_of, batch, device=torch.device("cpu"), can_narrow=can)
            for can in (False, True)
        ]
    assert sums[1] == pytest.approx(sums[0], rel=1e-5)
    assert sums[0] / sum(row.count for row in batch) == pytest.approx(losses[0], rel=1e-5)


def test_a_batch_of_which_much_is_learned_keeps_all_its_logits() -> None:
    assert "logits_to_keep" not in collate(rows(TrainingText("a", PROMPT)), can_narrow=True)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("prompts") / "model"
    tiny_model(folder)
    return str(folder)


def texts(count: int, *, first: int = 0) -> list[TrainingText]:
    made = []
    for number in range(first, first + count):
        prompt = f"Input: what is {number} and 30?"
        call = ToolCall("Calculator", f"{number} + 30")
        placed = (PlacedCall(len(prompt), call),)
        made.append(TrainingText(str(number), prompt, placed, prompt=len(prompt)))
    return made


def tune(
    model: str,
    out: Path,
    config: FinetuneConfig = QUICK,
    on_progress: Callable[[TrainingStep], None] | None = None,
) -> FinetuneReport:
    config = config.override(loss_on_output=True)
    return finetune_texts(
        texts(16),
        held_out=texts(3, first=50),
        model=model,
        out=out,
        config=config,
        device="cpu",
        on_progress=on_progress,
    )


def test_held_out_prompts_are_judged_by_what_follows_them_alone(model: str, tmp_path: Path) -> None:
    report = tune(model, tmp_path / "out")
    assert set(report.dev) == {0, 2, 4, 6}
    for score in report.dev.values():
        assert score.perplexity is None
        assert score.loss is not None
    assert report.kept_step == min((2, 4, 6), key=lambda step: report.dev[step].loss or 0.0)


def stuck_at(report: FinetuneReport) -> int:
    losses = [report.dev[step].loss for step in sorted(report.dev)]
    return len(losses) - 1 - losses.index(min(loss for loss in losses if loss is not None))


def test_a_training_that_gets_no_better_stops_and_keeps_the_best(
    model: str, tmp_path: Path
) -> None:
    config = QUICK.override(
        steps=40, evaluate_every=1, learning_rate=0.05, schedule="constant", patience=2
    )
    report = tune(model, tmp_path / "out", config)
    assert report.steps == len(report.losses) < 40
    assert stuck_at(report) == 2
    assert report.kept_step == report.steps - 2 or report.kept_step <= 2
    assert json.loads((tmp_path / "out" / "metrics.json").read_text())["steps"] == report.steps


def test_a_training_that_was_killed_after_it_had_stopped_ends_the_same(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = QUICK.override(
        steps=40, evaluate_every=1, learning_rate=0.05, schedule="constant", patience=2
    )
    whole = tune(model, tmp_path / "whole", config)

    def kill(*_: object, **__: object) -> None:
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr("toolformer.finetune.training.carry_out.finish", kill)
        with pytest.raises(KilledError):
            tune(model, tmp_path / "killed", config)
    last = whole_checkpoint(tmp_path / "killed")
    assert last is not None
    assert last.name == f"checkpoint-{whole.steps}"
    again = tune(model, tmp_path / "killed", config)
    assert (again.steps, again.kept_step, again.losses) == (
        whole.steps,
        whole.kept_step,
        whole.losses,
    )
    files = [tmp_path / name / "model.safetensors" for name in ("whole", "killed")]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_patience_without_anything_to_judge_by_is_refused(model: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Nothing says when a training gets no better"):
        finetune_texts(
            texts(4), model=model, out=tmp_path / "out", config=QUICK.override(patience=2)
        )


def test_held_out_prompts_that_fit_no_row_are_counted(model: str, tmp_path: Path) -> None:
    long = TrainingText("long", "So it is. " * 40, prompt=200)
    report = finetune_texts(
        texts(8),
        held_out=[*texts(2, first=50), long],
        model=model,
        out=tmp_path / "out",
        config=QUICK.override(max_length=96, steps=1),
        device="cpu",
    )
    assert report.left_out == {"held out, with its prompt longer than a row": 1}


def test_held_out_texts_tell_of_a_training_that_diverges(model: str, tmp_path: Path) -> None:
    # It is over before there are five losses to average.
    config = QUICK.override(steps=4, evaluate_every=1, learning_rate=20.0, warmup=0.9)
    with pytest.raises(TrainingError, match=r"diverges: the loss of held-out texts") as stopped:
        tune(model, tmp_path / "out", config)
    assert "The best checkpoint is in '" in str(stopped.value)
    assert whole_checkpoint(tmp_path / "out") is not None


def test_steps_of_rows_of_like_length_see_every_row_once() -> None:
    lengths = [(7 * number) % 31 + 1 for number in range(64)]
    order = draw_order(lengths, batch_size=8, steps=8, seed=0, by_length=True)
    assert sorted(order) == list(range(64))
    spreads = [
        max(lengths[row] for row in batch) - min(lengths[row] for row in batch)
        for batch in (order[start : start + 8] for start in range(0, 64, 8))
    ]
    assert max(spreads) <= 5
    plain = draw_order(lengths, batch_size=8, steps=8, seed=0)
    assert max(lengths[row] for row in plain[:8]) - min(lengths[row] for row in plain[:8]) > 5
    firsts = [lengths[order[start]] for start in range(0, 64, 8)]
    assert firsts != sorted(firsts)
