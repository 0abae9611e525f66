"""Tokens are chosen by the inverse of their cumulated probabilities."""

import torch

from toolformer.lm.hf.sampling import choose

PROBABILITIES = torch.tensor([[0.1, 0.2, 0.0, 0.7]])


def test_a_number_falls_on_the_token_whose_share_holds_it() -> None:
    numbers = [0.0, 0.09, 0.11, 0.29, 0.31, 0.999]
    assert choose(PROBABILITIES.log(), [1.0], [numbers]) == [[0, 0, 1, 1, 3, 3]]


def test_a_token_without_probability_is_never_drawn() -> None:
    numbers = [index / 1000 for index in range(1000)]
    assert set(choose(PROBABILITIES.log(), [1.0], [numbers])[0]) == {0, 1, 3}


def test_temperature_squares_the_odds_at_one_half() -> None:
    # 0.01 : 0.04 : 0.49 of 0.54: the shares end at .0185, .0926, 1.
    assert choose(PROBABILITIES.log(), [0.5], [[0.018, 0.019, 0.092, 0.093]]) == [[0, 1, 1, 3]]


def test_temperature_zero_takes_the_likeliest_whatever_the_number() -> None:
    assert choose(PROBABILITIES.log(), [0.0], [[0.0, 0.5]]) == [[3, 3]]


def test_a_draw_without_a_number_takes_the_likeliest_and_changes_no_other() -> None:
    logits = PROBABILITIES.log().expand(2, -1)
    numbers = [[None, 0.05, 0.2], [0.05, 0.2, 0.05]]
    assert choose(logits, [1.0, 1.0], numbers) == [[3, 0, 1], [0, 1, 0]]


def test_a_row_of_which_all_draws_are_the_likeliest_draws_nothing() -> None:
    logits = PROBABILITIES.log().expand(2, -1)
    assert choose(logits, [1.0, 0.5], [[None], [None, 0.018]]) == [[3], [3, 0]]


def test_rows_keep_their_own_temperature_and_their_own_count_of_draws() -> None:
    logits = PROBABILITIES.log().expand(3, -1)
    assert choose(logits, [1.0, 0.0, 1.0], [[0.05], [0.05], [0.2, 0.05]]) == [[0], [3], [1, 0]]
