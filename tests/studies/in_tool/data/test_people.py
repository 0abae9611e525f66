"""People: how many names there are, how much is known of them, and what a seed decides."""

from collections import Counter
from hashlib import sha256

import pytest

from toolformer.errors import ConfigError
from toolformer.studies.in_tool.data.people import (
    MOST_PEOPLE,
    Attribute,
    bits_per_person,
    make_people,
)
from toolformer.studies.in_tool.data.pools import (
    cities,
    first_names,
    last_names,
    occupations,
    unseen_first_names,
)


def test_the_pools_have_the_sizes_of_the_study() -> None:
    assert (len(set(first_names())), len(set(last_names()))) == (437, 388)
    assert [len(set(each.pool)) for each in Attribute] == [28 * 12 * 51, 7, 213, 100]
    assert (len(set(cities())), len(set(occupations()))) == (213, 100)
    assert MOST_PEOPLE == 169_556


@pytest.mark.slow
def test_every_pair_of_names_is_one_person() -> None:
    assert len({person.name for person in make_people(MOST_PEOPLE)}) == 169_556


def test_four_facts_are_31_bits_and_a_quarter() -> None:
    assert bits_per_person() == pytest.approx(31.25, abs=0.005)


def test_facts_that_the_family_decides_half_the_time_hold_fewer_bits() -> None:
    # Of two values, the family's is drawn in three of four cases: H(1/4) = 0.811 bits.
    from toolformer.studies.in_tool.data.people import _bits

    assert _bits(2, 0.5) == pytest.approx(0.8113, abs=1e-4)
    assert bits_per_person(0.25) < bits_per_person(0.75) < bits_per_person(1.0)


def test_unseen_people_have_first_names_that_nobody_else_has() -> None:
    assert set(unseen_first_names()).isdisjoint(first_names())
    seen = {person.first_name for person in make_people(5000)}
    assert seen.isdisjoint(person.first_name for person in make_people(5000, unseen=True))


def test_more_people_are_the_same_people_and_further_ones() -> None:
    assert list(make_people(50))[:20] == list(make_people(20))


def test_names_come_in_shuffled_order() -> None:
    firsts = [person.first_name for person in make_people(437)]
    assert len(set(firsts)) < 437  # 388 of each would follow one another unshuffled
    assert firsts[:5] != list(first_names()[:5])


def test_a_seed_decides_every_byte() -> None:
    def digest(seed: int, **options: bool) -> str:
        return sha256(repr(list(make_people(300, seed=seed, **options))).encode()).hexdigest()

    assert digest(0) == "06cd73236e6cb34e7329f078505f1d745533cd6c294ea9fcf7a95f9df983b844"
    assert digest(1) != digest(0) == digest(0) != digest(0, unseen=True)


@pytest.mark.parametrize(("alpha", "most"), [(0.0, 1), (1.0, None)])
def test_alpha_0_leaves_the_facts_to_the_family(alpha: float, most: int | None) -> None:
    dates: dict[str, Counter[str]] = {}
    for person in make_people(3000, alpha=alpha):
        dates.setdefault(person.last_name, Counter())[person.birth_date] += 1
    most_dates = max(map(len, dates.values()))
    assert most_dates == 1 if most == 1 else most_dates > 5


def test_alpha_is_the_share_of_facts_that_are_the_persons_own() -> None:
    people, families = list(make_people(4000, alpha=0.25)), list(make_people(4000, alpha=0.0))
    same = sum(a.birth_date == b.birth_date for a, b in zip(people, families, strict=True))
    assert 0.72 < same / 4000 < 0.78


@pytest.mark.parametrize("number", [0, MOST_PEOPLE + 1])
def test_people_without_names_are_refused(number: int) -> None:
    with pytest.raises(ConfigError, match="169,556"):
        list(make_people(number))


def test_an_alpha_that_is_no_probability_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"not 1\.5"):
        list(make_people(1, alpha=1.5))
