"""Finding names in any case, and near ones."""

import time

from toolformer.tools.builtin.names import Names


def test_a_name_is_found_whatever_its_case_and_spacing() -> None:
    names = Names(["New York", "NEW YORK", "Straße"])
    assert names.spellings(" new_york ") == ["New York", "NEW YORK"]
    assert names.spellings("STRASSE") == ["Straße"]
    assert names.spellings("York") == []


def test_near_names_come_nearest_first_and_far_ones_not_at_all() -> None:
    names = Names(["Germany", "German", "Armenia", "Norway"])
    assert names.near("Germny") == ["Germany", "German"]
    assert names.near("xylophone") == []
    assert names.near("") == []


def test_iteration_gives_every_spelling() -> None:
    assert sorted(Names(["b", "B", "a"])) == ["B", "a", "b"]


def test_near_names_among_many_are_found_in_milliseconds() -> None:
    names = Names(f"Place number {number} of the list" for number in range(5000))
    names.near("warm up")  # the index is made at the first miss
    start = time.perf_counter()
    assert "Place number 4321 of the list" in names.near("Place numbr 4321 of the list")
    assert time.perf_counter() - start < 0.5
