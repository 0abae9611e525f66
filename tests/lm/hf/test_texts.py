"""Whole texts are scored as plain forwards score them, however long they are."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.lm.scripts import LONG
from tests.models import save_model, startless_tokenizer
from toolformer.calls import InlineGrammar
from toolformer.errors import ModelError
from toolformer.lm.hf.model import HFLanguageModel, load

torch.set_num_threads(1)

TEXTS = ["The sum of 12 and 30 is 42.", "", "So [5] is 5.", "Paris"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> HFLanguageModel:
    return load(save_model(tmp_path_factory.mktemp("model"), "gpt2"), device="cpu")


def logits_of(model: HFLanguageModel, ids: list[int]) -> np.ndarray:
    """(tokens, vocabulary) after each token of one row."""
    with torch.inference_mode():
        found: np.ndarray = (
            model.engine.forward.backend.model(torch.tensor([ids])).logits[0].numpy()
        )
    return found


def log_probs(logits: np.ndarray, targets: list[int]) -> np.ndarray:
    totals = np.logaddexp.reduce(logits, axis=1)
    found: np.ndarray = logits[np.arange(len(targets)), targets] - totals
    return found


def test_each_token_is_scored_given_those_before_it(model: HFLanguageModel) -> None:
    encoding = model.engine.encoding
    for text, found in zip(TEXTS, model.text_log_probs(TEXTS), strict=True):
        ids = [*encoding.start, *encoding.text(text).ids]
        expected = log_probs(logits_of(model, ids)[:-1], ids[1:])
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, expected, atol=1e-4)


def test_without_a_start_token_the_first_token_is_left_out(tmp_path: Path) -> None:
    model = load(save_model(tmp_path, "llama", startless_tokenizer()), device="cpu")
    [found] = model.text_log_probs(TEXTS[:1])
    ids = list(model.engine.encoding.text(TEXTS[0]).ids)
    np.testing.assert_allclose(found, log_probs(logits_of(model, ids)[:-1], ids[1:]), atol=1e-4)


def test_without_the_marker_the_rest_is_renormalised_but_where_it_stands(
    model: HFLanguageModel,
) -> None:
    encoding = model.engine.encoding
    ids = [*encoding.start, *encoding.text("So [5] is 5.").ids]
    [found] = model.text_log_probs(["So [5] is 5."], without_marker=True)
    logits = logits_of(model, ids)[:-1]
    plain = log_probs(logits, ids[1:])
    logits[:, list(encoding.marker_ids)] = -np.inf
    is_marker = np.isin(ids[1:], encoding.marker_ids)
    assert is_marker.sum() == 1
    expected = np.where(is_marker, plain, log_probs(logits, ids[1:]))
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_a_text_longer_than_the_context_is_read_in_windows_that_overlap_by_half(
    model: HFLanguageModel,
) -> None:
    encoding, longest = model.engine.encoding, model.max_length
    text = "".join(f" {number}" for number in range(300))
    ids = [*encoding.start, *encoding.text(text).ids]
    assert len(ids) > 2 * longest
    [found] = model.text_log_probs([text])
    assert len(found) == len(ids) - 1
    half = longest // 2
    second = ids[half : half + longest]
    expected = log_probs(logits_of(model, second)[half - 1 : -1], second[half:])
    np.testing.assert_allclose(found[longest - 1 : longest - 1 + half], expected, atol=1e-4)


def test_a_marker_that_no_token_holds_cannot_be_removed(tmp_path: Path) -> None:
    grammar = InlineGrammar(open=" <[", arrow=" =>", close="]>")
    model = load(save_model(tmp_path, "gpt2"), device="cpu", grammar=grammar)
    with pytest.raises(ModelError, match="no token for the marker ' <\\['"):
        model.text_log_probs(["So"], without_marker=True)


@pytest.mark.parametrize("script", LONG)
def test_every_token_of_a_long_text_in_any_script_is_scored(
    model: HFLanguageModel, script: str
) -> None:
    [found] = model.text_log_probs([LONG[script][:900]])
    assert len(found) == model.count_tokens([LONG[script][:900]])[0]
    assert np.isfinite(found).all()
