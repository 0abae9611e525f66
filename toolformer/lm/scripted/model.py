"""A language model that follows a script: for tests, for documentation and for authors of tools.

It needs no weights and no torch, and answers the same questions as a real one. A call starts where
the script says, is written as the script says, and a token is cheap to predict once a call's output
has told it.
"""

import hashlib
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Self

import numpy as np

from toolformer.calls import CallGrammar, InlineGrammar, Spell
from toolformer.errors import ModelError
from toolformer.lm.base import (
    SCORED_TOKENS,
    Branch,
    CallScoreRequest,
    LossRequest,
    Sampled,
    StartProbabilities,
    TextRequest,
    TokenUsage,
)
from toolformer.lm.scripted.streams import Continuation, ScriptedStreams
from toolformer.lm.spelling import may_say
from toolformer.sidecar import Sidecar

_TOKEN = re.compile(r" ?[^\W\d]+| ?\d| ?[^\w\s]|\s")

LogProb = Callable[[str, LossRequest], float]
Writes = tuple[str, ...]  # per sample, in turn: what follows " [Tool(", for example "2 + 2)"


@dataclass(frozen=True, slots=True)
class ScriptedCall:
    """A call that the model makes wherever the text so far ends with `after`."""

    tool: str
    after: str
    writes: Writes | Callable[[str], Writes]  # always these, or what it makes of the text so far
    start_prob: float = 0.9


def told_by_output(token: str, request: LossRequest) -> float:
    """Returns −0.1 nats for a token that the output holds, −2 for any other.

    >>> from toolformer.calls import ToolCall
    >>> request = LossRequest("2 + 2 is 4.", 8, ToolCall("Calculator", "2 + 2"), "4")
    >>> told_by_output(" 4", request), told_by_output(".", request)
    (-0.1, -2.0)
    """
    if request.output is None:
        return -2.0
    word = token.strip()
    return -0.1 if word and word in request.output else -2.0


@lru_cache(maxsize=1024)  # A text is asked about many times in a row.
def _ends(text: str) -> tuple[int, ...]:
    """Splits at words, digits and signs, each with the one space before it.

    >>> _ends("It is 24.")
    (2, 5, 7, 8, 9)
    """
    return tuple(accumulate(map(len, _TOKEN.findall(text))))  # no character lies between tokens


