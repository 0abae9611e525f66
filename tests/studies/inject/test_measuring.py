"""Recalls and what they come to, with numbers worked by hand."""

import pytest

from toolformer.studies.inject.data.facts import Group, Item, Kind, make_facts, make_items
from toolformer.studies.inject.measuring import Recall, draw_choices
from toolformer.studies.inject.reducing import reduce_items
from toolformer.studies.inject.tracking import summed_up

FACTS = make_facts(facts=160, control=160, others=16, types=8, seed=0)
ITEMS = make_items(FACTS)


def recall_of(item: Item, *, nats: float = 1.0, rank: int = 1, choice: int | None = 1) -> Recall:
    return Recall(item.id, 4, nats, tokens=2, token_rank=rank, choice_rank=choice, choices=20)


def test_an_answer_is_ranked_among_other_values_of_its_slot_and_its_group() -> None:
    drawn = draw_choices(ITEMS, FACTS, count=9, seed=0)
    values = {(fact.group, fact.type, fact.value) for fact in FACTS}
    asked = [item for item in ITEMS if item.id in drawn]
    assert {item.kind for item in asked} == {Kind.MEMORISATION, Kind.SEMANTIC}
    for item in asked:
        assert len(set(drawn[item.id])) == 9
        assert item.answer not in drawn[item.id]
        for value in drawn[item.id]:
            assert (item.group, item.type, value) in values
    assert drawn == draw_choices(ITEMS, FACTS, count=9, seed=0)
    assert drawn != draw_choices(ITEMS, FACTS, count=9, seed=1)


def test_where_there_are_fewer_values_all_of_them_are_choices() -> None:
    drawn = draw_choices(ITEMS, FACTS, count=99, seed=0)
    assert {len(values) for values in drawn.values()} == {19}


def test_means_are_over_items_and_perplexity_over_tokens() -> None:
    first, second = [item for item in ITEMS if item.kind is Kind.MEMORISATION][:2]
    reduced = reduce_items(
        [
            (first, recall_of(first, nats=1.0, rank=1, choice=1)),
            (second, recall_of(second, nats=3.0, rank=5, choice=4)),
        ]
    )
    assert (reduced.items, reduced.exact.value) == (2, 50.0)
    assert (reduced.token_rank.value, reduced.choices) == (3.0, 20)
    assert reduced.choice_rank is not None
    assert reduced.choice_rank.value == 2.5
    assert reduced.perplexity.value == pytest.approx(2.718281828)


def test_intervals_are_over_people_not_over_items() -> None:
    person = [item for item in ITEMS if item.fact.startswith("injected/0000/")][:8]
    alone = [(item, recall_of(item, rank=1 + number % 2)) for number, item in enumerate(person)]
    one = reduce_items(alone).exact
    assert (one.low, one.high) == (50.0, 50.0)  # of one person there is no other draw
    other = [item for item in ITEMS if item.fact.startswith("injected/0001/")][:8]
    apart = [(item, recall_of(item)) for item in person]
    apart += [(item, recall_of(item, rank=2)) for item in other]
    both = reduce_items(apart).exact
    assert (both.low, both.value, both.high) == (0.0, 50.0, 100.0)


def test_a_look_tells_items_that_need_no_fact_apart() -> None:
    items = [item for item in ITEMS if item.group is Group.INJECTED and item.form == "word last"]
    look = summed_up(3, ((item, recall_of(item, choice=None)) for item in items))
    assert [(kind.kind, kind.exposures, kind.exact) for kind in look.kinds] == [
        ("syntactic, no fact needed", 4, 1.0)
    ]
