"""Errors that a user or a model can act on.

    ToolformerError             something the user can put right: one sentence, no traceback
    ├── CallError               a call cannot be written, or a text already holds one
    ├── ConfigError             a setting is unknown or has a value it may not have
    ├── CorpusError             documents cannot be read
    ├── RunError                a run directory cannot be written, resumed or read
    ├── ModelError              a model cannot be loaded or cannot spell the markers
    ├── ToolError               a tool's expected failure: the model is given its sentence
    │   └── ToolUnavailableError    what the tool relies on could not be reached
    ├── HubError                the Hub cannot be reached, or refuses what is asked of it
    ├── TrainingError           a training got worse instead of better and was stopped
    └── UnknownNameError        a name that stands for nothing, with the near ones

Any other exception is a bug and keeps its traceback.
"""

import threading
from collections.abc import Iterable
from difflib import get_close_matches
from importlib.util import find_spec

_LONGEST_NAME = 100  # characters; comparing takes the square of them
_MOST_NAMES = 50


class ToolformerError(Exception):
    """The root: what happened, the value, and the way out, in one sentence or two."""


class CallError(ToolformerError):
    """A call cannot be written, or a text already holds one."""


class ConfigError(ToolformerError):
    """A setting is unknown or has a value it may not have."""


class CorpusError(ToolformerError):
    """Documents cannot be read."""


class RunError(ToolformerError):
    """A run directory cannot be written, resumed or read."""


class ModelError(ToolformerError):
    """A model cannot be loaded or cannot spell the markers."""


class ToolError(ToolformerError):
    """A tool's expected failure; the model is given its sentence."""


class ToolUnavailableError(ToolError):
    """What a tool relies on could not be reached: the same call may succeed another time."""


class HubError(ToolformerError):
    """The Hub cannot be reached, or refuses what is asked of it."""


class TrainingError(ToolformerError):
    """A training got worse instead of better and was stopped."""


class UnknownNameError(ToolformerError):
    """A name that stands for nothing."""


def how_to_install(extra: str) -> str:
    """Returns the command that installs an extra of this package.

    >>> how_to_install("serve")
    'pip install "toolformer-engine[serve]"'
    """
    return f'pip install "toolformer-engine[{extra}]"'


def check_installed(*packages: str, extra: str, what: str) -> None:
    """Refuses something where packages that an extra brings are not installed.

    Args:
        packages: by the names by which they are imported.
        extra: that brings them.
        what: needs them, as a sentence begins with it.

    Raises:
        ConfigError: says how they are installed.
    """
    if any(find_spec(each) is None for each in packages):
        raise ConfigError(f"{what} needs an extra: {how_to_install(extra)}.")


def closest(value: str, options: Iterable[str], *, what: str) -> str:
    """Returns a sentence about an unknown name: the nearest known one, and all there are.

    Of many the first are named, and what is too long to be a misspelled name is not compared.

    >>> closest("calculater", ["calculator", "calendar"], what="tool")
    "Unknown tool 'calculater'. Did you mean 'calculator'? Available: calculator, calendar."
    >>> closest("zzz", [], what="tool")
    "Unknown tool 'zzz'. None are available."
    """
    names = list(options)
    folded = {name.casefold(): name for name in reversed(names) if len(name) <= _LONGEST_NAME}
    near = get_close_matches(value.casefold()[: _LONGEST_NAME + 1], folded, n=1)
    guess = f" Did you mean {folded[near[0]]!r}?" if near else ""
    listed = ", ".join(clipped(name, 100) for name in names[:_MOST_NAMES])
    more = f" and {len(names) - _MOST_NAMES:,} more" if len(names) > _MOST_NAMES else ""
    known = f"Available: {listed}{more}." if names else "None are available."
    return f"Unknown {what} {clipped(value)!r}.{guess} {known}"


def is_interrupt(error: BaseException) -> bool:
    """Returns whether an exception is the user's Ctrl-C, which nothing may keep from its way.

    Whatever else somebody's code raises is its failure: `SystemExit` too, and a `KeyboardInterrupt`
    in a thread that no signal reaches.
    """
    is_main = threading.current_thread() is threading.main_thread()
    return type(error) is KeyboardInterrupt and is_main


def told(error: BaseException) -> str:
    r"""Returns the type of an exception and what it says, on one line.

    >>> told(ValueError("no such\nthing")), told(SystemExit())
    ('ValueError: no such thing', 'SystemExit')
    """
    kind = type(error).__name__
    try:
        said = " ".join(str(error).split())
    except Exception:  # noqa: BLE001  its own way to say it may fail
        said = ""
    return f"{kind}: {said}" if said else kind


def clipped(text: str, most: int = 60) -> str:
    """Returns a text as a message shows it, at most so many characters of it.

    >>> clipped("a long sentence", 9)
    'a long...'
    """
    return text if len(text) <= most else f"{text[: most - 3]}..."
