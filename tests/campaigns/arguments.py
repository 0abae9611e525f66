"""Arguments built to break tools: each answers or refuses in a sentence, and the next call works.

All calls go through one Toolbox in this process. `python -m tests.campaigns.arguments` prints how
long the worst of them took, beside the limit.
"""

import random
import resource
import sqlite3
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Literal

from tests.campaigns.campaign import Trial
from toolformer.calls import ToolCall
from toolformer.tools import Toolbox, ToolContext, tool
from toolformer.tools.builtin.calculator import calculator
from toolformer.tools.builtin.calendar import calendar
from toolformer.tools.builtin.database import database
from toolformer.tools.builtin.sql import sql

TRIALS = 600
LIMIT_S = 1.0  # for one call; a query has as long
BUSY_S = 1.0  # more, on a machine that has other things to do
MOST_MEMORY = 100 << 20  # bytes that all calls together may add to this process
TODAY = ToolContext(today=date(2023, 3, 3))


class Unit(Enum):
    """A parameter of few values."""

    KM = "km"
    MILES = "miles"


@tool
def convert(value: float, unit: Unit = Unit.KM, digits: int = 2) -> str:
    """Converts a length."""
    return f"{value} {unit.value} to {digits}"


@tool
def plan(day: date, items: list[int], mode: Literal["fast", "slow"] = "fast") -> str:
    """Plans a day."""
    return f"{day} {sum(items)} {mode}"


@tool
def note(text: str, tags: dict[str, str] | None = None) -> str:
    """Notes a text."""
    return f"{len(text)} {len(tags or {})}"


@dataclass(frozen=True, slots=True)
class Told:
    """What a call must give once more after every hostile one."""

    arguments: str
    output: str


SANE: Mapping[str, Told] = {
    "Calculator": Told("400 / 1400", "0.29"),
    "Calendar": Told("weekday of 2023-03-03", "Friday"),
    "Database": Told("Peru, capital", "Lima"),
    "SQL": Told("SELECT value FROM facts WHERE entity = 'Peru' AND attribute = 'capital'", "Lima"),
    "convert": Told("10, miles", "10.0 miles to 2"),
    "plan": Told("day=2023-03-03, items=[1, 2]", "2023-03-03 3 fast"),
    "note": Told("text='abc'", "3 0"),
}
_PIECES = [
    *"0123456789+-*/^%().,$=x'\"[]{}<>|&;:!?#@\\_~` \t\n",
    *"\x00\ud800\u202e\u0663\uff11\u00bd\u221e\u2212\U0001f600",
    *("**", "9**9", "(((", ")))", "1e308", "1,234", "0x10", "nan", "inf", "None", "-0.0"),
    *("\x1b[31m", "lambda:", "today", "weekday of ", "March 3, 2023", "9999-12-31"),
    *(" + 99999999 years", "days from ", "Peru", "capital", ", ", "' OR 1=1 --", "NULL", "entity="),
    *("value=", '{"value": ', "f'{x}'"),
]  # fmt: skip
_RECURSIVE = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) "
_QUERIES = [
    "SELECT {many} FROM bulk",
    "SELECT {many} FROM bulk, bulk AS b, bulk AS c, bulk AS d ORDER BY b.n * c.n * d.n DESC",
    "SELECT group_concat({one}) FROM bulk, bulk AS b, bulk AS c",
    "SELECT DISTINCT b.n || c.n || {one} FROM bulk, bulk AS b, bulk AS c, bulk AS d",
    "SELECT count(*) FROM bulk, bulk AS b, bulk AS c, bulk AS d WHERE {one} = {one}",
    _RECURSIVE + "SELECT {one} FROM bulk, c ORDER BY x DESC",
    _RECURSIVE + "SELECT json_group_array({one} || x) FROM bulk, c",
    "WITH RECURSIVE c AS (SELECT {one} AS x FROM bulk UNION ALL SELECT x || x FROM c) "
    "SELECT * FROM c",
]
_CELLS = [
    "bulk.a", "ltrim(bulk.a, bulk.b)", "rtrim(bulk.a, bulk.b)", "trim(bulk.b || bulk.a, bulk.a)",
    "instr(bulk.a || bulk.a, bulk.a || 'b')", "replace(bulk.a, 'a', bulk.a)", "hex(hex(bulk.a))",
    "quote(bulk.a)", "printf('%99999d', bulk.n)", "printf('%*d', 999999999, 1)", "upper(bulk.a)",
    "bulk.a LIKE '%a%a%a%a%a%a%a%z'", "bulk.a GLOB '*a*a*a*a*a*a*a*z'", "json_quote(bulk.a)",
    "soundex(bulk.a)", "substr(bulk.a, -99999)", "zeroblob(999999999)", "randomblob(999999999)",
    "length(bulk.a || bulk.b)", "char(55296)", "9e999", "x'ff'", "load_extension('x')",
]  # fmt: skip


def campaign(draw: random.Random, trials: int, folder: Path) -> Iterator[Trial]:
    path = _write_bulk(folder / "bulk.db")
    tools = [calculator, calendar, database(path), sql(path), convert, plan, note]
    with Toolbox(tools) as toolbox:
        for name, told in SANE.items():
            _ask(toolbox, name, told.arguments)  # what is loaded at the first call
        before = _memory()
        for number in range(trials):
            name = list(SANE)[number % len(SANE)]
            kind, arguments = _hostile(draw, name)
            fault = _fault(toolbox, name, arguments, number=number)
            if not fault and _memory() - before > MOST_MEMORY:
                fault = f"{(_memory() - before) >> 20} MB more than before the first"
            yield Trial(name, f"{kind}: {arguments[:200]!r}", fault)


