"""An answer on a terminal: text, calls and outputs in colours, as they come; elsewhere plain."""

import re
from dataclasses import dataclass, field

from rich.console import Console
from rich.text import Text

from toolformer.calls import Segment
from toolformer.cli.display.console import STYLES
from toolformer.cli.display.gate import clean
from toolformer.infer.answers import CallEvent

_FAILED = "dim red"
_ASIDE = "dim"
# As much of a failure as its first sentences, or else words, say within a line or so.
_BEGINNING = re.compile(r".{1,100}(?<=[.?!])(?=\s)|.{1,100}(?=\s)|.{100}", re.DOTALL)


@dataclass(slots=True)
class Screen:
    """Where a REPL prints. Colours are the console's to leave out."""

    console: Console
    _is_blank: bool = field(default=True, init=False)  # nothing of the answer is shown yet
    _is_forming: bool = field(default=False, init=False)  # a call is shown and its output is not
    _is_line_ended: bool = field(default=False, init=False)

    def show(self, piece: Segment | CallEvent) -> None:
        """Prints a piece of an answer; white space before the first is left out."""
        if isinstance(piece, CallEvent):
            if piece.error is not None and self._is_forming:
                self._write(f"⟨failed: {shortened(clean(piece.error))}⟩", _FAILED)
            self._is_forming = False
            return
        text = piece.text.lstrip() if self._is_blank else piece.text
        if not text:
            return
        self._is_blank = False
        self._is_forming = piece.kind == "call"
        self._is_line_ended = text.endswith("\n")
        # Elsewhere an answer is data: as it is, tabs and all.
        shown = clean(text) if self.console.is_terminal else text
        self._write(shown, STYLES[piece.kind])

    def end(self, aside: str = "") -> None:
        """Ends an answer and its line; a person sees how it ended."""
        if aside and self.console.is_terminal:
            self._write(aside if self._is_blank or self._is_line_ended else f" {aside}", _ASIDE)
            self._is_line_ended = False
        if not self._is_line_ended:
            self._write("\n", "")
        self._is_blank, self._is_forming, self._is_line_ended = True, False, False

    def say(self, text: str) -> None:
        """Prints what a command answers."""
        self._write(f"{clean(text)}\n", "")

    def aside(self, text: str) -> None:
        """Shows a person something that is not an answer."""
        if self.console.is_terminal:
            self._write(f"{clean(text)}\n", _ASIDE)

    def complain(self, sentence: str) -> None:
        """Prints what went wrong."""
        self._write(f"{clean(sentence)}\n", "red")

    def _write(self, text: str, style: str) -> None:
        if not self.console.is_terminal:
            self.console.file.write(text)
            self.console.file.flush()
            return
        # A terminal wraps by itself; words that still grow cannot be wrapped.
        self.console.print(Text(text, style=style), end="", soft_wrap=True)


def shortened(error: str) -> str:
    """Returns the beginning of a long error: an answer is to be read on; `/trace` has the whole.

    >>> shortened("Unknown attribute 'capitol'. Did you mean 'capital'? Available: " + "a, " * 99)
    "Unknown attribute 'capitol'. Did you mean 'capital'? …"
    >>> shortened("Cannot divide by zero.")
    'Cannot divide by zero.'
    """
    beginning = _BEGINNING.match(error) if len(error) > 100 else None
    return error if beginning is None else f"{beginning[0]} …"
