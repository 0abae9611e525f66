"""Where tools come from: entry points, and typed functions in other people's files.

A spec is `calculator`, `database:path=facts.db,table=facts`, `my_tools.py:convert` or
`my_tools.py:make_search:index=pages`.
"""

import hashlib
import importlib
import importlib.util
import inspect
import re
import sys
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from itertools import combinations
from pathlib import Path
from stat import S_ISREG
from types import ModuleType

from toolformer.errors import ConfigError, ToolformerError, UnknownNameError, closest
from toolformer.tools.base import Tool, tool
from toolformer.tools.signature import type_adapter

GROUP = "toolformer.tools"

# What pyproject.toml declares in the group, for a source tree that nobody installed; a test
# compares the two.
BUILT_IN: Mapping[str, str] = {
    "calculator": "toolformer.tools.calculator:calculator",
    "calendar": "toolformer.tools.calendar:calendar",
    "database": "toolformer.tools.database:database",
    "sql": "toolformer.tools.sql:sql",
}
DEFAULT = ("calculator", "calendar", "database")

_FILE = re.compile(r"^(?P<file>.+\.py):(?P<name>[^:]+)(?::(?P<options>.*))?$", re.DOTALL)
_SEPARATOR = re.compile("[:,=]")
_NAMED = re.compile(r"^(?P<name>[^:]+?)(?::(?P<options>.*))?$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A spec taken apart.

    Attributes:
        text: The spec in its one spelling.
        name: Of a function in the file, as it stands, or of an entry point, in lower case.
        file: "" for an entry point.
        options: As they were written.
    """

    text: str
    name: str
    file: str
    options: Mapping[str, str]


def available() -> list[str]:
    """Returns the names that `load_tool` knows without a file, in order."""
    return sorted({*BUILT_IN, *(point.name.casefold() for point in _installed())})


def default_tools() -> list[Tool]:
    """Returns the tools a run uses when none are named."""
    return [load_tool(name) for name in DEFAULT]


def load_tool(spec: str) -> Tool:
    """Returns the tool that a spec names.

    A tool from a file or from another distribution is isolated: a Toolbox runs it in a worker
    process.

    Raises:
        UnknownNameError: No tool has this name; the near ones are offered.
        ConfigError: The spec cannot be read, or its options do not fit.
    """
    parts = read_spec(spec)
    if parts.file:
        found, is_ours = _from_file(Path(parts.file), parts.name), False
    elif parts.name in BUILT_IN:
        found, is_ours = EntryPoint(parts.name, BUILT_IN[parts.name], GROUP).load(), True
    else:
        found, is_ours = _from_entry_point(parts.name), False
    made = _make(found, parts, spec=spec)
    return replace(made, spec=parts.text, options=parts.options, isolated=not is_ours)


def read_spec(spec: str) -> ToolSpec:
    """Takes a spec apart.

    >>> read_spec("database:path=facts.db,table=facts").options
    {'path': 'facts.db', 'table': 'facts'}
    >>> read_spec("my_tools.py:convert")
    ToolSpec(text='my_tools.py:convert', name='convert', file='my_tools.py', options={})

    Raises:
        ConfigError: The spec cannot be read.
    """
    text = spec.strip()
    match = _FILE.match(text) or _NAMED.match(text)
    if match is None or text.endswith(".py"):
        raise ConfigError(
            f"Cannot read the tool {spec!r}: write a name such as calculator, a name with options "
            "such as database:path=facts.db, or a function in a file such as my_tools.py:convert."
        )
    file, name = match.groupdict().get("file") or "", match["name"].strip()
    if not file:
        name = name.casefold()
    options = _read_options(match["options"] or "", spec=spec)
    written = ",".join(f"{key}={value}" for key, value in options.items())
    text = ":".join(filter(None, (file, name, written)))
    return ToolSpec(text, name, file, options)


def stamp_files(specs: Iterable[str]) -> dict[str, list[int]]:
    """Returns what tells the files that specs name from what stood there before.

    Whatever stands between two of a spec's separators and is a file counts, for only a tool itself
    knows which of its options are paths.

    Returns:
        By path: bytes, and nanoseconds at the last change; nothing where no file is named.
    """
    stamps = {}
    for spec in specs:
        borders = [-1, *(mark.start() for mark in _SEPARATOR.finditer(spec)), len(spec)]
        for start, end in combinations(borders, 2):
            piece = spec[start + 1 : end].strip()
            try:
                found = Path(piece).stat()
            except (OSError, ValueError):  # no file, or no name for one
                continue
            if S_ISREG(found.st_mode):
                stamps[piece] = [found.st_size, found.st_mtime_ns]
    return dict(sorted(stamps.items()))


def _read_options(text: str, *, spec: str) -> dict[str, str]:
    options: dict[str, str] = {}
    name = ""
    for piece in text.split(",") if text else []:
        key, equals, value = piece.partition("=")
        if equals:
            name = key.strip()
            if name in options:
                raise ConfigError(f"The tool {spec!r} gives the option {name!r} twice.")
            options[name] = value.strip()
        elif name:  # a comma inside a value
            options[name] += f",{piece}"
        else:
            raise ConfigError(f"The tool {spec!r} has the option {piece!r}; write name=value.")
    return options


def _installed() -> list[EntryPoint]:
    return list(entry_points(group=GROUP))


def _from_entry_point(name: str) -> object:
    for point in _installed():
        if point.name.casefold() == name.casefold():
            try:
                return point.load()
            except (ImportError, AttributeError) as error:
                raise ConfigError(
                    f"The tool {name!r} ({point.value}) cannot be imported: {error}."
                ) from error
    raise UnknownNameError(closest(name, available(), what="tool"))


def _from_file(path: Path, name: str) -> object:
    module = _import_file(path)
    try:
        return getattr(module, name)
    except AttributeError:
        names = [
            other
            for other, value in vars(module).items()
            if not other.startswith("_")
            and (
                isinstance(value, Tool)
                or (inspect.isfunction(value) and value.__module__ == module.__name__)
            )
        ]
        raise UnknownNameError(closest(name, names, what=f"tool in {path}")) from None


def _import_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise ConfigError(f"There is no file {str(path)!r} to take a tool from.")
    return _import_module(path.resolve(), path.stat().st_mtime_ns)


@cache
def _import_module(path: Path, changed_ns: int) -> ModuleType:  # noqa: ARG001  part of the key
    # A name of its own: `json.py` of a user must not stand in for the library's.
    digest = hashlib.sha256(str(path).encode()).hexdigest()[:8]
    name = f"toolformer_file_{path.stem}_{digest}"
    location = importlib.util.spec_from_file_location(name, path)
    if location is None or location.loader is None:
        raise ConfigError(f"{str(path)!r} is no Python file.")
    module = importlib.util.module_from_spec(location)
    sys.modules[name] = module  # annotations and dataclasses look their module up
    try:
        location.loader.exec_module(module)
    except ToolformerError:
        del sys.modules[name]
        raise
    except Exception as error:
        del sys.modules[name]
        raise ConfigError(f"{str(path)!r} cannot be imported: {_said(error)}.") from error
    return module


def _make(found: object, parts: ToolSpec, *, spec: str) -> Tool:
    """Makes the tool: what was found is one, or a function that returns one, or a function."""
    if callable(found) and not isinstance(found, Tool) and _returns_tool(found):
        return _call_factory(found, parts.options, spec=spec)
    if parts.options:
        raise ConfigError(
            f"The tool {spec!r} takes no options; it was given {', '.join(parts.options)}."
        )
    if isinstance(found, Tool):
        return found
    if inspect.isfunction(found):
        return tool(found)
    raise ConfigError(f"{spec!r} names {found!r}, which is neither a function nor a Tool.")


def _returns_tool(function: Callable[..., object]) -> bool:
    try:
        return typing.get_type_hints(function).get("return") is Tool
    except (NameError, TypeError):
        return False


def _call_factory(factory: Callable[..., object], options: Mapping[str, str], *, spec: str) -> Tool:
    from pydantic import ValidationError

    known = inspect.signature(factory, eval_str=True).parameters
    values: dict[str, object] = {}
    for name, text in options.items():
        if name not in known:
            raise ConfigError(closest(name, known, what=f"option in {spec!r}:"))
        try:
            values[name] = type_adapter(known[name].annotation).validate_python(text)
        except ValidationError as error:
            reason = error.errors(include_url=False, include_context=False)[0]["msg"]
            raise ConfigError(f"The tool {spec!r} has {name}={text!r}: {reason}.") from None
    missing = [
        name
        for name, parameter in known.items()
        if parameter.default is inspect.Parameter.empty and name not in values
    ]
    if missing:
        raise ConfigError(f"The tool {spec!r} needs the option {missing[0]}=...")
    made = factory(**values)
    if not isinstance(made, Tool):
        raise ConfigError(f"{spec!r} should return a Tool, not {made!r}.")
    return made


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
