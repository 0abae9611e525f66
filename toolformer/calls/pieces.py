"""A call and its parts: what a format takes and gives."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

# By what is written of a call's arguments, how they may continue: with one of these texts, whole;
# None where anything may come, no text where nothing can. Equal texts have equal answers.
Spell = Callable[[str], Sequence[str] | None]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A request to run one tool on one argument text."""

    tool: str
    arguments: str  # as the grammar writes them: "400 / 1400", or the text of a JSON object

    def __str__(self) -> str:
        """Returns the call as people note it, whatever the grammar."""
        return f"{self.tool}({self.arguments})"


@dataclass(frozen=True, slots=True)
class CallPieces:
    """The fixed pieces in which a call is written, encoded and decoded."""

    lead: str
    arguments: str  # with what closes them
    arrow: str  # "" without an output, as is `output`
    output: str  # with the white space that belongs to it
    close: str  # "" where the arguments have closed all of it

    @property
    def asked(self) -> str:
        """The part that a model writes itself."""
        return self.lead + self.arguments

    @property
    def supplied(self) -> str:
        """The part that decoding supplies."""
        return self.arrow + self.output + self.close

    def __iter__(self) -> Iterator[str]:
        """Yields the pieces that are not empty, in order."""
        pieces = (self.lead, self.arguments, self.arrow, self.output, self.close)
        return (piece for piece in pieces if piece)


@dataclass(frozen=True, slots=True)
class ArgumentsEnd:
    """Where arguments that were being written have closed, or can close no more."""

    arguments: str  # of the call; where they do not close, what counts as written of them
    stop: int  # characters that belong to the call, with what closes it
    problem: str = ""  # one sentence: why they do not close

    @property
    def is_closed(self) -> bool:
        """Whether the call may be run."""
        return not self.problem


@dataclass(frozen=True, slots=True)
class Span:
    """Where a call is in a text that holds it."""

    start: int
    call: ToolCall
    output_start: int | None  # where the arrow begins
    output: str | None
    end: int
