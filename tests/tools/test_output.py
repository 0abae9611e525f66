"""Whatever a tool returns becomes one short line."""

import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from toolformer.errors import ToolError
from toolformer.tools.output import MAX_OUTPUT, fold


class Colour(Enum):
    RED = "red"


class Level(IntEnum):
    HIGH = 3


@dataclass
class Point:
    x: int
    colour: Colour


class Model(BaseModel):
    name: str


class Pair(NamedTuple):
    first: int
    second: str


class Thing:
    """An object without words."""


class Shown:
    """An object whose only words are code."""

    def __repr__(self) -> str:
        return "Shown(1)"


class Nothing(Enum):
    AT_ALL = None


async def later() -> str:
    return "later"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "plain"),
        ("  a\r\n\tb \u2028 c\x00d\x1b[0m ", "a b c d [0m"),
        (None, ""),
        (24.0, "24"),
        (0.29, "0.29"),
        (1e300, "1e+300"),
        (-0.0, "0"),
        (10**20, "1" + "0" * 20),
        (True, "True"),
        ([1, "é"], '[1, "é"]'),
        ({"a": [1]}, '{"a": [1]}'),
        (b"caf\xc3\xa9", "café"),
        ("\ud800", "?"),
        ([1.0, -0.5, None, True, float("nan")], "[1.0, -0.5, null, true, null]"),
        ({3: date(2023, 3, 3), (1, 2): {"b", "a"}}, '{"3": "2023-03-03", "[1, 2]": ["a", "b"]}'),
        ({"b", "a", "c"}, '["a", "b", "c"]'),
        ({"a": 1}.keys(), '["a"]'),
        (Point(1, Colour.RED), '{"x": 1, "colour": "red"}'),
        (Model(name="a"), '{"name": "a"}'),
        (Pair(1, "b"), '[1, "b"]'),
        (Colour.RED, "red"),
        (Level.HIGH, "3"),
        (Decimal("1.50"), "1.50"),
        (date(2023, 3, 3), "2023-03-03"),
        (Path("a/b"), "a/b"),
        (2 + 3j, "(2+3j)"),
        (range(3), "[0, 1, 2]"),
        (deque(["a"]), '["a"]'),
        (Nothing.AT_ALL, ""),
        (np.datetime64("NaT"), ""),
        (np.datetime64("2023-03-03"), "2023-03-03"),
        (Fraction(1, 3), "1/3"),
        (timedelta(hours=1), "1:00:00"),
        (np.float32(0.5), "0.5"),
        (np.int64(7), "7"),
        (np.array([1, 2]), "[1, 2]"),
    ],
)
def test_a_value_is_written(value: object, text: str) -> None:
    assert fold(value) == text


def test_a_long_output_is_cut() -> None:
    assert fold("x" * 501) == "x" * 500
    assert fold("a " * 400) == ("a " * 250).rstrip()


def test_of_ten_megabytes_the_first_hundred_thousand_characters_are_read() -> None:
    assert len(fold("word\n" * 2_000_000)) == 499
    assert fold("a" + " " * 99_998 + "b" + "c" * 10_000_000) == "a b"
    assert fold("a" + " " * 99_999 + "b" + "c" * 10_000_000) == "a"


@given(st.text())
def test_the_line_is_short_printable_as_utf8_and_folding_it_again_changes_nothing(
    text: str,
) -> None:
    line = fold(text)
    assert len(line) <= MAX_OUTPUT
    assert line.splitlines() in ([], [line])
    assert fold(line) == line
    line.encode("utf-8")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: (each for each in "ab"), "of the type generator"),
        (lambda: map(str, "ab"), "of the type map"),
        (lambda: iter([1]), "of the type list_iterator"),
        (Thing, "of the type Thing"),
        (lambda: [Thing()], "of the type Thing"),
        (lambda: {"a": len}, "of the type builtin_function_or_method"),
        (lambda: Thing, "of the type type"),
        (lambda: later, "of the type function"),
        (lambda: ..., "of the type ellipsis"),
        (lambda: NotImplemented, "of the type NotImplementedType"),
        (lambda: re, "of the type module"),
        (lambda: float("nan"), "nan, which is not a number"),
        (lambda: float("-inf"), "-inf, which is not a number"),
        (lambda: np.float64("nan"), "nan, which is not a number"),
        (lambda: Decimal("NaN"), "NaN, which is not a number"),
        (lambda: Decimal("-Infinity"), "-Infinity, which is not a number"),
        (lambda: [Decimal("sNaN")], "sNaN, which is not a number"),
        (lambda: complex(1, float("inf")), "which is not a number"),
        (Shown, "of the type Shown"),
        (lambda: SimpleNamespace(a=1), "of the type SimpleNamespace"),
        (lambda: re.compile("a"), "of the type Pattern"),
        (lambda: slice(1, 2), "of the type slice"),
        (lambda: 10**5000, "more than 4,300 digits"),
        (lambda: [10**5000], "more than 4,300 digits"),
        (lambda: b"\x89PNG", "4 bytes that are not UTF-8"),
    ],
)
def test_what_has_no_text_of_its_own_is_no_output(make: Callable[[], Any], reason: str) -> None:
    with pytest.raises(ToolError, match=reason):
        fold(make())
