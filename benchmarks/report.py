"""Measured tables as Markdown, and their place in a page of docs/results/.

A section stands between `<!-- gsm8k -->` and `<!-- /gsm8k -->` and is replaced as a whole, so that
the command printed in it always makes the numbers beside it.
"""

import os
import platform
import shlex
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

Cell = str | int | float


def table(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """Returns a Markdown table; numbers stand to the right.

    >>> print(table(["tool", "kept"], [["Calculator", 12]]))
    | tool | kept |
    |---|---|
    | Calculator | 12 |
    """
    lines = [header, ["---"] * len(header), *rows]
    written = ["|".join(_cell(cell, is_rule=line is lines[1]) for cell in line) for line in lines]
    return "\n".join(f"|{line}|" for line in written)


def percent(part: float, whole: float) -> str:
    """Writes a share as people read it; "–" of nothing.

    >>> percent(1, 3), percent(0, 0)
    ('33.3 %', '–')
    """
    return f"{100 * part / whole:.1f} %" if whole else "–"


def section(
    title: str, parts: Iterable[str], *, module: str, settings: Mapping[str, object]
) -> str:
    """Returns a section: its title, the command that makes it, where and how, then its parts."""
    command = shlex.join(["python", "-m", module, *_shown_arguments()])
    described = ", ".join(f"{name} {value}" for name, value in settings.items())
    return "\n\n".join([f"## {title}", f"`{command}`", f"{machine()}; {described}.", *parts])


def publish(text: str, *, name: str, path: Path | None) -> None:
    """Prints a section, and puts it in its place in a file if one is named."""
    print(text)
    if path is not None:
        old = path.read_text(encoding="utf-8") if path.exists() else "# Measured results\n"
        path.write_text(replace_section(old, text, name=name), encoding="utf-8")


def replace_section(document: str, text: str, *, name: str) -> str:
    r"""Returns a document with what stands between a section's markers replaced.

    A document without them has them put at its end.

    >>> replace_section("A\n<!-- x -->\nold\n<!-- /x -->\nB\n", "new", name="x")
    'A\n<!-- x -->\nnew\n<!-- /x -->\nB\n'
    """
    start, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    block = f"{start}\n{text}\n{end}"
    if start not in document or end not in document:
        return f"{document.rstrip()}\n\n{block}\n"
    before, _, rest = document.partition(start)
    return before + block + rest.partition(end)[2]


def machine() -> str:
    """Returns the processor's name and how many cores a process may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{_processor()}, {cores} cores"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def _shown_arguments() -> list[str]:
    """Returns the command line without what says where its output goes."""
    shown: list[str] = []
    hidden = False
    for argument in sys.argv[1:]:
        hidden = hidden or argument.split("=")[0] in ("--write", "--out")
        if not hidden:
            shown.append(argument)
        elif "=" in argument or not argument.startswith("--"):
            hidden = False
    return shown


def _cell(cell: Cell, *, is_rule: bool) -> str:
    text = f"{cell:.2f}" if isinstance(cell, float) else str(cell).replace("|", "\\|")
    return text if is_rule else f" {text} "
