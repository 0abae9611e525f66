"""The loss is the paper's weighted sum over five tokens."""

import numpy as np
import pytest

from toolformer.annotate.methods.losses import WEIGHTS, ask_losses, weighted_losses
from toolformer.lm.base import LossRequest
from toolformer.lm.scripted.model import ScriptedLanguageModel


def loss(*log_probs: float) -> float:
    [found] = weighted_losses([np.array(log_probs, dtype=np.float32)])
    return found


def test_the_weights_are_the_papers() -> None:
    assert WEIGHTS.tolist() == pytest.approx([1 / 3, 0.8 / 3, 0.2, 0.4 / 3, 0.2 / 3])
    assert WEIGHTS.sum() == pytest.approx(1)


def test_a_loss_of_five_tokens_is_their_weighted_sum() -> None:
    # (1·3 + .8·1.5 + .6·0.5 + .4·3 + .2·6) / 3 = (3 + 1.2 + .3 + 1.2 + 1.2) / 3
    assert loss(-3, -1.5, -0.5, -3, -6) == pytest.approx(2.3)


def test_fewer_tokens_contribute_what_they_have_without_new_weights() -> None:
    assert loss(-3) == 1.0
    assert loss(-3, -1.5) == pytest.approx(1.4)


def test_a_loss_is_rounded_to_float32() -> None:
    assert loss(-0.3) == float(np.float32(0.1))


def test_an_impossible_token_makes_the_loss_infinite() -> None:
    assert loss(-np.inf, -1) == np.inf


def test_a_certain_text_costs_nothing() -> None:
    assert str(loss(0.0, 0.0)) == "0.0"


def test_rows_do_not_touch_each_other() -> None:
    rows = [np.array([-3.0], dtype=np.float32), np.array([-3.0, -3.0], dtype=np.float32)]
    assert weighted_losses(rows) == pytest.approx([1.0, 1.8])


def test_nothing_is_asked_of_the_model_when_nothing_is_wanted() -> None:
    model = ScriptedLanguageModel()
    assert ask_losses(model, []) == []
    assert ask_losses(model, [LossRequest("a b c d e f g", 1)]) == pytest.approx([2.0])
