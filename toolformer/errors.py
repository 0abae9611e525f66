"""Errors that a user or a model can act on.

    ToolformerError             something the user can put right: one sentence, no traceback
    ├── CallError               a call cannot be written, or a text already holds one
    ├── ConfigError             a setting is unknown or has a value it may not have
    ├── CorpusError             documents cannot be read
    ├── RunError                a run directory cannot be written, resumed or read
    ├── ModelError              a model cannot be loaded or cannot spell the markers
    ├── ToolError               a tool's expected failure: the model is given its sentence
    ├── TrainingError           a training got worse instead of better and was stopped
    └── UnknownNameError        a name that stands for nothing, with the near ones

Any other exception is a bug and keeps its traceback.
"""

from collections.abc import Iterable
from difflib import get_close_matches

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


class TrainingError(ToolformerError):
    """A training got worse instead of better and was stopped."""


class UnknownNameError(ToolformerError):
    """A name that stands for nothing."""


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


def clipped(text: str, most: int = 60) -> str:
    """Returns a text as a message shows it, at most so many characters of it.

    >>> clipped("a long sentence", 9)
    'a long...'
    """
    return text if len(text) <= most else f"{text[: most - 3]}..."
