"""Finding names in any case, and near ones."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence

import pytest

from toolformer.tools.databases import names as module
from toolformer.tools.databases.names import Names


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


@pytest.mark.parametrize("number", [500, 5000])
def test_however_many_names_there_are_thirty_are_compared_letter_by_letter(
    number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[int] = []
    compare = module.get_close_matches

    def counted(word: str, names: Sequence[str], **settings: float) -> list[str]:
        compared.append(len(names))
        return compare(word, names, **settings)  # type: ignore[call-overload, no-any-return]

    monkeypatch.setattr(module, "get_close_matches", counted)
    names = Names(f"Place number {each} of the list" for each in range(number))
    assert "Place number 432 of the list" in names.near("Place numbr 432 of the list")
    assert compared == [30]


TIES = """
from toolformer.errors import closest
from toolformer.tools.databases.names import Names
names = Names(f"{a}{b} Hill" for a in "BCDFGHJKLMNPQRSTVWXZ" for b in ("all", "ill", "ull", "ell"))
for name in ("Yall Hill", "Hill", "ell", "Bal Hil", "xall hyll"):
    print(names.near(name), closest(name, list(names), what="hill"))
"""


def test_names_equally_near_come_in_the_same_order_in_every_run() -> None:
    said = {
        subprocess.run(
            [sys.executable, "-c", TIES],
            env=os.environ | {"PYTHONHASHSEED": str(seed)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in range(4)
    }
    assert len(said) == 1


@pytest.mark.parametrize(
    "name", ["a" * 10_000, "Place number " * 700, "Place number 7 " + "of the list " * 7, "x" * 100]
)
def test_looking_for_near_names_takes_a_bounded_time(name: str) -> None:
    names = Names(f"Place number {each} {'of the list ' * 6}" for each in range(50_000))
    names.near("Place")  # what is made once
    start = time.process_time()
    names.near(name)
    assert time.process_time() - start < 1


def test_a_text_names_what_stands_in_it_as_whole_words() -> None:
    names = Names(
        ["It", "iron", "New York", "York", "Washington, D.C.", "al-Maʾmun", "Queen (band)"]
    )
    assert names.in_text("Iron is mined near New  York.") == ["iron", "New York", "York"]
    assert names.in_text("Al-Maʾmun and Queen (band) in Washington, D.C.") == [
        "al-Maʾmun",
        "Queen (band)",
        "Washington, D.C.",
    ]
    assert names.in_text("So it is in Yorkshire, in NEW YORK.") == []


def test_a_long_text_is_looked_through_from_its_end() -> None:
    names = Names(["Peru", "Chad"])
    began = time.monotonic()
    assert names.in_text(f"Chad. {'The lake. ' * 100_000} Peru") == ["Peru"]
    assert time.monotonic() - began < 1