@dataclass(slots=True)
class ScriptedLanguageModel:
    """Implements `LanguageModel` from a script.

    A scripted call is made only under a prompt whose shared part names its tool, or under an empty
    one. Where several calls fit a place, the first of the script is made.

    >>> from toolformer.lm.base import Prompt
    >>> script = [ScriptedCall("Calculator", after="2 + 2 is", writes=("2 + 2)",))]
    >>> model = ScriptedLanguageModel(script)
    >>> with model.read([TextRequest(Prompt("", ""), "2 + 2 is 4.")]) as trunks:
    ...     trunks.starts[0].positions[trunks.starts[0].probabilities > 0.5]
    ...     trunks.sample([Branch(0, 8, " [Calculator(", 1, 32, 1.0, "key")])
    array([8])
    [[Sampled(text='2 + 2', closed=True)]]
    """

    script: Sequence[ScriptedCall] = ()
    log_prob: LogProb = told_by_output  # (token, request) -> nats, below zero
    name: str = "scripted"
    grammar: CallGrammar = field(default_factory=InlineGrammar)
    max_length: int = 1024
    batch_tokens: int = 16384
    usage: TokenUsage = field(default_factory=TokenUsage)
    continuations: Sequence[Continuation] = ()  # what it says when it decodes
    sidecar: Sidecar | None = None  # how it is said to have been taught

    @property
    def fingerprint(self) -> str:
        """A hash of the script; two functions of the same name pass for the same."""
        script = tuple(
            replace(call, writes=(call.writes.__qualname__,)) if callable(call.writes) else call
            for call in self.script
        )
        said = tuple(self.continuations)
        log_prob = self.log_prob.__qualname__
        grammar = self.grammar.to_dict()
        identity = (self.name, script, said, log_prob, grammar, self.max_length)
        return hashlib.sha256(repr(identity).encode()).hexdigest()[:16]

    def read(self, requests: Sequence[TextRequest], *, keep: bool = True) -> "ScriptedTrunks":
        """Reads texts under their prompts."""
        for request in requests:
            self._check_length(request.prompt.shared + request.prompt.own + request.text)
        self.usage.text += sum(self.count_tokens([request.text for request in requests]))
        return ScriptedTrunks(self, requests, is_kept=keep)

    def target_log_probs(self, requests: Sequence[LossRequest]) -> list[np.ndarray]:
        """Returns (up to 5,) float32 per request."""
        return [self._target_log_probs(request) for request in requests]

    def score_call(self, request: LossRequest, *, tokens: int) -> np.ndarray:
        """Returns (up to `tokens`,) float32: the tokens after a call that stands at its place."""
        costs = self._costs(request, tokens=tokens)
        if request.call is not None:
            [call] = self.count_tokens([self.grammar.format(request.call, request.output)])
            self.usage.score += call
        self.usage.score += len(costs)
        return costs

    def text_log_probs(
        self, texts: Sequence[str], *, without_marker: bool = False
    ) -> list[np.ndarray]:
        """Returns (tokens,) float32 per text."""
        requests = [LossRequest(text, 0, without_marker=without_marker) for text in texts]
        self.usage.score += sum(self.count_tokens(texts))
        return [
            np.array(
                [self.log_prob(token, request) for token in _TOKEN.findall(request.text)],
                np.float32,
            )
            for request in requests
        ]

    def streams(self) -> ScriptedStreams:
        """Returns an empty set of streams that continue as `continuations` say."""
        return ScriptedStreams(
            self.continuations,
            split=_TOKEN.findall,
            grammar=self.grammar,
            max_length=self.max_length,
            usage=self.usage,
        )

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Returns the number of tokens of each text."""
        return [len(_ends(text)) for text in texts]

    def token_ends(self, text: str) -> np.ndarray:
        """Returns (tokens,) int64: character offsets."""
        return np.array(_ends(text), dtype=np.int64)

    def scripted_calls(self, shared_prompt: str) -> list[ScriptedCall]:
        """Returns the part of the script that is followed under a prompt."""
        return [
            call
            for call in self.script
            if not shared_prompt or self._asks(shared_prompt, call.tool)
        ]

    def _asks(self, shared_prompt: str, tool: str) -> bool:
        """Returns whether a prompt shows how a tool is called, or names it alone."""
        named = re.search(rf"Tool: {re.escape(tool)}(?!\w)", shared_prompt)
        return named is not None or self.grammar.lead(tool).strip() in shared_prompt

    def _target_log_probs(self, request: LossRequest) -> np.ndarray:
        costs = self._costs(request, tokens=SCORED_TOKENS)
        self.usage.score += bisect_right(_ends(request.text), request.position) + len(costs)
        return costs

    def _costs(self, request: LossRequest, *, tokens: int) -> np.ndarray:
        """Returns (up to `tokens`,) float32: log p of the tokens from the place on."""
        text, position, ends = request.text, request.position, _ends(request.text)
        # How many tokens stand before the place; the end of the last token is none.
        before = bisect_right(ends, position)
        if before == len(ends) or position != (ends[before - 1] if before else 0):
            raise ModelError(
                f"Position {position} is not a place of {text[:60]!r}: places are"
                " the ends of its tokens but the last, as `token_ends` gives them."
            )
        self._check_length(text)
        spans = pairwise((position, *ends[before : before + tokens]))
        costs = [self.log_prob(text[start:end], request) for start, end in spans]
        return np.array(costs, dtype=np.float32)

    def _check_length(self, row: str) -> None:
        if len(row) <= self.max_length:
            return
        length = len(_TOKEN.findall(row))
        if length > self.max_length:
            raise ModelError(
                f"A row of {length} tokens is longer than the {self.max_length} that {self.name}"
                " can read. Cut the text into windows."
            )


@dataclass(slots=True)
class ScriptedTrunks:
    """Texts that a scripted model has read."""

    model: ScriptedLanguageModel
    requests: Sequence[TextRequest]
    is_kept: bool = True  # whether it can be branched from
    starts: list[StartProbabilities] = field(init=False)

    def __post_init__(self) -> None:
        self.starts = [self._starts(request) for request in self.requests]

    @property
    def log_probs(self) -> list[np.ndarray]:
        """One (tokens - 1,) float32 per text: log p of each token but the first."""
        return [self._log_probs(request.text) for request in self.requests]

    def sample(self, branches: Sequence[Branch]) -> list[list[Sampled]]:
        """Writes what the script says, sample by sample."""
        return [self._sample(branch) for branch in branches]

    def score(self, requests: Sequence[CallScoreRequest]) -> list[np.ndarray]:
        """Returns (up to `tokens`,) float32 per request."""
        found = {request: self._score(request) for request in dict.fromkeys(requests)}
        return [found[request] for request in requests]

    def close(self) -> None:
        """Refuses further questions, as a model that frees what it kept must."""
        self.is_kept = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _starts(self, request: TextRequest) -> StartProbabilities:
        ends = _ends(request.text)[:-1]
        probabilities = np.zeros(len(ends), dtype=np.float32)
        for call in reversed(self.model.scripted_calls(request.prompt.shared)):
            for place in _places_after(call.after, request.text):
                index = bisect_left(ends, place)
                if index < len(ends) and ends[index] == place:
                    probabilities[index] = call.start_prob
        positions = np.array(ends, dtype=np.int64)
        return StartProbabilities(positions, np.arange(len(ends)) + 1, probabilities)

    def _log_probs(self, text: str) -> np.ndarray:
        """Returns (tokens - 1,) float32: log p of each token but the first, no call before it."""
        spans = pairwise(_ends(text))
        costs = [
            self.model.log_prob(text[start:end], LossRequest(text, start)) for start, end in spans
        ]
        return np.array(costs, dtype=np.float32)

    def _score(self, request: CallScoreRequest) -> np.ndarray:
        asked = LossRequest(
            self._text(request.request).text,
            request.position,
            request.call,
            request.output,
            inline=True,
        )
        return self.model.score_call(asked, tokens=request.tokens)

    def _text(self, index: int) -> TextRequest:
        if not self.is_kept:
            raise ModelError(
                f"Text {index} is not held: only a text that was read to be kept, and not yet"
                " closed, can be branched from."
            )
        return self.requests[index]

    def _sample(self, branch: Branch) -> list[Sampled]:
        request = self._text(branch.request)
        script = self.model.scripted_calls(request.prompt.shared)
        before = request.text[: branch.position]
        call = next((each for each in script if before.endswith(each.after)), None)
        if call is None or branch.lead != self.model.grammar.lead(call.tool):
            return [Sampled("", closed=False)] * branch.samples
        writes = call.writes(before) if callable(call.writes) else call.writes
        # At temperature 0 the samples are all the first one.
        written = writes if branch.temperature > 0 else writes[:1]
        if branch.spell is not None:
            written = tuple(_follow(branch.spell, each) for each in written)
        cut = [self._cut(each, branch.max_tokens) for each in written[: branch.samples]]
        drawn = [cut[sample % len(cut)] for sample in range(branch.samples)]
        self.model.usage.decode += sum(tokens for _, tokens in drawn)
        return [sampled for sampled, _ in drawn]

    def _cut(self, written: str, max_tokens: int) -> tuple[Sampled, int]:
        """Returns what comes of a call as it is written, and how many tokens that took."""
        ends = _ends(written)[:max_tokens]
        written = written[: ends[-1]] if ends else ""
        end = self.model.grammar.end_of_arguments(written)
        if end is None:
            return Sampled(written, closed=False), len(ends)
        return Sampled(end.arguments, end.is_closed), len(ends)


def _follow(spell: Spell, written: str) -> str:
    """Returns what is written as far as it may be, and then the first that may."""
    said = ""
    for token in _TOKEN.findall(written):
        if not may_say(spell, said, token):
            break
        said += token
    else:
        return said
    while rests := spell(said):
        said += rests[0]
    return said


def _places_after(words: str, text: str) -> Iterator[int]:
    """Yields where words end in a text, overlapping ones too.

    >>> list(_places_after("aa", "aaa"))
    [2, 3]
    """
    found = text.find(words)
    while found >= 0:
        yield found + len(words)
        found = text.find(words, found + 1)
