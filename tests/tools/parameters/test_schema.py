"""A JSON schema becomes the parameters of a tool, and calls are read against it."""

from typing import Any

import pytest

from toolformer.errors import ConfigError, ToolError
from toolformer.tools.parameters.schema import read_schema, tool_from_schema

SCHEMA: dict[str, Any] = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "properties": {
        "query": {"type": "string", "description": "What to\n look for."},
        "kind": {"type": "string", "enum": ["page", "image"], "default": "page"},
        "count": {"type": "integer", "default": 3},
        "safe": {"type": "boolean"},
        "share": {"type": "number"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "where": {"$ref": "#/$defs/Place"},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "level": {"enum": [1, 2]},
    },
    "required": ["query"],
    "additionalProperties": False,
    "$defs": {
        "Place": {
            "type": "object",
            "title": "Place",
            "properties": {
                "city": {"type": "string"},
                "near": {"type": "boolean"},
                "inside": {"$ref": "#/$defs/Place"},
            },
            "required": ["city"],
        }
    },
}
DEFINITION = {"name": "Search", "description": "Finds\n\npages.", "inputSchema": SCHEMA}


def keywords(**given: object) -> dict[str, object]:
    return given


SEARCH = tool_from_schema(DEFINITION, keywords)


def given_by(arguments: str) -> dict[str, object]:
    return SEARCH.bind(arguments)


def test_name_description_and_parameters_are_the_definitions() -> None:
    assert (SEARCH.name, SEARCH.description) == ("Search", "Finds pages.")
    assert SEARCH.signature.startswith("Search(query, kind, count, safe, share, tags, where")
    query, kind, *_ = SEARCH.parameters
    assert (query.description, query.required, query.free_text) == ("What to look for.", True, True)
    assert (kind.default, kind.required, kind.free_text) == ("page", False, False)


def test_the_schema_comes_back_as_it_was() -> None:
    assert SEARCH.json_schema() == {
        "name": "Search",
        "description": "Finds pages.",
        "parameters": SCHEMA,
    }


@pytest.mark.parametrize(
    "definition",
    [
        {"name": "Search", "description": "Finds pages.", "parameters": SCHEMA},
        {"type": "function", "function": {"name": "Search", "description": "Finds pages.",
                                          "parameters": SCHEMA}},
        {"name": "Search", "description": "Finds pages.", "input_schema": SCHEMA},
    ],
)  # fmt: skip
def test_the_usual_shapes_of_a_definition_are_all_read(definition: dict[str, Any]) -> None:
    assert tool_from_schema(definition, keywords).json_schema() == SEARCH.json_schema()


@pytest.mark.parametrize(
    ("arguments", "values"),
    [
        ("query='a, b'", {"query": "a, b"}),
        ("'a', 'image', 5", {"query": "a", "kind": "image", "count": 5}),
        ("query=New York, count=5", {"query": "New York", "count": 5}),
        ("query='a', safe=True, share=0.5", {"query": "a", "safe": True, "share": 0.5}),
        ("query=a b, safe=true, share=.5", {"query": "a b", "safe": True, "share": 0.5}),
        ("query='a', tags=['x', 'y']", {"query": "a", "tags": ["x", "y"]}),
        ('query=a b, tags=["x", "y"]', {"query": "a b", "tags": ["x", "y"]}),
        ('query="a", where={"city": "Oslo", "near": true}',
         {"query": "a", "where": {"city": "Oslo", "near": True}}),
        ('query=a b, where={"city": "Oslo", "inside": {"city": "Norway"}}',
         {"query": "a b", "where": {"city": "Oslo", "inside": {"city": "Norway"}}}),
        ('query="a", where={"city": "Oslo", "more": [null, 1]}',
         {"query": "a", "where": {"city": "Oslo", "more": [None, 1]}}),
        ("query='a', note='b', level=2", {"query": "a", "note": "b", "level": 2}),
        ("query=a b, level=2", {"query": "a b", "level": 2}),
    ],
)  # fmt: skip
def test_a_call_is_read_against_the_schema(arguments: str, values: dict[str, object]) -> None:
    assert given_by(arguments) == {"kind": "page", "count": 3} | values


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("count=3", "Search needs (query, kind, count, safe, share, tags, where, note, level)"),
        ("'a', kind='film'", "Search cannot take 'film' as `kind`: Input should be 'page' or"),
        ("'a', count='many'", "Search cannot take 'many' as `count`: Input should be a valid int"),
        (
            "'a', tags={'b': 1}",
            "Search cannot take \"{'b': 1}\" as `tags`: Input should be a valid a",
        ),
        ("'a', where={'near': True}", "Search cannot take \"{'near': True}\" as `where`: Field re"),
        ("'a', where='Oslo'", "Search cannot take 'Oslo' as `where`: Input should be an object"),
        ("'a', level=3", "Search cannot take '3' as `level`: Input should be 1 or 2."),
        ("'a', colour='red'", "Unknown parameter of Search 'colour'."),
    ],
)
def test_what_does_not_fit_the_schema_is_a_tool_error(arguments: str, message: str) -> None:
    with pytest.raises(ToolError) as error:
        given_by(arguments)
    assert str(error.value).startswith(message)


