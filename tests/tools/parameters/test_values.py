"""A written value is worth what the type wants of it."""

import math
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, NewType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel
from typing_extensions import TypedDict

from toolformer.tools.parameters.values import value_of
from toolformer.tools.parameters.written import Written


class Version(Enum):
    OLD = "3.10"
    HALF = 0.5


class Code(StrEnum):
    BOND = "007"
    YES = "True"


class Rank(IntEnum):
    FIRST = 1


@dataclass
class Point:
    label: str
    x: float


class Pair(NamedTuple):
    first: int
    second: str


class Model(BaseModel):
    x: float = math.inf
    day: date | None = None


@dataclass
class Release:
    version: str | float
    price: float
    tags: list[str]
    exact: Decimal
    any: Any


class Row(TypedDict):
    x: float


Name = NewType("Name", str)
MARCH_3 = date(2023, 3, 3)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (str | None, "3.10", "3.10"),
        (str | None, "True", "True"),
        (str | None, "None", None),
        (str | None, "null", None),
        (str | None, "'null'", "null"),
        (str | None, "[1, 2]", "[1, 2]"),
        (Literal["3.10", "007", "null"], "3.10", "3.10"),
        (Literal["3.10", "007", "null"], "007", "007"),
        (Literal["3.10", "007", "null"], "null", "null"),
        (Literal[1, 2], "2", 2),
        (Annotated[str, "a name"], "1e5", "1e5"),
        (Name, "1_000", "1_000"),
        (Version, "3.10", Version.OLD),
        (Version, "0.5", Version.HALF),
        (Code, "007", Code.BOND),
        (Code, "True", Code.YES),
        (Rank, "1", Rank.FIRST),
        (str | int, "5", 5),
        (str | int, "'5'", "5"),
        (str | int, "3.10", "3.10"),
        (str | int, "3.0", "3.0"),
        (str | int, "007", "007"),
        (str | int, "1_000", "1_000"),
        (str | bool, "1", "1"),
        (str | date, "2023", "2023"),
        (str | list[str], "a, b", "a, b"),
        (list[str], "[3.10, 007, True, null, 'a']", ["3.10", "007", "True", "null", "a"]),
        (list[str], "3.10", ["3.10"]),
        (list[str], "a, b", ["a", "b"]),
        (list[str] | None, "null", None),
        (list[str | int], "[5, 3.10, 'x']", [5, "3.10", "x"]),
        (tuple[str, ...], "(3.10, 2)", ("3.10", "2")),
        (tuple[int, str], "1, 3.10", (1, "3.10")),
        (set[int], "1, 2", {1, 2}),
        (dict[str, str], "{'a': 3.10, b: 007}", {"a": "3.10", "b": "007"}),
        (dict[float, str], "{3.10: x}", {3.1: "x"}),
        (Point, "{'label': 3.10, 'x': 1e3}", Point("3.10", 1000.0)),
        (list[list[int]], "[[1, 2], [3]]", [[1, 2], [3]]),
        (Path, "3.10", Path("3.10")),
        (Decimal, "1.50", Decimal("1.50")),
        (list[Decimal], "[0.1234567890123456789]", [Decimal("0.1234567890123456789")]),
        (int, "1,400", 1400),
        (int, "1_400", 1400),
        (int, "007", 7),
        (int, "1e3", 1000),
        (int, "0x10", 16),
        (int, "'5'", 5),
        (float, "5", 5.0),
        (float, "1,400.50", 1400.5),
        (bool, "yes", True),
        (bool, "false", False),
        (date, "March 3, 2023", MARCH_3),
        (date, "20230303", MARCH_3),
        (date | None, "3 March 2023", MARCH_3),
        (list[date], "March 3, 2023", [MARCH_3]),
        (list[date], "[2023-03-03]", [MARCH_3]),
        (datetime, "March 3, 2023", datetime(2023, 3, 3)),
        (time, "10:30", time(10, 30)),
        (timedelta, "90", timedelta(seconds=90)),
        (str | float, "3.10", "3.10"),
        (float | str, "1e5", "1e5"),
        (str | float, "1,400", "1,400"),
        (str | float, "0.5", 0.5),
        (list[str | float], "[3.10, 2.5]", ["3.10", 2.5]),
        (Decimal, "1,234.50", Decimal("1234.50")),
        (Decimal, "12,345,678,901,234.1234567890", Decimal("12345678901234.1234567890")),
        (float, "\N{MINUS SIGN}5.5", -5.5),
        (list[float], "1,400, 2", [1400.0, 2.0]),
        (list[str], "1,400, 2", ["1,400", "2"]),
        (list[float], "1,400,2", [1.0, 400.0, 2.0]),
        (list[int], "100,200", [100, 200]),
        (Pair, "1, 3.10", Pair(1, "3.10")),
        (dict[str, float], "a: 1, b: 2.5", {"a": 1.0, "b": 2.5}),
        (Point, "label: 3.10, x: 2", Point("3.10", 2.0)),
        (Point, "{'label': nan, 'x': 2}", Point("nan", 2.0)),
        (Any, "3.10", 3.1),
        (dict[str, Any], '{"a": 3.10}', {"a": 3.1}),
        (Any, "[1, {'a': null}]", [1, {"a": None}]),
        (Any, "a, b", "a, b"),
        (dict[str, int], "'{\"a\": 1}'", {"a": 1}),
    ],
)
def test_the_type_decides_what_is_written(kind: Any, text: str, value: object) -> None:
    read = value_of(kind, Written(text))
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize(
    ("kind", "text", "reason"),
    [
        (date, "2023", "valid date"),
        (date, "'86400'", "valid date"),
        (date | None, "86400", "valid date"),
        (list[date], "[86400]", "valid date"),
        (datetime, "2023", "valid datetime"),
        (datetime, "007", "valid datetime"),
        (time, "3600", "valid time"),
        (int, "True", "valid integer"),
        (float, "true", "valid number"),
        (int, "3.5", "valid integer"),
        (int, "9" * 5000, "exceeded maximum size"),
        (float, "inf", "finite number"),
        (float, "nan", "finite number"),
        (list[float], "[1e400]", "finite number"),
        (Decimal, "NaN", "finite number"),
        (float, "50%", "valid number"),
        (list[int], "[1, x]", "valid integer"),
        (list[int], "a, 2", "valid integer"),
        (Literal["a"], "b", "Input should be 'a'"),
        (Point, "{'label': a}", "Field required"),
        (Point, "{'label': a, 'x': nan}", "finite number"),
        (Model, '{"x": NaN}', "finite number"),
        (list[Model], '[{"x": "inf"}]', "finite number"),
        (Row, '{"x": 1e999}', "finite number"),
        (Model, '{"x": 1, "day": 1e9}', "valid date"),
        (Literal[1, 2], "True", "should be a number"),
        (Rank, "true", "should be a number"),
        (date, "1,677,801,600", "valid date"),
        (date, "1e9", "valid date"),
        (datetime, "1e9", "valid datetime"),
        (datetime, "0x7fffffff", "valid datetime"),
        (time, "1e3", "valid time"),
    ],
)
def test_what_a_type_does_not_allow_is_refused(kind: Any, text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        value_of(kind, Written(text))


def test_each_number_in_a_model_is_kept_where_there_is_room_for_it() -> None:
    text = '{"version": 3.10, "price": 2.50, "tags": [3.10, "x"], "exact": 1.10, "any": 3.10}'
    read = value_of(Release, Written(text))
    assert read == Release("3.10", 2.5, ["3.10", "x"], Decimal("1.10"), 3.1)
    assert str(getattr(read, "exact", None)) == "1.10"


def test_a_list_of_texts_is_a_list_before_it_is_a_text() -> None:
    assert value_of(str | list[str], Written("[3.10, a]")) == ["3.10", "a"]
    assert value_of(str | list[int], Written("[3.10, a]")) == "[3.10, a]"


def test_a_default_may_be_infinite() -> None:
    assert value_of(Model, Written("{}")) == Model()


@given(st.text(alphabet="a,'\"[](){}:\\ 1.=", max_size=40))
def test_any_text_is_a_value_or_refused(text: str) -> None:
    for kind in (str, int, list[str], dict[str, str], Any, date | None):
        try:
            value_of(kind, Written(text))
        except ValueError:
            continue
