"""A catalogue is made, written and read; no two APIs are alike, and nothing held out is learned."""

import json
from pathlib import Path

import pytest

from toolformer.errors import ConfigError
from toolformer.studies.tool_tokens.catalog.endpoints import answer_of, is_same_call, tool_of
from toolformer.studies.tool_tokens.catalog.files import (
    APIS,
    QUERIES,
    STATE,
    Catalogue,
    read_catalogue,
    write_catalogue,
)
from toolformer.studies.tool_tokens.catalog.make import CatalogConfig, make_tools
from toolformer.studies.tool_tokens.catalog.records import HELD_OUT, ApiCall


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    out = tmp_path_factory.mktemp("catalogue")
    write_catalogue(out, CatalogConfig(tools=60, held_out_queries=60))
    return read_catalogue(out)


def test_one_seed_writes_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_catalogue(tmp_path / name, CatalogConfig(tools=20, held_out_queries=9, seed=seed))
    for name in (APIS, QUERIES, STATE):
        first, second, other = ((tmp_path / each / name).read_bytes() for each in "abc")
        assert first == second != other


def test_200_tools_have_about_800_apis() -> None:
    tools = list(make_tools(CatalogConfig()))
    assert len(tools) == 200
    assert 700 < sum(len(tool.apis) for tool in tools) < 900


@pytest.mark.slow
def test_46985_apis_can_be_made_and_no_two_are_alike() -> None:
    made = [each for tool in make_tools(CatalogConfig(apis=46_985)) for each in tool.apis]
    asked = {(each.thing.names[0], each.asked.names[0], each.aspect.api) for each in made}
    assert len(made) == len({each.api.id for each in made}) == len(asked) == 46_985


def test_more_than_can_be_made_are_refused() -> None:
    with pytest.raises(ConfigError, match="No more than 48,000 APIs"):
        list(make_tools(CatalogConfig(apis=48_001)))


def test_a_larger_catalogue_begins_with_the_smaller() -> None:
    small, large = (
        [each.api for tool in make_tools(CatalogConfig(tools=count)) for each in tool.apis]
        for count in (30, 60)
    )
    assert large[: len(small)] == small


def test_nothing_that_is_held_out_is_learned(catalogue: Catalogue) -> None:
    api = catalogue.by_id
    learned = {name for query in catalogue.of_split("train") for name in query.apis}
    by_split = {
        split: {name for query in catalogue.of_split(split) for name in query.apis}
        for split in HELD_OUT
    }
    assert all(by_split.values())
    assert by_split["instruction"] <= learned
    assert not by_split["tool"] & learned
    assert not {api[name].category for name in by_split["category"]} & {
        api[name].category for name in learned
    }
    texts = {query.text for query in catalogue.of_split("train")}
    assert not any(query.text in texts for split in HELD_OUT for query in catalogue.of_split(split))


@pytest.mark.parametrize("tools", [2, 12])
def test_a_small_catalogue_holds_out_a_tool_and_keeps_one(tools: int, tmp_path: Path) -> None:
    config = CatalogConfig(tools=tools, held_out_queries=3, held_out_categories=0)
    write_catalogue(tmp_path, config)
    read = read_catalogue(tmp_path)
    assert read.of_split("train")
    assert len(read.of_split("tool")) == 3


def test_the_proper_names_of_held_out_queries_are_others(catalogue: Catalogue) -> None:
    def names(split: str) -> set[object]:
        return {
            value
            for query in catalogue.queries
            if query.split == split
            for call in query.calls
            for key, value in call.arguments.items()
            if key in ("name", "other", "region")
        }

    assert names("train")
    assert not names("train") & names("instruction")


def test_a_query_tells_every_value_that_its_calls_need(catalogue: Catalogue) -> None:
    for query in catalogue.queries:
        for call in query.calls:
            assert all(str(value) in query.text for value in call.arguments.values()), query


def test_only_plain_queries_name_the_thing(catalogue: Catalogue) -> None:
    things = {each.id: each.tool.split("_", 1)[1] for each in catalogue.apis}
    plain = [q for q in catalogue.queries if q.tier == "plain" and len(q.apis) == 1]
    vague = [q for q in catalogue.queries if q.tier == "vague" and len(q.apis) == 1]
    stems = {name: thing.replace("_", " ").rstrip("y") for name, thing in things.items()}
    assert all(stems[query.apis[0]] in query.text for query in plain)
    named = sum(f" {things[query.apis[0]]} " in query.text for query in vague)
    assert named / len(vague) < 0.05


def test_queries_have_one_to_three_apis(catalogue: Catalogue) -> None:
    assert {len(query.apis) for query in catalogue.queries} == {1, 2, 3}


def test_the_calls_of_a_query_run_on_the_simulated_endpoints(catalogue: Catalogue) -> None:
    for query in catalogue.queries[::17]:
        for call in query.calls:
            api = catalogue.by_id[call.api]
            output = tool_of(api).execute(json.dumps(call.arguments))
            assert json.loads(output) == {api.result: answer_of(call, api)}


def test_an_endpoint_refuses_what_its_documentation_does(catalogue: Catalogue) -> None:
    api = next(each for each in catalogue.apis if each.name.endswith("_in_language"))
    with pytest.raises(Exception, match="language"):
        tool_of(api).execute('{"name": "Opal Bay", "language": "Klingon"}')


def test_calls_are_compared_by_value() -> None:
    wanted = ApiCall("a&&b", {"name": "Opal Bay", "minimum": 3.0})
    assert is_same_call(ApiCall("a&&b", {"minimum": 3, "name": " opal  bay"}), wanted)
    assert not is_same_call(ApiCall("a&&c", wanted.arguments), wanted)
    assert not is_same_call(ApiCall("a&&b", {**wanted.arguments, "extra": 1}), wanted)


def test_a_line_that_is_not_of_a_catalogue_is_named(tmp_path: Path) -> None:
    write_catalogue(tmp_path, CatalogConfig(tools=2, held_out_queries=0))
    (tmp_path / APIS).write_text('{"tool": "a"}\n', encoding="utf-8")
    with pytest.raises(ConfigError, match="line 1, is not of a catalogue"):
        read_catalogue(tmp_path)
