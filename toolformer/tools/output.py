"""A tool's return value, waited for and folded into the one short line that everybody sees.

Knows no tool: whatever Python value comes, a line of text goes.
"""

import inspect
import json
import re

from toolformer.threads import Threads

MAX_OUTPUT = 500  # characters
_MAX_READ = 100_000  # characters of what a tool returned; white space may fill most of them

# Line breaks, terminal escapes and NUL have no place in a text, a shard or a terminal.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")


def fold(value: object) -> str:
    r"""Returns a tool's return value as one line of at most 500 characters; "" when there is none.

    >>> fold("a\n  b"), fold(24.0), fold(None), fold({"km": [1]})
    ('a b', '24', '', '{"km": [1]}')
    """
    text = _CONTROL.sub(" ", _as_text(value).lstrip()[:_MAX_READ])
    text = text.encode("utf-8", "replace").decode("utf-8")  # lone surrogates cannot be stored
    return " ".join(text.split())[:MAX_OUTPUT].rstrip()


def finished(value: object) -> object:
    """Returns a value, or what it comes to when it is awaitable: it is run to completion here."""
    if not inspect.isawaitable(value):
        return value
    import asyncio  # 30 ms that tools without async functions need not wait for

    awaitable = value

    async def completed() -> object:
        return await awaitable

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(completed())
    with Threads(1, name="awaiting") as thread:  # in a notebook this thread has a loop of its own
        return thread.submit(lambda: asyncio.run(completed())).result()


def _as_text(value: object) -> str:
    match value:
        case None:
            return ""
        case str():
            return value
        case bytes():
            return value.decode("utf-8", "replace")
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        case dict() | list() | tuple():
            return json.dumps(value, ensure_ascii=False, default=str)
        case _:
            return str(value)
