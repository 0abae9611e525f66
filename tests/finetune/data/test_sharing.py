"""Rows with the same prompt as one row: what is learned of it is what was learned of them."""

import json
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, PreTrainedModel

from tests.models import CONFIGS, CONFIGS_WITHOUT_CACHE, CONFIGS_WITHOUT_TREES, save_model
from toolformer.finetune.config import FinetuneConfig
from toolformer.finetune.data.batches import can_narrow, collate
from toolformer.finetune.data.rows import TrainingRow
from toolformer.finetune.data.sharing import Shared, share
from toolformer.finetune.data.texts import TrainingText
from toolformer.finetune.report import FinetuneReport
from toolformer.finetune.train import finetune_texts
from toolformer.lm.hf.branching.ways import can_fork


def row(prompt: str, ending: str) -> TrainingRow:
    ids = tuple(map(ord, prompt + ending))
    return TrainingRow(ids, (False,) * len(prompt) + (True,) * len(ending))


def text(row: TrainingRow) -> str:
    return "".join(map(chr, row.ids))


ROWS = [row("ask:", "one"), row("other:", "x"), row("ask:", "two!"), row("ask:", "on")]
# What was said is read behind it, and two things may be said next.
TURNS = [row("hi?", " yes."), row("hi? yes. so?", " no"), row("hi? yes. so?", "a well.")]


def test_a_prompt_is_read_once_and_each_ending_sees_it_and_itself() -> None:
    shared, other = share(ROWS, "prompts", max_length=99)
    assert other == ROWS[1]
    assert text(shared) == "ask:on:one:two!"
    said = [chr(i) if counts else "." for i, counts in zip(shared.ids, shared.learned, strict=True)]
    assert "".join(said) == "....on.one.two!"
    assert shared.fork is not None
    assert shared.fork.before == (-1, 0, 1, 2, 3, 4, 2, 6, 7, 8, 2, 10, 11, 12, 13)
    assert shared.fork.depths == [0, 1, 2, 3, 4, 5, 3, 4, 5, 6, 3, 4, 5, 6, 7]


def test_a_conversation_is_read_once_with_all_that_was_learned_on_the_way() -> None:
    [shared] = share(TURNS, "prefixes", max_length=99)
    assert text(shared) == "hi? yes. so? no?a well."
    assert shared.fork is not None
    assert [shared.fork.depths[place] for place in (0, 8, 14, 15, 17)] == [0, 8, 14, 11, 13]
    assert shared.count == sum(each.count for each in TURNS)
    assert len(share(TURNS, "prompts", max_length=99)) == 2
    [chain] = share(TURNS[:2], "prefixes", max_length=99)
    assert (text(chain), chain.fork) == ("hi? yes. so? no", None)
    assert chain.count == sum(each.count for each in TURNS[:2])


def test_what_does_not_fit_begins_the_next_row() -> None:
    shared = share(ROWS, "prompts", max_length=12)
    assert [text(each) for each in shared] == ["ask:on:one", "ask:two!", "other:x"]
    assert sum(each.count for each in shared) == sum(each.count for each in ROWS)
    assert {each.ids for each in share(ROWS, "prompts", max_length=8)} == {
        each.ids for each in ROWS
    }


def test_what_has_no_prompt_or_little_of_it_in_common_stays_alone() -> None:
    whole = [row("a", "bc"), row("a", "de")]
    assert share(whole, "prefixes", max_length=99) == tuple(whole)
    apart = [row("ask about", "x"), row("ask why not", "y")]
    assert share(apart, "prefixes", max_length=99) == tuple(apart)


PROMPT = "Query: the sum of 1 and 2?\nAction:"
TEXTS = [
    TrainingText(str(number), prompt + ending, prompt=len(prompt))
    for number, (prompt, ending) in enumerate(
        [(PROMPT, "add"), ("Query: who?\nAction:", "ask"), (PROMPT, "sum up"), (PROMPT, "added")]
    )
]


def trained(base: str, out: Path, **settings: object) -> FinetuneReport:
    config = FinetuneConfig(steps=4, learning_rate=1e-3, warmup=0.0, dtype="float32")
    return finetune_texts(TEXTS, model=base, out=out, config=config.override(**settings))


def gradients(
    model: PreTrainedModel, rows: list[TrainingRow], *, narrow: bool
) -> dict[str, torch.Tensor]:
    model.zero_grad()
    model(**collate(rows, can_narrow=narrow)).loss.backward()
    return {
        name: each.grad.clone() for name, each in model.named_parameters() if each.grad is not None
    }


@pytest.mark.parametrize(("rows", "what"), [(ROWS, "prompts"), (TURNS, "prefixes")])
@pytest.mark.parametrize(("attention", "narrow"), [("eager", True), ("sdpa", False)])
@pytest.mark.parametrize("architecture", CONFIGS)
def test_gradients_are_those_of_rows_of_their_own(
    architecture: str,
    narrow: bool,
    attention: str,
    rows: list[TrainingRow],
    what: Shared,
    tmp_path: Path,
) -> None:
    save_model(tmp_path, architecture)
    model = AutoModelForCausalLM.from_pretrained(tmp_path, attn_implementation=attention)
    assert can_fork(model)
    narrow = narrow and can_narrow(model)
    shared = gradients(model, list(share(rows, what, max_length=99)), narrow=narrow)
    for name, alone in gradients(model, rows, narrow=narrow).items():
        torch.testing.assert_close(shared[name], alone, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("architecture", [*CONFIGS_WITHOUT_TREES, *CONFIGS_WITHOUT_CACHE])
def test_a_model_that_cannot_do_so_learns_from_rows_of_their_own(
    architecture: str, tmp_path: Path
) -> None:
    base = save_model(tmp_path / "base", architecture)
    trained(str(base), tmp_path / "out", share="prompts")
    kept = json.loads((tmp_path / "out" / "finetune.json").read_text())
    assert (kept["config"]["share"], kept["rows"]["count"]) == ("nothing", len(TEXTS))


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_training_on_shared_prompts_learns_what_one_on_each_text_does(
    dtype: str, tmp_path: Path
) -> None:
    base = str(save_model(tmp_path / "base", "llama"))
    shared = trained(base, tmp_path / "shared", share="prompts", batch_size=2, dtype=dtype)
    alone = trained(base, tmp_path / "alone", batch_size=len(TEXTS), dtype=dtype)
    assert (shared.rows, alone.rows) == (2, len(TEXTS))
    assert shared.tokens < alone.tokens
    assert shared.losses == pytest.approx(alone.losses, rel=1e-4 if dtype == "float32" else 1e-2)
    assert shared.losses[-1] < 0.9 * shared.losses[0]
