"""The measures of rankings, against numbers worked by hand."""

import pytest

from toolformer.studies.tool_tokens.measuring.ranking import (
    Ranked,
    accuracy,
    macro_f1,
    ndcg,
    ndcg_of_predicted,
    score_ranking,
)

GOLD = frozenset("abc")


def test_one_hit_of_three_gold_scores_1_by_what_was_predicted_and_469_truly() -> None:
    ranked = ["a", "x", "y", "z", "w"]
    for cut in (3, 5):
        assert ndcg_of_predicted(ranked, GOLD, cut) == 1.0
        assert ndcg(ranked, GOLD, cut) == pytest.approx(0.469, abs=0.0005)


def test_ndcg_counts_places_by_the_logarithm() -> None:
    # 1 / log2(3) + 1 / log2(4), over 1 + 1 / log2(3)
    assert ndcg(["x", "a", "b"], {"a", "b"}, 3) == pytest.approx(1.130930 / 1.630930, abs=1e-6)


def test_the_ideal_ranking_has_no_more_places_than_the_cut() -> None:
    assert ndcg(["b"], GOLD, 1) == 1.0
    assert ndcg(["a", "c", "b"], GOLD, 3) == 1.0
    assert ndcg(["x"], GOLD, 5) == ndcg_of_predicted(["x"], GOLD, 5) == 0.0


def test_means_are_over_queries_and_made_up_names_over_answers() -> None:
    score = score_ranking(
        [Ranked(("a", "?"), frozenset("a"), made_up=1), Ranked(("x", "a"), frozenset("a"))]
    )
    assert score.queries == 2
    assert score.ndcg[1] == 0.5
    assert score.recall == {1: 0.5, 3: 1.0, 5: 1.0}
    assert score.reciprocal_rank == 0.75
    assert score.made_up == 0.25


def test_a_name_that_comes_twice_counts_once() -> None:
    twice = score_ranking([Ranked(("a", "a"), frozenset("ab"))])
    assert twice.ndcg[3] == pytest.approx(1 / 1.630930, abs=1e-6)
    assert twice.recall[3] == 0.5


def test_a_query_without_gold_is_refused() -> None:
    with pytest.raises(ValueError, match="without a gold API"):
        Ranked(("a",), frozenset())


def test_f1_is_a_mean_over_names() -> None:
    told, wanted = ["a", "a", "c"], ["a", "b", "c"]
    assert accuracy(told, wanted) == pytest.approx(2 / 3)
    # a: 2 · 1 / (2 + 1); b: 0; c: 1
    assert macro_f1(told, wanted) == pytest.approx((2 / 3 + 0 + 1) / 3)
