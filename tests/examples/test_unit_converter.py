"""The unit converter: a tool that no model was trained on."""

from pathlib import Path

import pytest

from toolformer.calls import ToolCall
from toolformer.tools.registry import load_tool
from toolformer.tools.toolbox import Toolbox

FILE = Path(__file__).parents[2] / "examples" / "unit_converter.py"


@pytest.fixture(scope="module")
def toolbox():
    with Toolbox([load_tool(f"{FILE}:convert")]) as toolbox:
        yield toolbox


@pytest.mark.parametrize(
    ("arguments", "output"),
    [
        ("26.2, miles, km", "42.16"),  # 26.2 * 1.609344 = 42.1648...
        ("12, pounds, kg", "5.44"),  # 12 * 0.45359237 = 5.443...
        ("80, inches, cm", "203.2"),
        ("5, gallons, litres", "18.93"),  # 5 * 3.785411784 = 18.927...
        ("3, 'feet', target='yards'", "1"),
        ("1,500, m, km", "1.5"),
        ("2, km, mm", "2,000,000"),
    ],
)
def test_a_quantity_is_converted(toolbox: Toolbox, arguments: str, output: str) -> None:
    [result] = toolbox.execute([ToolCall("convert", arguments)])
    assert (result.output, result.error) == (output, None)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ("1, mile, kg", "convert raised ValueError: mile is a length, kg a mass"),
        ("1, parsec, km", "convert raised ValueError: no unit is called 'parsec'; there are mm,"),
        ("many, miles, km", "convert cannot take 'many' as `value`"),
        ("5, miles", "convert needs (value, unit, target); '5, miles' has no `target`."),
    ],
)
def test_what_cannot_be_converted_is_an_error(toolbox: Toolbox, arguments: str, error: str) -> None:
    [result] = toolbox.execute([ToolCall("convert", arguments)])
    assert result.error is not None
    assert result.error.startswith(error)


def test_the_exemplars_of_the_docstring_say_what_the_tool_says(toolbox: Toolbox) -> None:
    exemplars = toolbox["convert"].exemplars
    assert len(exemplars) == 4
    results = toolbox.execute([ToolCall("convert", one.arguments) for one in exemplars])
    for one, result in zip(exemplars, results, strict=True):
        assert result.output is not None
        assert one.after.startswith(f" {result.output} ")
