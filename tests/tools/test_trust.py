"""Which specs out of somebody's file a tool may be made of."""

import inspect
from collections.abc import Callable
from importlib.metadata import EntryPoint
from typing import cast

import pytest

from toolformer.errors import ConfigError
from toolformer.tools.base import Tool
from toolformer.tools.registry import DOOR
from toolformer.tools.trust import is_harmless


@pytest.mark.parametrize(
    "spec",
    [
        "calculator",
        " Calculator ",
        "CALENDAR",
        "database",
        "sql",
        "database:",
        "database:table=facts,entity=entity",
        "database:only=Database",
        "calculator:path=/etc/passwd",  # refused by name when it is made: it takes no options
        "sql:nothing=/etc/passwd",  # likewise
    ],
)
def test_built_in_tools_are_harmless(spec: str) -> None:
    assert is_harmless(spec)


@pytest.mark.parametrize(
    "spec",
    [
        "evil.py:f",
        " evil.py:f ",
        "/absolute/evil.py:f",
        "../evil.py:calculator",
        "calculator.py:calculator",
        "./calculator.py:calculator:path=x",
        "evil.py:make:path=x",
        "plugin",
        "calculator2",
        "calculat\u006fr\u200b",
        "ｃalculator",
        "http://example.org/tool.py:f",
        "sql:path=x.db",
        "SQL: path = x.db",
        "sql:path=",
        "sql:path=file:x.db?mode=rw",
        "database:path=x.db",
        "database:table=facts,path=x.db",
        "Database:table=facts, path=/etc/passwd",
    ],
)
def test_code_of_others_and_paths_are_not(spec: str) -> None:
    assert not is_harmless(spec)


@pytest.mark.parametrize(
    "spec",
    ["", ":", ":path=x", "evil.py", "sql:path=a,path=b", "sql:x", "os:system", "evil%2Epy:f"],
)
def test_what_cannot_be_read_is_refused(spec: str) -> None:
    with pytest.raises(ConfigError):
        is_harmless(spec)


# What is in the names of options that open, run or reach something.
OPENING = (
    *("path", "file", "folder", "index", "reader", "directory"),
    *("url", "host", "headers", "endpoint", "password", "command", "env"),
)


def test_built_in_tools_declare_what_they_open() -> None:
    seen = []
    for name, place in DOOR.built_in.items():
        found = EntryPoint(name, place, DOOR.group).load()
        if isinstance(found, Tool):
            continue
        factory = cast(Callable[..., object], found)
        for option in inspect.signature(factory).parameters:
            opens = any(word in option for word in OPENING)
            assert is_harmless(f"{name}:{option}=x") is not opens, f"{name}:{option}"
            seen.append(option)
    assert "path" in seen