def _fault(toolbox: Toolbox, name: str, arguments: str, *, number: int) -> str:
    start = time.monotonic()
    output, error = _ask(toolbox, name, arguments)
    seconds = time.monotonic() - start
    if seconds > 1.2 * LIMIT_S + BUSY_S:
        return f"took {seconds:.1f} s"
    said = output or error
    if not said or len(said) > 500 or not said.isprintable():
        return f"answered {said!r}"
    if error.startswith(f"{name} raised "):
        return error
    if error and not error.endswith((".", "...", "?", "'")) and len(error) < 490:
        return f"not a sentence: {error}"
    start = time.monotonic()
    told = SANE[name]
    # Another spelling each time: else the first result would be given again.
    output, error = _ask(toolbox, name, told.arguments + " " * number)
    if output != told.output:
        return f"the next call gave {output!r} {error!r}"
    if time.monotonic() - start > BUSY_S:
        return f"the next call took {time.monotonic() - start:.1f} s"
    return ""


def _ask(toolbox: Toolbox, name: str, arguments: str) -> tuple[str, str]:
    [result] = toolbox.execute([ToolCall(name, arguments)], TODAY)
    return result.output or "", result.error or ""


def _hostile(draw: random.Random, name: str) -> tuple[str, str]:
    if name == "SQL" and draw.random() < 0.7:
        return "a query", _query(draw)
    kinds: list[tuple[str, Callable[[random.Random, Told], str]]] = [
        ("soup", _soup),
        ("one piece, long", _long),
        ("nested", _nested),
        ("a sane call, damaged", _damaged),
    ]
    kind, make = draw.choice(kinds)
    return kind, make(draw, SANE[name])


def _soup(draw: random.Random, _: Told) -> str:
    return "".join(draw.choices(_PIECES, k=draw.choice((3, 10, 40, 300))))


def _long(draw: random.Random, _: Told) -> str:
    piece = "".join(draw.choices(_PIECES, k=draw.choice((1, 1, 2, 3))))
    length = draw.choice((490, 3000, 9900, 200_000))
    return draw.choice(("{}", "'{}x'", "{}x", "1{}", "{}1")).format(piece * (length // len(piece)))


def _nested(draw: random.Random, _: Told) -> str:
    opening, closing_ = draw.choice(
        (("(", ")"), ("[", "]"), ('{"a":', "}"), ("-", ""), ("f(", ")"))
    )
    depth = draw.choice((50, 95, 200, 1500))
    inner = draw.choice(("1", "", "x", "=", "'"))
    prefix = draw.choice(("", "value=", "items=", "1, ", '{"value": '))
    return prefix + opening * depth + inner + closing_ * draw.choice((depth, depth - 1, 0))


def _damaged(draw: random.Random, told: Told) -> str:
    text = told.arguments
    for _ in range(draw.choice((1, 2, 5))):
        place = draw.randrange(len(text) + 1)
        text = text[:place] + draw.choice(_PIECES) + text[place + draw.randrange(3) :]
    return text


def _query(draw: random.Random) -> str:
    many = ", ".join(draw.choices(_CELLS[:16], k=draw.choice((1, 20, 99))))
    return draw.choice(_QUERIES).replace("{many}", many).replace("{one}", draw.choice(_CELLS))


def _write_bulk(path: Path) -> Path:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("CREATE TABLE facts (entity, attribute, value)")
        connection.execute("INSERT INTO facts VALUES ('Peru', 'capital', 'Lima')")
        connection.execute("CREATE TABLE bulk (n, a, b)")
        rows = [(n, "a" * 90_000, "b" * 90_000 + "a") for n in range(40)]
        connection.executemany("INSERT INTO bulk VALUES (?, ?, ?)", rows)
    return path


def _memory() -> int:
    """Returns the most memory that this process has had, in bytes."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most << 10


def main() -> None:
    """Prints the slowest call of each tool: the bar is 1.2 times its limit."""
    draw = random.Random(1)
    slowest: dict[str, tuple[float, str]] = defaultdict(lambda: (0.0, ""))
    with tempfile.TemporaryDirectory() as folder:
        path = _write_bulk(Path(folder) / "bulk.db")
        tools = [calculator, calendar, database(path), sql(path), convert, plan, note]
        with Toolbox(tools) as toolbox:
            for name, told in SANE.items():
                _ask(toolbox, name, told.arguments)
            before = _memory()
            for number in range(TRIALS):
                name = list(SANE)[number % len(SANE)]
                _, arguments = _hostile(draw, name)
                start = time.monotonic()
                _ask(toolbox, name, arguments)
                slowest[name] = max(slowest[name], (time.monotonic() - start, arguments[:60]))
    print("| tool | slowest call, s | limit, s | its arguments |\n|---|---|---|---|")
    for name, (seconds, arguments) in slowest.items():
        print(f"| {name} | {seconds:.3f} | {LIMIT_S:g} | {arguments!a} |")
    print(f"\n{(_memory() - before) >> 20} MB more than before the first call")


if __name__ == "__main__":
    main()
