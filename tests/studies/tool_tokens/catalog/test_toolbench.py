"""Files as ToolBench, ToolGen and the original have them are read as a catalogue."""

import json
from pathlib import Path

import pytest

from toolformer.errors import ConfigError
from toolformer.studies.tool_tokens.catalog.files import read_catalogue
from toolformer.studies.tool_tokens.catalog.records import ApiCall, ApiParameter


def _write(folder: Path, **files: object) -> Path:
    for name, values in files.items():
        (folder / f"{name}.json").write_text(json.dumps(values), encoding="utf-8")
    return folder


def _grouped(query: int, *, api: str = "forecast") -> dict[str, object]:
    told = {
        "category_name": "Weather",
        "tool_name": "Open Sky",
        "api_name": api,
        "api_description": "Tells the weather.",
        "required_parameters": [{"name": "city", "type": "STRING", "description": "Where."}],
        "optional_parameters": [{"name": "days", "type": "NUMBER"}],
    }
    relevant = [["Open Sky", api]]
    return {"query": f"q{query}", "query_id": query, "api_list": [told], "relevant APIs": relevant}


def test_the_three_files_of_the_original_are_read(tmp_path: Path) -> None:
    plan = {"thought": "I look\nit up.", "action": "[TOOL_1]", "action_input": {"city": "Rome"}}
    _write(
        tmp_path,
        tool_memorization=[
            {"description": "Tells the weather.", "token": "[TOOL_0]"},
            {"description": "Tells the time.", "token": "[TOOL_1]"},
        ],
        retrieval_training=[{"query": "Sun?", "relevant_tool_tokens": ["[TOOL_0]"]}],
        agent_tuning=[{"query": "When?", "plan_sequence": [plan], "final_answer": "Noon."}],
    )
    read = read_catalogue(tmp_path)
    assert [(api.id, api.description) for api in read.apis] == [
        ("TOOL_0", "Tells the weather."),
        ("TOOL_1", "Tells the time."),
    ]
    retrieved, acted = read.queries
    assert (retrieved.text, retrieved.apis, retrieved.calls) == ("Sun?", ("TOOL_0",), ())
    assert acted.calls == (ApiCall("TOOL_1", {"city": "Rome"}),)
    assert (acted.thoughts, acted.answer) == (("I look it up.",), "Noon.")


def test_conversations_as_toolgen_has_them_are_read(tmp_path: Path) -> None:
    def talk(asked: str, answered: str) -> dict[str, object]:
        turns = [{"role": "user", "content": asked}, {"role": "assistant", "content": answered}]
        return {"conversations": turns}

    _write(
        tmp_path,
        tool_memorization=[talk("Tells the weather.", "<<Open Sky&&forecast>>")],
        retrieval_training=[talk("Sun?", "<<Open Sky&&forecast>>")],
    )
    read = read_catalogue(tmp_path)
    assert [(api.tool, api.name) for api in read.apis] == [("Open Sky", "forecast")]
    assert read.queries[0].apis == ("Open Sky&&forecast",)


def test_queries_of_groups_bring_their_apis_and_parameters(tmp_path: Path) -> None:
    read = read_catalogue(_write(tmp_path, G1_query=[_grouped(1)]))
    [api] = read.apis
    assert (api.category, api.id) == ("Weather", "Open Sky&&forecast")
    assert api.parameters == (
        ApiParameter("city", "string", "Where."),
        ApiParameter("days", "number", required=False),
    )
    assert [(query.split, query.tier) for query in read.queries] == [("train", "real")]


def test_what_is_held_out_anywhere_is_not_learned(tmp_path: Path) -> None:
    _write(
        tmp_path,
        G1_query=[_grouped(1), _grouped(2), _grouped(3)],
        G1_instruction=[_grouped(2)],
        G1_tool_test_query_ids={"3": 0},
    )
    splits = {query.text: query.split for query in read_catalogue(tmp_path).queries}
    assert splits == {"q1": "train", "q2": "instruction", "q3": "tool"}


def test_queries_for_apis_that_nothing_documents_are_left_out(tmp_path: Path) -> None:
    _write(
        tmp_path,
        tool_memorization=[{"description": "Tells the weather.", "token": "[TOOL_0]"}],
        retrieval_training=[{"query": "Sun?", "relevant_tool_tokens": ["[TOOL_9]"]}],
    )
    assert read_catalogue(tmp_path).queries == ()


def test_a_directory_with_none_of_them_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no catalogue: .*G1_query\.json"):
        read_catalogue(tmp_path)
