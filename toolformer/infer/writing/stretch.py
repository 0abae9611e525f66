"""The text that grows between two calls, with its tokens: it can be cropped at any character.

Knows no rule about when to do so.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from toolformer.lm.streams import Streams


@dataclass(frozen=True, slots=True)
class _Mark:
    """Where a token ended."""

    tokens: int  # of the stream
    characters: int  # of the stretch


@dataclass(frozen=True, slots=True)
class Said:
    """The text of a step and how likely the model thought it."""

    start: int  # in the stretch
    text: str
    log_prob: float  # nats

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.start + len(self.text)


@dataclass(slots=True)
class Stretch:
    """The text of a stream since its last finished call.

    Attributes:
        streams: Hold the tokens.
        stream: The number of the stream.
        text: The text of the tokens.
        said: What the model chose of it, in order.
    """

    streams: Streams
    stream: int
    text: str = ""
    said: list[Said] = field(default_factory=list)
    _log_prob: float = 0.0  # of tokens whose character is not complete
    _marks: list[_Mark] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._mark()

    def receive_step(self, text: str, log_prob: float = 0.0) -> None:
        """Adds the text of a step."""
        self._log_prob += log_prob
        if text:  # else its token ends inside a character, where nothing can be cropped
            self.said.append(Said(len(self.text), text, self._log_prob))
            self._log_prob = 0.0
            self.text += text
            self._mark()

    def feed(self, pieces: Sequence[str]) -> None:
        """Adds text that the model did not choose.

        Raises:
            ModelError: there is no room for it.
        """
        self.streams.feed(self.stream, pieces)
        self.text += "".join(pieces)
        self._mark()

    def crop(self, characters: int) -> None:
        """Crops the text to so many characters."""
        while self._marks[-1].characters > characters:
            self._marks.pop()
        last = self._marks[-1]
        self.streams.crop(self.stream, last.tokens)
        while self.said and self.said[-1].end > characters:
            self.said.pop()
        self._log_prob = 0.0
        kept, self.text = self.text[:characters], self.text[: last.characters]
        if kept != self.text:  # a token held both what stays and what goes
            self.feed([kept[last.characters :]])

    def _mark(self) -> None:
        self._marks.append(_Mark(self.streams.tokens(self.stream), len(self.text)))
