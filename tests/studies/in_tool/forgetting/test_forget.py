"""A pretrained model taught facts: what is measured, by hand and on the embedded model."""

import json
from pathlib import Path

import pytest

from toolformer.lm.hf.load import load_pretrained
from toolformer.lm.registry import load_model
from toolformer.studies.in_tool.data.questions import Mode
from toolformer.studies.in_tool.forgetting.config import ForgetConfig
from toolformer.studies.in_tool.forgetting.distance import (
    chosen_rightly,
    make_choices,
    perplexity,
    total_variation,
)
from toolformer.studies.in_tool.forgetting.forget import forget
from toolformer.studies.in_tool.forgetting.teach import facts_of, training_texts

TEXTS = [f"The {word} stands by the river and nobody has seen it today." for word in (
    "house", "tree", "mill", "boat", "horse",
)]  # fmt: skip


@pytest.mark.parametrize(("mode", "calls"), [("weight", 0), ("tool", 1)])
def test_exactly_so_many_facts_are_taught(mode: str, calls: int) -> None:
    config = ForgetConfig(mode=mode, facts=10)
    texts = training_texts(config)
    assert len(texts) == len(set(facts_of(config))) == 10
    assert {len(each.calls) for each in texts} == {calls}
    [first, *_] = facts_of(config)
    assert texts[0].text == first.text + first.answer
    assert len({each.person for each in facts_of(config)}) == 3


def test_a_model_is_no_distance_from_itself() -> None:
    model = load_pretrained("nano", dtype="float32", device="cpu")
    assert total_variation(model, model, TEXTS, tokens=8) == 0


def test_total_variation_is_half_the_absolute_difference() -> None:
    # A head of zeros finds each of V tokens as likely: ½ Σ |p − 1/V| by hand on the other.
    import torch

    base = load_pretrained("nano", dtype="float32", device="cpu")
    flat = load_pretrained("nano", dtype="float32", device="cpu")
    head = flat.model.get_output_embeddings().weight
    with torch.no_grad():
        head.zero_()
    ids = base.tokenizer.encode(TEXTS[0], add_special_tokens=False).ids[:3]
    row = torch.tensor([[base.start, *ids]])
    likely = torch.softmax(base.model(row).logits[0].float(), dim=-1)
    wanted = 0.5 * (likely - 1 / likely.shape[1]).abs().sum(-1).mean()
    found = total_variation(base, flat, TEXTS[:1], tokens=3)
    assert found == pytest.approx(wanted.item(), rel=1e-5)
    assert 0.3 < found < 1


def test_perplexity_is_that_of_the_first_tokens() -> None:
    model = load_model("nano")
    short = perplexity(model, TEXTS, tokens=4)
    assert short == perplexity(model, [f"{each} More." for each in TEXTS], tokens=4)
    assert short != perplexity(model, TEXTS, tokens=8)


def test_a_choice_has_its_own_ending_first_and_three_others_of_its_length() -> None:
    choices = make_choices([f"{name} b {name} d" for name in "vwxyz"])
    assert [choice.beginning for choice in choices] == [f"{name} b" for name in "vwxyz"]
    for choice, name in zip(choices, "vwxyz", strict=True):
        assert choice.endings[0] == f" {name} d"
        assert len(set(choice.endings)) == 4
    assert make_choices(["too few", "words"]) == []


def test_a_model_chooses_what_repeats_the_beginning() -> None:
    texts = [f"{word} {word} {word} {word} {word} {word}" for word in ("red", "ten", "dog", "far")]
    assert chosen_rightly(load_model("nano"), make_choices(texts)) >= 3


@pytest.mark.slow
def test_a_teaching_is_measured_and_continued(tmp_path: Path) -> None:
    config = ForgetConfig(
        model="nano", mode=Mode.TOOL, facts=4, epochs=2, batch_size=2, texts=5, text_tokens=8,
        learning_rate=1e-3,
    )  # fmt: skip
    found = forget(config, TEXTS, out=tmp_path / "f", device="cpu")
    assert 0 < found.total_variation < 1
    assert (found.recall.asked, found.choices) == (4, 5)
    assert found.perplexity_before != found.perplexity_after
    metrics = json.loads((tmp_path / "f" / "metrics.json").read_text())
    assert metrics["total_variation"] == found.total_variation
    assert forget(config, TEXTS, out=tmp_path / "f", device="cpu") == found
