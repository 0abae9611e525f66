"""Tools that misbehave, each in its own way; loaded by the tests, as a user's file."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from toolformer.errors import ToolUnavailableError
from toolformer.tools import Ask, Tool, tool

CALLS: list[str] = []


def echo(text: str) -> str:
    return text


def raises(text: str) -> str:
    raise ValueError(f"no such\nthing: {text}")


def unreachable(text: str) -> str:
    raise ConnectionRefusedError(111, "Connection refused")


def unreachable_by_name(text: str) -> str:
    raise ToolUnavailableError("Down for today.")


def hangs(text: str) -> str:
    time.sleep(60)
    return text


def spins(text: str) -> str:
    while True:
        pass


def exits(text: str) -> str:
    os._exit(3)


def leaves(text: str) -> str:
    sys.exit(4)


def dies(text: str) -> str:
    os.kill(os.getpid(), signal.SIGKILL)
    return text


def dies_once(path: str) -> str:
    if not Path(path).exists():
        Path(path).touch()
        os._exit(1)
    return "alive"


def ten_megabytes(text: str) -> str:
    return "word " * 2_000_000


def too_much_memory(text: str) -> str:
    return str(len(bytearray(3 << 30)))


def brackets(text: str) -> str:
    return '{"a": [1]} ]['


def newlines(text: str) -> str:
    return "one\n\n two\r\n\tthree\x00\x1b[31m"


def nothing(text: str) -> None:
    return None


def white_space(text: str) -> str:
    return " \n "


def number(text: str) -> float:
    return 24.0


def mapping(text: str) -> dict[str, list[int]]:
    return {"a": [1]}


def surrogate(text: str) -> str:
    return "\ud800x"


def prints(text: str) -> str:
    print("to standard output")  # noqa: T201
    return "printed"


def reads_input(text: str) -> str:
    return f"read {sys.stdin.read()!r}"


def process(text: str) -> str:
    return str(os.getpid())


def starts_a_child(path: str) -> str:
    if os.fork() == 0:
        time.sleep(1)
        Path(path).touch()
        os._exit(0)
    time.sleep(60)
    return ""


@tool(pure=False)
def counts(text: str) -> str:
    """Counts its own calls."""
    CALLS.append(text)
    return f"{text} is number {len(CALLS)}"


@tool(context=("today",))
def tells_the_date(text: str, *, today: date | None) -> str:
    """Says what it was told."""
    return f"{text} on {today}"


async def sleeps(text: str) -> str:
    await asyncio.sleep(60)
    return text


def together(calls: Sequence[Mapping[str, object]]) -> list[object]:
    texts = [str(call["text"]) for call in calls]
    if "poison" in texts:
        os._exit(5)
    return [ValueError("no such thing") if text == "bad" else f"{len(texts)}" for text in texts]


@tool(run_batch=together)
def batched(text: str) -> str:
    """Returns how many calls ran together."""
    [value] = together([{"text": text}])
    if isinstance(value, Exception):
        raise value
    return str(value)


def family(path: Path = Path("closed")) -> list[Tool]:
    """Makes two tools that share a process and a connection, and one that is impure."""

    def close() -> None:
        with path.open("a") as file:
            file.write(f"{os.getpid()}\n")

    def here(text: str) -> str:
        return str(os.getpid())

    return [
        tool(here, name="One", close=close),
        tool(here, name="Two", close=close),
        tool(here, name="Impure", pure=False, close=close),
    ]


@tool(context=("ask",))
def asks(text: str, *, ask: Ask | None) -> str:
    """Asks a model."""
    return "" if ask is None else ask([text])[0]
