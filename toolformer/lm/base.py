"""The questions that the system asks of a causal language model, each asked in batches.

Knows no model and no tensor. Positions are character offsets into the text, probabilities are
float32, log probabilities nats. Drawing happens behind this border; what crosses it is text and
numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, Self, runtime_checkable

import numpy as np

from toolformer.calls import CallGrammar, Spell, ToolCall
from toolformer.lm.streams import Streams
from toolformer.sidecar import Sidecar

SCORED_TOKENS = 5  # the loss looks at five tokens from the place on; nothing after them matters


@dataclass(frozen=True, slots=True)
class Prompt:
    """The text before the copy of an input; the copy follows directly."""

    shared: str  # the same for every text of a tool, so that it is computed once
    own: str  # holds this text


@dataclass(frozen=True, slots=True)
class TextRequest:
    """A text to be read under the prompt that asks for calls in it."""

    prompt: Prompt
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class StartProbabilities:
    """How likely a call starts at each place of one text."""

    positions: np.ndarray  # (places,) int64: ends of the text's tokens, but not the last
    tokens_before: np.ndarray  # (places,) int64: how many of the text's tokens precede each
    probabilities: np.ndarray  # (places,) float32: p(the whole open marker comes next)


@dataclass(frozen=True, slots=True)
class Branch:
    """A place of a text that was read, and how to continue from there."""

    request: int  # which text of the read batch
    position: int  # a place of that text
    lead: str  # what is forced first: " [Calculator("
    samples: int
    max_tokens: int  # for the arguments, with what closes them
    temperature: float  # 0 is greedy
    key: str  # the draw of a sample's step is a hash of (key, sample, step)
    first_greedy: bool = False  # the first sample is greedy, whatever the temperature
    spell: Spell | None = None  # what the arguments may say; None is anything


@dataclass(frozen=True, slots=True)
class Sampled:
    """The arguments a model wrote: the text up to what closes them, or all if nothing did."""

    text: str
    closed: bool


@dataclass(frozen=True, slots=True)
class LossRequest:
    """Asks how well the tokens after a place are predicted.

    No call asks for L(ε), a call without output for L(e(c, ε)), with an output for L(e(c, r)). The
    call is written in front of the whole text, or at the place itself when `inline`.
    """

    text: str
    position: int
    call: ToolCall | None = None
    output: str | None = None
    inline: bool = False
    without_marker: bool = False  # the open marker's probability is removed, the rest renormalised


@dataclass(frozen=True, slots=True)
class CallScoreRequest:
    """Asks how well a text that was read continues at a place once a call stands there.

    The row is the text under its prompt up to the place, the call, and the text's next tokens.
    Without an output it asks for L(e(c, ε)), with one for L(e(c, r)).
    """

    request: int  # which text of the read batch
    position: int  # a place of that text
    call: ToolCall
    output: str | None
    tokens: int  # of the text from the place on, at least 1; fewer are scored at its end


@dataclass(slots=True)
class TokenUsage:
    """Tokens a model was given to forward, by what for. Padding is counted apart."""

    prompt: int = 0  # a tool's shared prompt
    text: int = 0  # a text's own prompt and the text under it
    decode: int = 0  # forced leads and sampled tokens
    score: int = 0  # rows of the losses
    padding: int = 0

    @property
    def total(self) -> int:
        """Tokens forwarded, padding left out."""
        return self.prompt + self.text + self.decode + self.score


class Trunks(Protocol):
    """Texts read under their prompts; whatever the model keeps of them is given back by `close`."""

    starts: list[StartProbabilities]  # one per text, in the order of the requests

    @property
    def log_probs(self) -> list[np.ndarray]:
        """One (tokens - 1,) float32 per text: log p of each token but the first under its prompt.

        In nats; tokens that end inside a character are among them. After a place with n
        `tokens_before` the text continues with the token of log_probs[n - 1].
        """

    def sample(self, branches: Sequence[Branch]) -> list[list[Sampled]]:
        """Continues each branch until its call's arguments close; one list of `samples` per branch.

        A branch ends unclosed at a line end, with the lead of another call (no call holds one), at
        an end-of-text token, `max_tokens`, or the end of the model's context. Neither the other
        branches nor the batch change what is drawn.
        """

    def score(self, requests: Sequence[CallScoreRequest]) -> list[np.ndarray]:
        """Returns (up to `tokens`,) float32 per request: log p of the tokens from its place on.

        A row costs its call and the scored tokens; the text before it and the prompt are those
        that were read. Alike requests are one row. Neither the others nor the samples change it.

        Raises:
            ModelError: if a position is not a place of its text, a row exceeds `max_length`, or
                its text is not kept.
        """

    def close(self) -> None:
        """Frees what is kept. Further samples and scores are refused."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *error: object) -> None: ...


@runtime_checkable
class Paced(Protocol):
    """A language model that knows about how fast it is."""

    @property
    def tokens_per_second(self) -> float:
        """About how many tokens it forwards a second, told from its size and never measured."""


@runtime_checkable
class LanguageModel(Protocol):
    """A causal language model that proposes calls, judges them and makes them."""

    @property
    def name(self) -> str:
        """The name that the user gave it."""

    @property
    def fingerprint(self) -> str:
        """A hash of all that decides the model's answers."""

    @property
    def grammar(self) -> CallGrammar:
        """How the model's calls are written."""

    @property
    def sidecar(self) -> Sidecar | None:
        """How the model was taught to write calls; None when it was not."""

    @property
    def max_length(self) -> int:
        """The longest row, in tokens, prompt included."""

    @property
    def batch_tokens(self) -> int:
        """About how many tokens, prompts included, the texts of one `read` should have together."""

    @property
    def usage(self) -> TokenUsage:
        """The tokens forwarded so far."""

    def read(self, requests: Sequence[TextRequest], *, keep: bool = True) -> Trunks:
        """Reads texts under their prompts.

        Args:
            requests: texts and their prompts.
            keep: whether the texts will be branched from. If not, only `starts` and `log_probs`
                are told, and nothing else is kept.

        Raises:
            ModelError: if a prompt and its text are longer than `max_length`.
        """

    def target_log_probs(self, requests: Sequence[LossRequest]) -> list[np.ndarray]:
        """Returns (up to 5,) float32 per request: log p of each token from the place on.

        Fewer at a text's end.

        Raises:
            ModelError: if a position is not a place of its text, or a row exceeds `max_length`.
        """

    def text_log_probs(
        self, texts: Sequence[str], *, without_marker: bool = False
    ) -> list[np.ndarray]:
        """Returns (tokens,) float32 per text: log p of each token given the ones before it.

        The start token precedes the first; without one the first token's is left out. A text
        longer than the context is read in windows that overlap by half, each token scored once.

        Args:
            texts: whole texts.
            without_marker: the open marker's probability is removed and the rest renormalised,
                except where the target itself is the marker ("calls disabled").
        """

    def streams(self) -> Streams:
        """Returns a fresh, empty set of streams."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Returns the number of tokens of each text, special tokens left out."""

    def token_ends(self, text: str) -> np.ndarray:
        """Returns (tokens,) int64: where the text's tokens end, as character offsets, ascending.

        The last one is included. A token that ends inside a character of several tokens has the
        offset at which this character begins, so that there is a number for every token.
        """