def test_one_text_takes_the_call_as_it_stands() -> None:
    schema = {"type": "object", "properties": {"q": {"type": ["string", "null"]}}}
    ask = tool_from_schema({"name": "Ask", "parameters": schema}, keywords)
    assert ask.bind("who, and when?") == {"q": "who, and when?"}
    assert ask.bind("") == {}


def test_other_fields_of_the_tool_can_be_set_and_the_function_may_be_async() -> None:
    async def find(query: str, **_: object) -> str:
        return f"found {query}"

    made = tool_from_schema(DEFINITION, find, pure=False, samples=7, description="Looks up.")
    assert (made.pure, made.samples, made.description) == (False, 7, "Looks up.")
    assert made.execute("a") == "found a"


def test_a_tool_without_a_schema_takes_no_arguments() -> None:
    now = tool_from_schema({"name": "Now"}, lambda: "noon")
    assert now.execute("") == "noon"
    with pytest.raises(ToolError, match="Now takes no arguments"):
        now.execute("x")


def test_a_schema_that_python_cannot_state_lets_any_value_through() -> None:
    [parameter] = read_schema({"properties": {"x": {"enum": [[1], [2]]}}})
    assert parameter.type is Any


@pytest.mark.parametrize("schema", [True, {"enum": []}, {"description": None}])
def test_a_schema_that_states_nothing_lets_any_value_through(schema: object) -> None:
    tool = tool_from_schema({"name": "T", "parameters": {"properties": {"x": schema}}}, keywords)
    assert tool.bind("x=[1, 'a']") == {"x": [1, "a"]}
    assert tool.parameters[0].description == ""


def test_a_schema_may_hold_itself_in_many_places() -> None:
    ways = {way: {"$ref": "#/$defs/Node"} for way in "abcdefgh"}  # 8 ** 9 nodes, one by one
    node = {"type": "object", "properties": {**ways, "size": {"type": "integer"}}}
    schema = {"properties": {"tree": {"$ref": "#/$defs/Node"}}, "$defs": {"Node": node}}
    tool = tool_from_schema({"name": "Tree", "parameters": schema}, keywords)
    tree = {"a": {"h": {"size": 2}}}
    assert tool.bind(f"tree={tree}") == {"tree": tree}
    with pytest.raises(ToolError, match="Input should be a valid integer"):
        tool.bind("tree={'a': {'h': {'size': 'wide'}}}")


def test_a_reference_may_mean_the_whole_schema() -> None:
    schema = {"properties": {"size": {"type": "integer"}, "inner": {"$ref": "#"}}}
    tool = tool_from_schema({"name": "Box", "parameters": schema}, keywords)
    assert tool.bind("inner={'inner': {'size': 1}}") == {"inner": {"inner": {"size": 1}}}


@pytest.mark.parametrize(
    ("definition", "message"),
    [
        ({"description": "No name."}, "does not define a tool: it needs a name"),
        ({"name": "T", "parameters": 3}, "does not define a tool"),
        ({"name": "T", "parameters": {"type": "array"}}, "is not the JSON schema of an object"),
        ({"name": "two words"}, "'two words' cannot name a tool"),
        (
            {"name": "T", "parameters": {"properties": {"x": {"$ref": "#/$defs/X"}}}},
            "The JSON schema refers to '#/\\$defs/X', which is not in it.",
        ),
    ],
)
def test_what_is_not_a_definition_is_a_config_error(
    definition: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        tool_from_schema(definition, keywords)
