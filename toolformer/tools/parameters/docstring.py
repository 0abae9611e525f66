"""A docstring taken apart: what a function does, its parameters, examples. Pure text."""

import inspect
import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import zip_longest

# Docstrings are Google's, NumPy's (underlined), Sphinx's (`:param x:`) or Epydoc's (`@param x:`).
_HEADING = re.compile(r"^(?:#+ +|\*\*)?(\w+(?: \w+)?)\s*(?:\*\*)?\s*::?(?:\*\*)?\s*$")
_MARKDOWN_HEADING = re.compile(r"^#+ +(\w+(?: \w+)?)\s*$")
_UNDERLINE = re.compile(r"^[-=~]{3,}\s*$")
_UNDERLINED = "\n"  # ends the title of an underlined section
_BEGUN = re.compile(r"^(Returns?|Yields?|Raises?|Todo)\s*:\s+(.*)$")
_ASIDE = re.compile(r"^(?:\.\. [\w-]+::|>>> |```)")
_FIELD = re.compile(r"^[:@](\w+)(?:\s+([^:]*\w))?\s*:\s*(.*)$")
_JAVADOC = re.compile(
    r"^[@\\](param|arg|returns?|raises?|throws|type|rtype|see)\b(?:\s+(\w+))?(?:\s+(.*))?$"
)
_PARAMETER_FIELDS = frozenset({"param", "parameter", "arg", "argument", "key", "keyword"})
_PARAMETER_SECTIONS = frozenset(
    {
        "args",
        "arguments",
        "keyword args",
        "inputs",
        "keyword arguments",
        "kwargs",
        "other parameters",
        "parameters",
        "params",
    }
)
_EXAMPLE_SECTIONS = frozenset({"example", "examples"})
_ENTRY = re.compile(
    r"^(?:[-*+]\s+)?[`*]*(?P<names>\w+)[`*]*\s*(?:\([^)]*\)+)?\s*(?::|--?(?=\s)|–)\s*(?P<text>.*)$"
)
_NUMPY_ENTRY = re.compile(r"^(?P<names>\*{0,2}\w+(?:\s*,\s*\*{0,2}\w+)*)\s*(?::.*)?(?P<text>)$")


@dataclass(frozen=True, slots=True)
class Docstring:
    """A docstring taken apart."""

    description: str
    parameters: dict[str, str]
    examples: tuple[str, ...]


def read_docstring(docstring: str) -> Docstring:
    r"""Takes a docstring apart, whichever of the usual styles it is in.

    >>> read_docstring("Adds.\n\nArgs:\n    a: One.\nExamples:\n    1 [add(1, 1)] 2")
    Docstring(description='Adds.', parameters={'a': 'One.'}, examples=('1 [add(1, 1)] 2',))
    """
    sections: dict[str, list[str]] = {"": []}
    parameters: dict[str, str] = {}
    current = ""
    has_begun = False  # the first line is a description, unless it is the title of a section
    lines = inspect.cleandoc(docstring).splitlines()
    for line, following in zip_longest(lines, lines[1:], fillvalue=""):
        if _UNDERLINE.match(line) and current.endswith(_UNDERLINED):
            continue
        if _UNDERLINE.match(following) and line[:1].strip():
            current = line.strip().lower() + _UNDERLINED
        elif (heading := _HEADING.match(line) or _MARKDOWN_HEADING.match(line)) and (
            has_begun or heading[1].lower() in _PARAMETER_SECTIONS | _EXAMPLE_SECTIONS
        ):
            current = heading[1].lower()
        elif begun := _BEGUN.match(line):
            current = begun[1].lower()
            sections.setdefault(current, []).append(begun[2])
            continue
        elif aside := _ASIDE.match(line):
            current = aside[0]
        elif tag := _FIELD.match(line) or _JAVADOC.match(line):
            is_parameter = tag[1] in _PARAMETER_FIELDS and tag[2] is not None
            current = f":{tag[2].split()[-1].lstrip('*')}" if is_parameter else ":"
            sections.setdefault(current, []).append(tag[3] or "")
            continue
        else:
            sections.setdefault(current, []).append(line)
            has_begun = True
            continue
        has_begun = True
        sections.setdefault(current, [])
    for title, body in sections.items():
        if title.startswith(":") and title != ":":
            parameters[title[1:]] = _on_one_line(body)
        elif title.removesuffix(_UNDERLINED) in _PARAMETER_SECTIONS:
            entry = _NUMPY_ENTRY if title.endswith(_UNDERLINED) else _ENTRY
            parameters |= _read_entries(body, entry)
    examples = [
        line.strip()
        for title, body in sections.items()
        if title.removesuffix(_UNDERLINED) in _EXAMPLE_SECTIONS
        for line in body
    ]
    return Docstring(_on_one_line(sections[""]), parameters, tuple(filter(None, examples)))


def _read_entries(lines: Iterable[str], entry: re.Pattern[str]) -> dict[str, str]:
    """Reads the descriptions of parameters; a line that is not an entry continues the one above."""
    described: dict[str, list[str]] = {}
    current: list[str] = []
    lines = [line.expandtabs() for line in lines if line.strip()]
    depths = [len(line) - len(line.lstrip()) for line in lines]
    for line, depth in zip(lines, depths, strict=True):
        if depth < depths[0]:  # prose after the section
            break
        match = entry.match(line.strip()) if depth == depths[0] else None
        if match is None:
            current.append(line)
            continue
        current = [match["text"] or ""]
        for name in match["names"].split(","):
            described[name.strip().lstrip("*")] = current
    return {name: _on_one_line(text) for name, text in described.items()}


def _on_one_line(lines: Iterable[str]) -> str:
    return " ".join(" ".join(lines).split())
