"""The text between a call's brackets becomes the values of the parameters."""

from datetime import date
from enum import Enum
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolformer.errors import ToolError
from toolformer.tools.parameters.arguments import bind
from toolformer.tools.parameters.signature import Parameter

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


class Unit(Enum):
    KM = "km"
    MILE = "mi"


RELEASE = [Parameter("name", free_text=True), Parameter("version")]
LENGTH = [
    Parameter("value", type=float),
    Parameter("unit", type=Unit, required=False, default=Unit.KM),
]
LIST = [Parameter("numbers", type=list[int])]
DAY = [Parameter("day", type=date)]
EVENT = [Parameter("city", free_text=True), Parameter("day", type=date)]
SEARCH = [
    Parameter("query", free_text=True),
    Parameter("most", type=int, required=False, default=5),
]
MARCH_3 = date(2023, 3, 3)


@pytest.mark.parametrize(
    "version", ["3.10", "007", "1e5", "True", "null", "None", "1_000", "0x10", "2023-03-03", "-0"]
)  # fmt: skip
@pytest.mark.parametrize(
    "form",
    [
        "name=numpy, version={}",
        "name='numpy', version={}",
        "numpy, {}",
        "'numpy', {}",
        "numpy, version={}",
        "version='{}', name=numpy",
        '"numpy", "{}"',
        '{{"name": "numpy", "version": "{}"}}',
    ],
)
def test_a_text_has_the_characters_that_the_call_has(form: str, version: str) -> None:
    bound = bind(RELEASE, form.format(version), tool="Release")
    assert bound == {"name": "numpy", "version": version}


@pytest.mark.parametrize("form", ["version={}", "{}", " '{}' ", '{{"version": {}}}'])
def test_the_only_text_has_the_characters_that_the_call_has(form: str) -> None:
    assert bind([Parameter("version")], form.format("3.10"), tool="Release") == {"version": "3.10"}


@pytest.mark.parametrize(
    ("parameters", "arguments", "values"),
    [
        (LENGTH, "10, unit=mi", {"value": 10.0, "unit": Unit.MILE}),
        (LENGTH, "10, unit='mi'", {"value": 10.0, "unit": Unit.MILE}),
        (LENGTH, "1,400.5, unit=mi", {"value": 1400.5, "unit": Unit.MILE}),
        (LENGTH, "value=1,400, unit=mi", {"value": 1400.0, "unit": Unit.MILE}),
        (LENGTH, "10", {"value": 10.0, "unit": Unit.KM}),
        (LENGTH, "1,400", {"value": 1400.0, "unit": Unit.KM}),
        (LIST, "1, 2", {"numbers": [1, 2]}),
        (LIST, "1", {"numbers": [1]}),
        (LIST, "(1, 2)", {"numbers": [1, 2]}),
        (LIST, "numbers=1, 2", {"numbers": [1, 2]}),
        (LIST, "'[1, 2]'", {"numbers": [1, 2]}),
        (DAY, "March 3, 2023", {"day": MARCH_3}),
        (DAY, "day=March 3, 2023", {"day": MARCH_3}),
        (EVENT, "Oslo, March 3, 2023", {"city": "Oslo", "day": MARCH_3}),
        (EVENT, "Oslo, day=March 3, 2023", {"city": "Oslo", "day": MARCH_3}),
        (EVENT, "Washington, D.C., March 3, 2023", {"city": "Washington, D.C.", "day": MARCH_3}),
        (EVENT[::-1], "March 3, 2023, Oslo", {"day": MARCH_3, "city": "Oslo"}),
        ([Parameter("n", type=int), *LIST], "5, 1, 2", {"n": 5, "numbers": [1, 2]}),
        ([*LIST, Parameter("n", type=int)], "1, 2, 5", {"numbers": [1, 2], "n": 5}),
        ([*LIST, Parameter("unit")], "1, 2, unit=km", {"numbers": [1, 2], "unit": "km"}),
        ([*DAY, *LIST], "March 3, 2023, 1, 2", {"day": MARCH_3, "numbers": [1, 2]}),
        ([*LIST, *DAY], "1, 2, March 3, 2023", {"day": MARCH_3, "numbers": [1, 2]}),
        ([*DAY, *LIST], "day=2023-03-03, numbers=[1, 2]", {"day": MARCH_3, "numbers": [1, 2]}),
        ([*DAY, *LIST], "2023-03-03, " + "1, " * 199 + "1", {"day": MARCH_3, "numbers": [1] * 200}),
        (SEARCH, "query='a, most=3', most=2", {"query": "a, most=3", "most": 2}),
        (SEARCH, 'query="a, most=3"', {"query": "a, most=3", "most": 5}),
        ([Parameter("d", type=dict[str, int])], '{"d": 1}', {"d": {"d": 1}}),
        ([Parameter("d", type=dict[str, int])], '{"d": {"d": 1}}', {"d": {"d": 1}}),
        (SEARCH, "cats, dogs", {"query": "cats, dogs", "most": 5}),
        (SEARCH, "cats, dogs, 3", {"query": "cats, dogs", "most": 3}),
    ],
)
def test_a_comma_belongs_to_the_value_that_it_fits(
    parameters: list[Parameter], arguments: str, values: dict[str, object]
) -> None:
    assert bind(parameters, arguments, tool="T") == values


def test_a_number_with_separators_stays_together_in_a_text_too() -> None:
    assert bind(FACT, "Prize, 1,000", tool="T") == {"entity": "Prize", "attribute": "1,000"}


def test_a_text_or_none_may_hold_the_commas_too() -> None:
    place = [
        Parameter("entity", type=str | None, free_text=True),
        Parameter("attribute", type=str | None),
    ]
    values = bind(place, "Washington, D.C., capital", tool="T")
    assert values == {"entity": "Washington, D.C.", "attribute": "capital"}


def test_an_equation_is_no_name() -> None:
    parameters = [Parameter("equation", free_text=True), Parameter("variable")]
    values = bind(parameters, "x = 5 + y, y", tool="Solve")
    assert values == {"equation": "x = 5 + y", "variable": "y"}


def test_nothing_at_all_leaves_the_only_parameter_its_default() -> None:
    day = Parameter("day", required=False, default="today")
    assert bind([day], "", tool="T") == {"day": "today"}


@pytest.mark.parametrize(
    "hostile",
    [",'" * 5000, "a=," * 3333, "(a," * 3333, "1," * 5000, '{"a":' * 2000, "1,000" * 2000],
)
def test_commas_and_brackets_without_end_are_bound_or_refused(hostile: str) -> None:
    parameters = [*LENGTH, *LIST, Parameter("day", type=date, required=False)]
    with pytest.raises(ToolError):
        bind(parameters, hostile, tool="T")
