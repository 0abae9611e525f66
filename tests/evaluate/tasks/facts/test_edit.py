"""Objects swapped within a relation."""

from toolformer.evaluate.tasks.facts.edit import has_changed, swap_objects
from toolformer.evaluate.tasks.facts.files import Triple

CAPITALS = [
    Triple("P36", subject, (capital,))
    for subject, capital in (("Peru", "Lima"), ("Cuba", "Havana"), ("Chad", "N'Djamena"))
]
CONTINENTS = [
    Triple("P30", subject, (continent,))
    for subject, continent in (("Peru", "South America"), ("Chad", "Africa"), ("Mali", "Africa"))
]


def test_every_object_is_swapped_and_none_is_lost() -> None:
    swapped = swap_objects(CAPITALS, seed=0)
    assert all(has_changed(*pair) for pair in zip(CAPITALS, swapped, strict=True))
    assert sorted(each.objects for each in swapped) == sorted(each.objects for each in CAPITALS)
    assert [each.subject for each in swapped] == ["Peru", "Cuba", "Chad"]


def test_objects_stay_within_their_relation() -> None:
    swapped = swap_objects([*CAPITALS, *CONTINENTS], seed=0)
    assert {name for each in swapped[3:] for name in each.objects} == {"South America", "Africa"}


def test_as_many_facts_change_as_can() -> None:
    # Two of three are in Africa: one of them gets South America, Peru gets Africa, one cannot.
    swapped = swap_objects(CONTINENTS, seed=0)
    changed = [has_changed(*pair) for pair in zip(CONTINENTS, swapped, strict=True)]
    assert sum(changed) == 2


def test_another_seed_swaps_otherwise() -> None:
    many = [Triple("P1", str(number), (str(number),)) for number in range(20)]
    assert swap_objects(many, seed=0) == swap_objects(many, seed=0)
    assert swap_objects(many, seed=0) != swap_objects(many, seed=1)


def test_facts_that_share_an_answer_have_not_changed() -> None:
    assert not has_changed(
        Triple("P47", "Peru", ("Chile",)), Triple("P47", "Peru", ("chile", "Laos"))
    )
