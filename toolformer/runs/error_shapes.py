"""Tools' errors by the shape of their message: what is quoted and what is a number left out."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from toolformer.records import Candidate

NUMBER = "N"
QUOTED = "'…'"

_LONGEST = 1000  # characters of a message that are looked at
# A quote opens where no word ends and closes where none begins: the one in "doesn't" is neither.
_QUOTES = re.compile(
    r"""(?<!\w)'(?:[^'\\]|\\.|'(?=\w))*'(?!\w)|(?<!\w)"(?:[^"\\]|\\.)*"(?!\w)"""
    r"""|“[^”]*”|«[^»]*»|‘(?:[^’]|’(?=\w))*’(?!\w)"""
)
_NUMBERS = re.compile(r"(?<![\w.])[-+−]?(?:\d+(?:,\d+)*(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?(?!\w)")
_LISTED = re.compile(rf"{QUOTED}(?:(?:,? (?:and|or) |, ){QUOTED})+")
# As `errors.closest` has it: what is unknown, of what, and what there is instead.
_OWNER = re.compile(rf"(?<= of )[^:'.]+(?=: {QUOTED})")
_AVAILABLE = re.compile(r"(?<=\bAvailable: ).+$")


@dataclass(frozen=True, slots=True)
class ErrorShape:
    """Messages that differ in numbers and in what they quote."""

    shape: str
    count: int
    example: str  # the first of them, as it was


def error_shape(message: str) -> str:
    r"""Returns a message with `N` for each number and `'…'` for each quoted thing, on one line.

    Of a long message the beginning counts. Names between backticks stay: they are a tool's own.

    >>> error_shape("Cannot divide by zero in '9 / 0'.")
    "Cannot divide by zero in '…'."
    >>> error_shape("The text has 12,345 characters;\n at most 1.5e3 are read.")
    'The text has N characters; at most N are read.'
    >>> error_shape("It doesn't know \"it's\", 'a', 'b' or 'c' in `utf8`.")
    "It doesn't know '…' in `utf8`."
    >>> error_shape("Unknown attribute of Vilnius: 'born'. Available: capital of, twin city.")
    "Unknown attribute of …: '…'. Available: …"
    """
    text = _QUOTES.sub(QUOTED, " ".join(message[:_LONGEST].split()))
    text = _LISTED.sub(QUOTED, _NUMBERS.sub(NUMBER, text))
    return _AVAILABLE.sub("…", _OWNER.sub("…", text))


class ErrorShapes:
    """Counts messages by shape as they come by.

    >>> shapes = ErrorShapes()
    >>> for each in ("No page 3.", "Nothing found for 'tea'.", "No page 17."):
    ...     shapes.add(each)
    >>> [(each.shape, each.count, each.example) for each in shapes.by_count()]
    [('No page N.', 2, 'No page 3.'), ("Nothing found for '…'.", 1, "Nothing found for 'tea'.")]
    """

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._examples: dict[str, str] = {}

    def add(self, message: str) -> None:
        """Counts one message."""
        shape = error_shape(message)
        self._counts[shape] += 1
        self._examples.setdefault(shape, message)

    def by_count(self) -> list[ErrorShape]:
        """Returns the shapes, the commonest first; equally common ones by their text."""
        ranked = sorted(self._counts.items(), key=lambda each: (-each[1], each[0]))
        return [ErrorShape(shape, count, self._examples[shape]) for shape, count in ranked]


class ToolErrors:
    """Counts the errors of each tool by shape, as the candidates of texts come by."""

    def __init__(self) -> None:
        self._shapes: dict[str, ErrorShapes] = {}

    def add(self, candidates: Iterable[Candidate]) -> None:
        """Counts the errors among some candidates."""
        for each in candidates:
            if each.error is not None:
                self._shapes.setdefault(each.tool, ErrorShapes()).add(each.error)

    def by_tool(self) -> dict[str, list[ErrorShape]]:
        """Returns the shapes of each tool that has any, the commonest first, by its name."""
        return {tool: shapes.by_count() for tool, shapes in self._shapes.items()}
