"""The text between a call's brackets becomes the values of the parameters."""

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolformer.errors import ToolError
from toolformer.tools.arguments import bind
from toolformer.tools.signature import Parameter

TEXT = [Parameter("query")]
FACT = [Parameter("entity", free_text=True), Parameter("attribute")]
QUANTITY = [
    Parameter("value", type=float),
    Parameter("unit", free_text=True),
    Parameter("target", required=False, default="km"),
]


@pytest.mark.parametrize(
    ("arguments", "values"),
    [
        ("query='a, b'", {"query": "a, b"}),
        ("query=a b", {"query": "a b"}),
        ("SELECT x FROM t WHERE y = 'z'", {"query": "SELECT x FROM t WHERE y = 'z'"}),
        ("other='a'", {"query": "other='a'"}),
        ('"Paris, France"', {"query": "Paris, France"}),
        ("'a' || 'b'", {"query": "'a' || 'b'"}),
        ("  a, b  ", {"query": "a, b"}),
        ("it's", {"query": "it's"}),
        ("a == b", {"query": "a == b"}),
    ],
)
def test_one_text_parameter_takes_the_text_as_it_stands(
    arguments: str, values: dict[str, object]
) -> None:
    assert bind(TEXT, arguments, tool="Search") == values


@pytest.mark.parametrize(
    "arguments",
    [
        "Washington, D.C., capital",
        "'Washington, D.C.', 'capital'",
        "entity='Washington, D.C.', attribute='capital'",
        "attribute='capital', entity='Washington, D.C.'",
        "entity=Washington, D.C., attribute=capital",
        "'Washington, D.C.', attribute='capital'",
    ],
)
def test_every_way_to_write_two_texts_gives_the_same_two(arguments: str) -> None:
    expected = {"entity": "Washington, D.C.", "attribute": "capital"}
    assert bind(FACT, arguments, tool="Database") == expected


@pytest.mark.parametrize(
    ("arguments", "values"),
    [
        ("26.2, miles, m", {"value": 26.2, "unit": "miles", "target": "m"}),
        ("26.2, 'miles'", {"value": 26.2, "unit": "miles", "target": "km"}),
        ("1,400, miles, m", {"value": 1400.0, "unit": "miles", "target": "m"}),
        ("unit=miles, value=3", {"value": 3.0, "unit": "miles", "target": "km"}),
        ("3, 5", {"value": 3.0, "unit": "5", "target": "km"}),
    ],
)
def test_values_are_converted_to_the_types_of_the_parameters(
    arguments: str, values: dict[str, object]
) -> None:
    assert bind(QUANTITY, arguments, tool="Convert") == values


def test_a_surplus_comma_belongs_to_the_text_wherever_that_parameter_stands() -> None:
    parameters = [
        Parameter("language", type=Literal["en", "de"]),
        Parameter("text", free_text=True),
    ]
    values = bind(parameters, "de, ja, nein, doch", tool="Translate")
    assert values == {"language": "de", "text": "ja, nein, doch"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("", "Convert needs (value, unit, target); '' has no `value`."),
        ("3", "Convert needs (value, unit, target); '3' has no `unit`."),
        ("a lot, miles", "Convert cannot take 'a lot' as `value`"),
        ("value=3, unt='m'", "Unknown parameter of Convert 'unt'. Did you mean 'unit'?"),
        ("3, 'm', value=4", "Convert was given `value` twice."),
        ("1, 2, 3, value=4, unit='m'", "Convert was given `value` twice."),
        ("1, 'a', 'b', 'c', unit='m'", "Convert takes (value, unit, target), not 4 values."),
        ("value=os.getcwd(), unit=m", "Convert cannot take 'os.getcwd()' as `value`"),
        ("3," + "x" * 20_000, "Convert was given 20,002 characters; at most 10,000 are read."),
    ],
)
def test_what_does_not_fit_is_a_tool_error_that_says_why(arguments: str, message: str) -> None:
    with pytest.raises(ToolError) as error:
        bind(QUANTITY, arguments, tool="Convert")
    assert str(error.value).startswith(message)


def test_too_many_numbers_are_too_many() -> None:
    parameters = [Parameter("a", type=int), Parameter("b", type=int)]
    with pytest.raises(ToolError, match=r"Add takes \(a, b\), but '1, 2, 3' has 3 values\."):
        bind(parameters, "1, 2, 3", tool="Add")


def test_a_tool_without_parameters_takes_no_arguments() -> None:
    assert bind([], "", tool="Now") == {}
    with pytest.raises(ToolError, match="Now takes no arguments, but 'x' has 1 values"):
        bind([], "x", tool="Now")


@given(st.text(max_size=80))
def test_any_text_binds_or_is_a_tool_error(arguments: str) -> None:
    for parameters in (TEXT, FACT, QUANTITY, []):
        try:
            values = bind(parameters, arguments, tool="T")
        except ToolError:
            continue
        assert list(values) == [parameter.name for parameter in parameters]


@pytest.mark.parametrize(
    "hostile", ["(" * 9000, "-" * 9000 + "1", "[" * 9000 + "]" * 9000, "'" * 9000]
)
def test_deep_nesting_is_a_tool_error_or_words(hostile: str) -> None:
    with pytest.raises(ToolError):
        bind([Parameter("n", type=int)], hostile[:10_000], tool="T")


@pytest.mark.parametrize(
    ("parameters", "arguments", "values"),
    [
        (TEXT, '{"query": "a, b = \\"c\\""}', {"query": 'a, b = "c"'}),
        (TEXT, '{"query": 12}', {"query": "12"}),
        (TEXT, '{"other": "a"}', {"query": '{"other": "a"}'}),
        (TEXT, "{}", {"query": "{}"}),
        (TEXT, '{"query": "a"', {"query": '{"query": "a"'}),
        (TEXT, "{" * 5000, {"query": "{" * 5000}),
        (
            FACT,
            '{"attribute": "capital", "entity": "A, B"}',
            {"entity": "A, B", "attribute": "capital"},
        ),
        (QUANTITY, '{\n "value": 1.5, "unit": "mi"}', {"value": 1.5, "unit": "mi", "target": "km"}),
        ([Parameter("day", required=False, default="today")], "{}", {"day": "today"}),
        ([], "{}", {}),
    ],
)
def test_a_json_object_gives_the_parameters_that_it_names(
    parameters: list[Parameter], arguments: str, values: dict[str, object]
) -> None:
    assert bind(parameters, arguments, tool="Search") == values


def test_a_json_object_with_an_unknown_name_is_refused_by_it() -> None:
    with pytest.raises(ToolError, match="Unknown parameter of Database 'atribute'"):
        bind(FACT, '{"entity": "Peru", "atribute": "capital"}', tool="Database")


def test_a_json_object_without_a_parameter_that_is_needed_is_refused() -> None:
    with pytest.raises(ToolError, match="has no `attribute`"):
        bind(FACT, '{"entity": "Peru"}', tool="Database")
