"""Texts that grow side by side, token by token: what the interleaved decoder asks of a model.

Knows no model and no tensor. A stream keeps its keys and values from its first token to its last;
one that is not asked, because it waits for its tool, costs nothing and holds up nobody.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from toolformer.calls import Spell


@dataclass(frozen=True, slots=True)
class StepRequest:
    """How the next token of a stream is to be chosen."""

    stream: int
    temperature: float = 0.0  # 0 is greedy
    key: str = ""  # the draw is a hash of (key, the number of the stream's next token)
    start_rank: int = 0  # k: a call starts when the whole open marker is among the k likeliest
    among: tuple[str, ...] = ()  # leads, " [Calculator(": the stream is to say one of them, whole
    barred: tuple[str, ...] = ()  # leads that may not come to stand in the text
    bar_marker: bool = False  # no token that holds the open marker
    spell: Spell | None = None  # what the arguments may say that the stream writes; None: anything
    written: str = ""  # of these arguments
    begins: str = ""  # what is still to be said first: white space taken off a prompt's end


@dataclass(frozen=True, slots=True)
class StepResult:
    """The outcome of one step of a stream.

    Exactly one of three happens: it said a token (`token` is its id), it would start a call
    (`starts`; nothing was said, and the next ask decides between `among` and `bar_marker`), or its
    text ends here (`ends`; nothing was said).
    """

    stream: int
    text: str = ""  # new text; less than the token says while a character is incomplete
    token: int | None = None
    log_prob: float = 0.0  # nats; of the token as it was chosen, masks applied
    marker_rank: int | None = None  # 1 is likeliest; None where it was not asked for
    starts: bool = False
    ends: bool = False


class Streams(Protocol):
    """A changing set of streams over one model."""

    def admit(self, prompts: Sequence[str], *, templated: bool = False) -> list[int]:
        """Takes in prompts and returns their streams.

        Whole calls in a prompt are encoded as training encodes them. An empty prompt is one start
        token.

        Args:
            prompts: whole texts.
            templated: whether a chat template wrote them: special tokens spelled in them are those
                tokens, and no start token is added.

        Raises:
            ModelError: a prompt does not leave room for one token in the model's context. Its
                sentence is about "it": the caller knows which prompt is meant.
        """

    def step(self, asks: Sequence[StepRequest]) -> list[StepResult]:
        """Lets each of the asked streams choose one token; one forward for all of them.

        Where `among` holds several leads, the model chooses as far as they differ; each step says
        the tokens up to the next such choice, so that a lead is said in as few steps as it has
        choices. Where `spell` has one continuation left, a step says all of it.
        """

    def feed(self, stream: int, pieces: Sequence[str]) -> None:
        """Appends text that the model did not choose, each piece encoded on its own.

        Forwarded together with the stream's next step.

        Raises:
            ModelError: there is no room for it in the model's context.
        """

    def tokens(self, stream: int) -> int:
        """Returns how many tokens a stream has, its prompt and start token included."""

    def room(self, stream: int) -> int:
        """Returns how many tokens still fit into the model's context."""

    def crop(self, stream: int, tokens: int) -> None:
        """Goes back to when a stream had so many tokens."""

    def retire(self, streams: Sequence[int]) -> None:
        """Frees what is kept of streams; they may not be asked again."""
