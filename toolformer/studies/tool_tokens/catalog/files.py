"""A catalogue on disk: its settings, an API a line, a query a line.

OUT/catalog.json   the settings, and how many there are of everything; written last
OUT/apis.jsonl     in the order in which tokens are numbered
OUT/queries.jsonl  of all splits
"""

import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from toolformer.corpus.files import Record
from toolformer.corpus.sources import find_sources
from toolformer.errors import ConfigError, RunError
from toolformer.files import from_json, json_text, write_whole
from toolformer.studies.tool_tokens.catalog.make import CatalogConfig, make_tools
from toolformer.studies.tool_tokens.catalog.queries import make_queries
from toolformer.studies.tool_tokens.catalog.records import Api, ApiQuery, Split
from toolformer.studies.tool_tokens.catalog.toolbench import read_toolbench

STATE, APIS, QUERIES = "catalog.json", "apis.jsonl", "queries.jsonl"

_T = TypeVar("_T")


@dataclass(frozen=True)
class Catalogue:
    """APIs, in the order in which their tokens are numbered, and queries for them."""

    apis: tuple[Api, ...]
    queries: tuple[ApiQuery, ...]

    @cached_property
    def by_id(self) -> Mapping[str, Api]:
        """The APIs by their ids."""
        return {api.id: api for api in self.apis}

    def of_split(self, split: Split) -> list[ApiQuery]:
        """Returns the queries of a split."""
        return [query for query in self.queries if query.split == split]


def write_catalogue(out: Path, config: CatalogConfig) -> dict[str, Any]:
    """Makes a catalogue and writes it; returns how many there are of everything.

    APIs are written as they are made. The same settings write the same bytes.

    Raises:
        ConfigError: there cannot be so many.
        RunError: it cannot be written.
    """
    tools = list(make_tools(config))
    apis = _write_lines(out / APIS, (asdict(each.api) for tool in tools for each in tool.apis))
    counts: Counter[str] = Counter()

    def counted() -> Iterator[dict[str, Any]]:
        for query in make_queries(tools, config):
            counts[query.split] += 1
            yield asdict(query)

    _write_lines(out / QUERIES, counted())
    told = {
        "categories": len({tool.thing.category for tool in tools}),
        "tools": len(tools),
        "apis": apis,
        "queries": dict(counts),
    }
    write_whole(out / STATE, json_text({"config": config.to_dict(), **told}))
    return told


def read_catalogue(path: Path) -> Catalogue:
    """Reads a catalogue that was made, or the files of ToolBench and ToolGen.

    Raises:
        ConfigError: it holds neither, or something in it cannot be read.
        CorpusError: a file cannot be opened.
    """
    if not (path / STATE).exists():
        apis, queries = read_toolbench(path)
        return Catalogue(apis, queries)
    return Catalogue(
        tuple(_read_lines(path / APIS, Api)), tuple(_read_lines(path / QUERIES, ApiQuery))
    )


def _write_lines(path: Path, rows: Iterable[dict[str, Any]]) -> int:
    """Writes rows one by one, so that the file is whole or absent; returns how many."""
    temporary = path.with_name(f"{path.name}.{uuid4().hex[:12]}.tmp")
    count = 0
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("w", encoding="utf-8", newline="\n") as stream:
                for row in rows:
                    stream.write(json.dumps(row, ensure_ascii=False) + "\n")
                    count += 1
                stream.flush()
                os.fsync(stream.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise RunError(f"Cannot write '{path}': {error.strerror}.") from error
    return count


def _read_lines(path: Path, kind: type[_T]) -> Iterator[_T]:
    for name, record in find_sources(str(path)).records():
        if not isinstance(record, Record):
            raise ConfigError(f"Cannot read the catalogue: {record}.")
        try:
            yield from_json(kind, dict(record.fields))
        except ValueError as error:
            raise ConfigError(
                f"{name}, line {record.number}, is not of a catalogue ({error}): make it anew with "
                "`toolformer study tool-tokens catalog`."
            ) from None
