"""Sentences about two numbers: each is answered by what they come to."""

import re
from collections import Counter
from random import Random

import pytest

from toolformer.evaluate.tasks.arithmetic import (
    NEW_SENTENCES,
    NEW_WORDS,
    arithmetic_sentences,
    draw_sum,
)

WORDINGS = [*NEW_SENTENCES.values(), *NEW_WORDS.values()]
ALL = list(arithmetic_sentences(4 * sum(map(len, WORDINGS)), seed=0))


@pytest.mark.parametrize("kind", NEW_SENTENCES)
def test_a_sentence_ends_in_what_its_numbers_come_to(kind: str) -> None:
    for each in (one for one in ALL if one.group == kind):
        a, b = sorted(int(found) for found in re.findall(r"\d+", each.prompt.replace("/100", "")))
        come_to = {
            "plus": [a + b],
            "minus": [b - a],
            "times": [a * b],
            "divided": [b / a],
            "percent": [a * b / 100],
        }
        assert [float(answer) for answer in each.answers] == come_to[kind], each


def test_the_kinds_come_in_turn_first_in_new_sentences_then_in_new_words() -> None:
    assert [each.group for each in ALL[:7]] == [*NEW_SENTENCES, "plus", "minus"]
    assert Counter(each.tags for each in ALL) == {("new sentence",): 60, ("new words",): 60}
    assert ALL[14].tags != ALL[15].tags


def test_more_sentences_begin_with_the_fewer_and_another_seed_says_others() -> None:
    fewer = list(arithmetic_sentences(5, seed=0))
    assert ALL[:5] == fewer
    assert [each.prompt for each in arithmetic_sentences(5, seed=1)] != [
        each.prompt for each in fewer
    ]


def test_numbers_are_never_equal_where_they_are_taken_from_one_another() -> None:
    rng = Random(0)
    assert all(int(draw_sum("minus", rng).result) > 0 for _ in range(5000))


def test_shares_of_a_hundred_are_whole_numbers() -> None:
    rng = Random(0)
    for _ in range(500):
        drawn = draw_sum("percent", rng)
        assert int(drawn.a) * int(drawn.b) == 100 * int(drawn.result)
