"""The files of ToolBench and ToolGen as APIs and queries; a real directory of them is read whole.

tool_memorization.json    documentation and token; or conversations of the two, as ToolGen has
retrieval_training.json   query and tokens; or conversations
agent_tuning.json         query, plan_sequence and final_answer
G1*.json, G2*.json, G3*.json     query, api_list, `relevant APIs`; by its name a file is of held-out
                          instructions, tools or categories, or to be learned from
G*_test_query_ids.json    which queries of those are held out
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from toolformer.corpus.files import Record
from toolformer.corpus.sources import find_sources
from toolformer.errors import ConfigError
from toolformer.files import read_json
from toolformer.studies.tool_tokens.catalog.records import (
    HELD_OUT,
    Api,
    ApiCall,
    ApiParameter,
    ApiQuery,
    ParameterType,
    Split,
)

MEMORIZE, RETRIEVE, AGENT = "tool_memorization.json", "retrieval_training.json", "agent_tuning.json"
_IDS = "_test_query_ids.json"
_TYPES: Mapping[str, ParameterType] = {"NUMBER": "number", "INTEGER": "integer", "DATE": "date"}
_TOKEN = re.compile(r"^(?:<<(?P<spelled>.+)>>|\[(?P<numbered>.+)\])$", re.DOTALL)
_LEFT_OUT = re.compile(r"[<>\n\r]")  # what would end a name where it does not


def read_toolbench(path: Path) -> tuple[tuple[Api, ...], tuple[ApiQuery, ...]]:
    """Reads what there is of the files in a directory.

    APIs that queries name and nothing documents are left out, with those queries.

    Raises:
        ConfigError: the directory has none of them, or one cannot be read.
    """
    grouped = [each for each in sorted(path.glob("G[123]*.json")) if not each.name.endswith(_IDS)]
    if not grouped and not (path / MEMORIZE).exists():
        raise ConfigError(
            f"'{path}' is no catalogue: `toolformer study tool-tokens catalog` makes one, and a "
            f"directory with {MEMORIZE}, or with G1_query.json and its like, is read as one."
        )
    apis: dict[str, Api] = {}
    queries: dict[str, ApiQuery] = {}
    if (path / MEMORIZE).exists():
        for fields in _objects(path / MEMORIZE):
            api = _memorised(fields)
            apis.setdefault(api.id, api)
    held_out = dict(_held_out(path))
    for file in grouped:
        for number, fields in enumerate(_objects(file)):
            for told in _list(fields.get("api_list")):
                api = _listed(told)
                apis.setdefault(api.id, api)
            query = _grouped_query(fields, file.stem, number, held_out)
            known = queries.get(query.id)
            if known is None or known.split == "train":  # what is held out anywhere is not learned
                queries[query.id] = query
    for name, read in ((RETRIEVE, _retrieved), (AGENT, _acted)):
        if (path / name).exists():
            for number, fields in enumerate(_objects(path / name)):
                query = read(fields, f"{name.partition('.')[0]}-{number}")
                queries[query.id] = query
    usable = (each for each in queries.values() if each.apis and set(each.apis) <= apis.keys())
    return tuple(apis.values()), tuple(usable)


def id_of(token: str) -> str:
    """Returns the id of an API by its token.

    >>> id_of("<<Weather&&forecast>>"), id_of("[TOOL_3]"), id_of("search_for_spotify")
    ('Weather&&forecast', 'TOOL_3', 'search_for_spotify')
    """
    found = _TOKEN.match(token.strip())
    return _clean((found["spelled"] or found["numbered"]) if found else token)


def _objects(path: Path) -> Iterator[Mapping[str, Any]]:
    for name, record in find_sources(str(path)).records():
        if not isinstance(record, Record):
            raise ConfigError(f"Cannot read the catalogue: {record}.")
        if not isinstance(record.fields, Mapping):
            raise ConfigError(f"{name}, record {record.number}, is not an object.")
        yield record.fields


def _held_out(path: Path) -> Iterator[tuple[str, Split]]:
    """Yields the ids of held-out queries, each with its group, `G1 7`."""
    for file in sorted(path.glob(f"G*{_IDS}")):
        try:
            ids = read_json(file)
        except (OSError, ValueError) as error:
            raise ConfigError(f"Cannot read '{file}': {error}.") from None
        for each in ids:
            yield f"{file.stem[:2]} {each}", _split_of(file.stem)


def _split_of(name: str) -> Split:
    """Returns what a file of queries is for, by its name."""
    return next((split for split in HELD_OUT if f"_{split}" in name), "train")


def _memorised(fields: Mapping[str, Any]) -> Api:
    said = _said(fields)
    if said is not None:
        return _api(id_of(said[1]), description=said[0])
    token = fields.get("token") or fields.get("response")
    if not isinstance(token, str):
        raise ConfigError(f"{MEMORIZE} has an object without a token: {str(fields)[:80]}.")
    return _api(id_of(token), description=str(fields.get("description") or ""))


def _api(name: str, *, description: str) -> Api:
    tool, _, api = name.partition("&&")
    return Api(category="", tool=tool, name=api, description=description)


def _listed(told: Mapping[str, Any]) -> Api:
    parameters = [
        ApiParameter(
            str(each.get("name")),
            _TYPES.get(str(each.get("type")).upper(), "string"),
            str(each.get("description") or ""),
            required=kind == "required_parameters",
        )
        for kind in ("required_parameters", "optional_parameters")
        for each in _list(told.get(kind))
    ]
    return Api(
        category=str(told.get("category_name") or ""),
        tool=_clean(str(told.get("tool_name"))),
        name=_clean(str(told.get("api_name"))),
        description=str(told.get("api_description") or ""),
        parameters=tuple(parameters),
    )


def _grouped_query(
    fields: Mapping[str, Any], file: str, number: int, held_out: Mapping[str, Split]
) -> ApiQuery:
    name = f"{file[:2]} {fields.get('query_id', f'{file} {number}')}"
    named = fields.get("relevant APIs") or []
    pairs = [each for each in named if isinstance(each, list | tuple) and len(each) > 1]
    return ApiQuery(
        id=name,
        text=str(fields.get("query") or ""),
        tier="real",
        split=held_out.get(name, _split_of(file)),
        apis=tuple(dict.fromkeys(f"{_clean(str(a))}&&{_clean(str(b))}" for a, b, *_ in pairs)),
    )


def _retrieved(fields: Mapping[str, Any], name: str) -> ApiQuery:
    said = _said(fields)
    text, tokens = (fields.get("query"), fields.get("relevant_tool_tokens") or [])
    if said is not None:
        text, tokens = said[0], [said[1]]
    elif isinstance(fields.get("response"), str):
        tokens = [fields["response"]]
    apis = tuple(dict.fromkeys(id_of(str(each)) for each in tokens))
    return ApiQuery(name, str(text or ""), "real", "train", apis)


def _acted(fields: Mapping[str, Any], name: str) -> ApiQuery:
    plan = _list(fields.get("plan_sequence"))
    calls = []
    for each in plan:
        given = each.get("action_input")
        values = given if isinstance(given, Mapping) else {}
        calls.append(ApiCall.written(id_of(str(each.get("action"))), values))
    return ApiQuery(
        name,
        str(fields.get("query") or ""),
        "real",
        "train",
        apis=tuple(dict.fromkeys(call.api for call in calls)),
        calls=tuple(calls),
        thoughts=tuple(" ".join(str(each.get("thought") or "").split()) for each in plan),
        answer=" ".join(str(fields.get("final_answer") or "").split()),
    )


def _said(fields: Mapping[str, Any]) -> tuple[str, str] | None:
    """Returns what user and assistant say in a conversation of two turns."""
    turns = [
        each
        for each in _list(fields.get("conversations"))
        if (each.get("role") or each.get("from")) in ("user", "human", "assistant", "gpt")
    ]
    if len(turns) < 2:
        return None
    first, second = (str(each.get("content") or each.get("value") or "") for each in turns[:2])
    return first, second


def _list(value: object) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def _clean(name: str) -> str:
    return " ".join(_LEFT_OUT.sub(" ", name).split())
