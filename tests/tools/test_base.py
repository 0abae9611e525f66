"""A typed function with a docstring becomes a tool."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Any, Literal

import pytest

from toolformer.calls import ToolCall
from toolformer.errors import ConfigError, ToolError
from toolformer.tools.context import ToolContext
from toolformer.tools.decorator import tool
from toolformer.tools.exemplar import Exemplar
from toolformer.tools.result import ToolResult


def convert(value: float, unit: Literal["km", "mile"], precise: bool = False) -> str:
    """Converts a distance
    into the other unit.

    It knows two.

    Args:
        value: How far,
            as a number.
        unit: The unit.

    Examples:
        It is 3 miles, or [convert(3, mile)] 4.83 km, to the sea.
        A line without a call.
        Another tool [Calculator(3)] is called.
    """
    return f"{value:g} {unit} {precise}"


def test_name_description_parameters_and_exemplars_are_read_off_the_function() -> None:
    made = tool(convert)
    assert made.signature == "convert(value, unit, precise)"
    assert made.description == "Converts a distance into the other unit. It knows two."
    assert [p.description for p in made.parameters] == ["How far, as a number.", "The unit.", ""]
    assert made.exemplars == (Exemplar("It is 3 miles, or", "3, mile", " 4.83 km, to the sea."),)


def test_the_json_schema_follows_the_types() -> None:
    schema = tool(convert).json_schema()
    assert schema["name"] == "convert"
    assert schema["parameters"] == {
        "type": "object",
        "properties": {
            "value": {"type": "number", "description": "How far, as a number."},
            "unit": {"type": "string", "enum": ["km", "mile"], "description": "The unit."},
            "precise": {"type": "boolean", "default": False},
        },
        "required": ["value", "unit"],
    }


def test_execute_binds_runs_and_folds() -> None:
    made = tool(convert)
    assert made.execute("3, mile") == "3 mile False"
    assert made.execute("unit='km', value=2, precise=True") == "2 km True"
    with pytest.raises(ToolError, match="convert cannot take 'yard' as `unit`"):
        made.execute("3, yard")


def test_the_function_can_still_be_called() -> None:
    assert tool(convert)(3, "km") == "3 km False"


def test_settings_replace_what_is_read_and_the_defaults_are_the_papers() -> None:
    made = tool(name="Km", description="D.", samples=7, pure=False)(convert)
    assert (made.name, made.description, made.samples, made.pure) == ("Km", "D.", 7, False)
    assert (made.min_prob, made.gain_threshold, made.max_positions) == (0.05, 1.0, 5)
    assert made.exemplars == ()  # the line calls another name
    assert made.suits("any text", ToolContext())


def test_context_is_handed_over_by_name_and_is_no_parameter() -> None:
    @tool(context=("today",))
    def year(add: int = 0, *, today: date | None) -> int | None:
        """Says the year."""
        return None if today is None else today.year + add

    assert year.signature == "year(add)"
    assert year.execute("1", ToolContext(today=date(2023, 3, 3))) == "2024"
    with pytest.raises(ToolError, match=r"year\(1\) gave no output\."):
        year.execute("1")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"name": "two words"}, "'two words' cannot name a tool"),
        ({"name": "a(b"}, r"'a\(b' cannot name a tool"),
        ({"name": ""}, "'' cannot name a tool"),
        ({"context": ("today",)}, "declares the context field 'today' but has no parameter"),
        ({"context": ("value",)}, "asks for the context field 'value'; there are: today, ask"),
    ],
)
def test_what_is_no_tool_is_a_config_error(settings: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        tool(convert, **settings)  # type: ignore[arg-type]


def test_an_enum_is_a_choice() -> None:
    class Colour(Enum):
        RED = "red"

    @tool
    def paint(colour: Colour) -> str:
        """Paints."""
        return colour.name

    assert paint.execute("red") == "RED"
    with pytest.raises(ToolError, match="Input should be 'red'"):
        paint.execute("blue")


def test_a_result_has_exactly_one_of_output_and_error() -> None:
    call = ToolCall("T", "")
    assert ToolResult(call, output="1").error is None
    for output, error in ((None, None), ("1", "no")):
        with pytest.raises(ValueError, match="exactly one of output and error"):
            ToolResult(call, output=output, error=error)


class Shout:
    """Loud."""

    def __init__(self, sign: str = "!") -> None:
        self.sign = sign

    def __call__(self, text: str) -> str:
        """Says it loudly.

        Args:
            text: What to say.
        """
        return text.upper() + self.sign

    def softly(self, text: str, times: int = 1) -> str:
        """Says it softly."""
        return text.lower() * times


async def later(number: int) -> int:
    """Doubles, after a while."""
    await asyncio.sleep(0)
    return 2 * number


class AsyncShout(Shout):
    async def __call__(self, text: str) -> str:  # type: ignore[override]
        """Says it loudly, later."""
        return text.upper()


@pytest.mark.parametrize(
    ("function", "signature", "description", "arguments", "output"),
    [
        (Shout("?"), "Shout(text)", "Says it loudly.", "a", "A?"),
        (Shout().softly, "softly(text, times)", "Says it softly.", "A, 2", "aa"),
        (partial(convert, unit="km"), "convert(value, precise)",
         "Converts a distance into the other unit. It knows two.", "3", "3 km False"),
        (partial(convert, 3), "convert(unit, precise)",
         "Converts a distance into the other unit. It knows two.", "mile", "3 mile False"),
        (later, "later(number)", "Doubles, after a while.", "21", "42"),
        (partial(later, 4), "later()", "Doubles, after a while.", "", "8"),
        (AsyncShout(), "AsyncShout(text)", "Says it loudly, later.", "a", "A"),
    ],
)  # fmt: skip
def test_whatever_can_be_called_is_a_function(
    function: Callable[..., object], signature: str, description: str, arguments: str, output: str
) -> None:
    made = tool(function)
    assert (made.signature, made.description) == (signature, description)
    assert made.execute(arguments) == output


def test_an_async_tool_also_runs_where_a_loop_runs_already() -> None:
    async def program() -> str:
        return tool(later).execute("21")

    assert asyncio.run(program()) == "42"


def test_a_batch_has_an_output_or_a_failure_for_each_call() -> None:
    def halve(number: int) -> float:
        """Halves."""
        return number / 2

    async def halve_all(calls: Sequence[Mapping[str, object]]) -> list[object]:
        numbers = [call["number"] for call in calls]
        return [ToolError("No.") if n == 5 else None if n == 6 else f"half {n}" for n in numbers]

    made = tool(halve, run_batch=halve_all)
    outcomes = made.execute_batch(["4", "four", "5", "6", "8"], [ToolContext()] * 5)
    assert [str(outcome) for outcome in outcomes] == [
        "half 4",
        "halve cannot take 'four' as `number`: Input should be a valid integer, unable to parse "
        "string as an integer.",
        "No.",
        "halve(6) gave no output.",
        "half 8",
    ]
    assert [type(outcome) for outcome in outcomes] == [str, ToolError, ToolError, ToolError, str]


@pytest.mark.parametrize("values", [["1"], ["1", "2", "3"], "12", None])
def test_a_batch_of_another_length_failed_as_a_whole(values: object) -> None:
    made = tool(Shout(), run_batch=lambda _: values)
    with pytest.raises(ToolError, match=r"Shout did not give 2 results for as many calls\."):
        made.execute_batch(["a", "b"], [ToolContext()] * 2)


class Unit(Enum):
    KM = "km"
    MILE = "mi"


@dataclass
class Point:
    x: float
    y: float = 0.0


class Opaque:
    """A type that JSON has no words for."""


@pytest.mark.parametrize(
    ("kind", "default", "stated"),
    [
        (Unit, Unit.KM, "km"),
        (date, date(2023, 3, 3), "2023-03-03"),
        (Path, Path("facts.db"), "facts.db"),
        (Decimal, Decimal("1.50"), "1.50"),
        (set[str], {"b", "a"}, ["a", "b"]),
        (tuple[int, ...], (1, 2), [1, 2]),
        (Point, Point(1.0), {"x": 1.0, "y": 0.0}),
        (list[Unit], [Unit.MILE], ["mi"]),
        (bytes, b"abc", "abc"),
        (bool, False, False),
        (str, "here", "here"),
        (int, None, None),
        (float, float("inf"), None),
    ],
)
def test_a_schema_is_json_whatever_the_default(kind: Any, default: object, stated: object) -> None:
    def run(value: Any = default) -> str:
        return repr(value)

    run.__annotations__["value"] = kind
    made = tool(run)
    schema = json.loads(json.dumps(made.json_schema(), allow_nan=False))
    assert schema["parameters"]["properties"]["value"].get("default") == stated
    assert schema["parameters"]["required"] == []
    assert made.execute("{}") == repr(default)


def test_what_parameters_share_is_defined_once_and_where_the_references_lead() -> None:
    @tool
    def walk(units: list[Unit], start: Unit, end: Point) -> str:
        """Walks."""
        return ""

    parameters = walk.json_schema()["parameters"]
    assert isinstance(parameters, dict)
    assert sorted(parameters["$defs"]) == ["Point", "Unit"]
    assert parameters["properties"]["units"]["items"] == {"$ref": "#/$defs/Unit"}


def test_a_type_that_cannot_be_read_from_text_is_refused_when_the_tool_is_made() -> None:
    def takes(thing: Opaque) -> str:
        """Takes."""
        return ""

    with pytest.raises(ConfigError, match="which cannot be read from the text of a call"):
        tool(takes)


def test_a_parameter_without_a_name_for_callers_is_refused() -> None:
    def half(number: float, /) -> float:
        """Halves."""
        return number / 2

    with pytest.raises(ConfigError, match="take the `/` away"):
        tool(half)


def test_a_tool_shows_how_it_is_called_and_no_address() -> None:
    made = replace(tool(convert), spec="my.py:convert")
    assert repr(made) == "<Tool convert(value, unit, precise) of 'my.py:convert'>"
    assert repr(tool(Shout())) == "<Tool Shout(text)>"


@pytest.mark.parametrize("end", [ValueError("no"), SystemExit(0)])
def test_where_suits_fails_the_tool_does_not_suit(end: BaseException) -> None:
    def fails(text: str, context: ToolContext) -> bool:
        raise end

    assert not tool(convert, suits=fails).is_tried_on("A text.", ToolContext())
    assert tool(convert).is_tried_on("A text.", ToolContext())


@pytest.mark.parametrize("end", [ValueError("no"), SystemExit(0)])
def test_a_call_precedes_what_the_tool_says_and_nothing_where_that_fails(
    end: BaseException,
) -> None:
    def fails(text: str) -> bool:
        raise end

    assert tool(convert).may_precede("Any text.")
    assert tool(convert, followed_by=str.isdigit).may_precede("12")
    assert not tool(convert, followed_by=str.isdigit).may_precede("twelve")
    assert not tool(convert, followed_by=fails).may_precede("Any text.")
