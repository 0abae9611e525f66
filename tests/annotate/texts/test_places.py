"""Where a call may stand."""

import numpy as np
import pytest

from toolformer.annotate.texts.places import is_place, likeliest_places


def places(text: str) -> list[str]:
    """Returns what lies before each place of a text, trying every offset."""
    return [text[:position] for position in range(len(text) + 1) if is_place(text, position)]


def test_neither_the_start_nor_the_end_of_a_text_is_a_place() -> None:
    assert places("ab") == []


@pytest.mark.parametrize("number", ["1400", "1,400", "3.14", "1,234,567.89"])
def test_no_place_lies_inside_a_number(number: str) -> None:
    assert places(f"It is {number} now") == ["It", "It is", f"It is {number}"]


@pytest.mark.parametrize("word", ["don't", "l’été", "snake_case", "été", "B12", "e\u0301t"])
def test_no_place_lies_inside_a_word(word: str) -> None:
    assert places(f"A {word} b") == ["A", f"A {word}"]


def test_a_full_stop_or_comma_after_a_number_ends_it() -> None:
    assert places("1, 2. x") == ["1", "1,", "1, 2", "1, 2."]


@pytest.mark.parametrize("space", [" ", "\n", "\t", "\u00a0"])
def test_no_place_lies_just_after_white_space(space: str) -> None:
    assert places(f"a{space}{space}b c") == ["a", f"a{space}{space}b"]


def test_a_currency_sign_may_be_parted_from_its_number() -> None:
    assert "It cost $" in places("It cost $15 x")


TEXT = "aa bb cc dd ee"
ENDS = np.array([2, 5, 8, 11], dtype=np.int64)


def chosen(probabilities: list[float], **options: object) -> list[int]:
    return both(probabilities, **options)[0]


def both(probabilities: list[float], **options: object) -> tuple[list[int], list[int]]:
    settings = {"above": 0.0, "max_positions": 9} | options
    tried, untried = likeliest_places(
        TEXT,
        ENDS,
        scores=np.array(probabilities, dtype=np.float32),
        **settings,  # type: ignore[arg-type]
    )
    return [place.position for place in tried], [place.position for place in untried]


def test_the_probability_must_lie_strictly_above_the_threshold() -> None:
    assert chosen([0.05, 0.06, 0.04, 0.0], above=0.05) == [5]


def test_only_the_likeliest_places_stay_and_they_come_in_text_order() -> None:
    assert chosen([0.2, 0.1, 0.4, 0.3], max_positions=2) == [8, 11]


def test_of_equally_likely_places_the_earlier_stays() -> None:
    assert chosen([0.3, 0.3, 0.3, 0.3], max_positions=2) == [2, 5]


def test_a_likely_end_that_is_no_place_takes_no_places_room() -> None:
    inside_a_word = np.array([1, 2, 5, 8], dtype=np.int64)
    tried, _ = likeliest_places(
        TEXT,
        inside_a_word,
        scores=np.array([0.9, 0.2, 0.3, 0.1], dtype=np.float32),
        above=0.0,
        max_positions=2,
    )
    assert [place.position for place in tried] == [2, 5]


def test_places_outside_the_wanted_range_are_left_to_another_window() -> None:
    assert chosen([0.3, 0.3, 0.3, 0.3], within=(5, 11)) == [5, 8]


def test_the_best_of_what_is_not_tried_is_told_as_many_as_are_tried_at_most() -> None:
    assert both([0.1, 0.2, 0.3, 0.4], max_positions=1) == ([11], [8])
    assert both([0.05, 0.06, 0.04, 0.0], above=0.05) == ([5], [2, 8, 11])
    assert both([0.05, 0.06, 0.04, 0.0], above=0.05, max_positions=2) == ([5], [2, 8])


def test_where_there_is_no_score_there_is_no_place() -> None:
    assert both([-np.inf, 0.3, -np.inf, 0.2], above=0.25) == ([5], [11])


def test_a_place_keeps_its_probability() -> None:
    [place], _ = likeliest_places(
        TEXT,
        ENDS[:1],
        scores=np.array([0.25], dtype=np.float32),
        above=0.0,
        max_positions=1,
    )
    assert place.score == 0.25
