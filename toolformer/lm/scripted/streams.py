"""Streams that continue as a script says, to test and explain the interleaved decoder.

What comes next follows from the text alone, so a stream that went back says the same again unless
it is asked otherwise.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from math import log

from toolformer.calls import CallGrammar, InlineGrammar
from toolformer.errors import ModelError
from toolformer.lm.base import TokenUsage
from toolformer.lm.drawing import uniform
from toolformer.lm.spelling import may_say
from toolformer.lm.streams import StepRequest, StepResult

_UNLIKELY = 1e-9  # the weight of a name that the script does not say
Split = Callable[[str], list[str]]  # a text into its tokens


@dataclass(frozen=True, slots=True)
class Continuation:
    """The text with which the model continues wherever the text so far ends with `after`.

    Attributes:
        after: "" continues from anywhere, again and again.
        says: A text, or the very tokens it is said in, as in `("2 + 2", ")]")`.
        weight: The higher, the likelier; of equal ones the first in the script.
    """

    after: str
    says: str | tuple[str, ...]
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class _Next:
    """A token that may come next, or the end of the text."""

    token: str | None
    weight: float


@dataclass(slots=True)
class _Stream:
    tokens: list[str]
    lead: str = ""  # what is said of a lead that was asked for
    text: str = field(init=False, default="")

    def __post_init__(self) -> None:
        self.text = "".join(self.tokens)

    def say(self, tokens: Sequence[str]) -> None:
        self.tokens += tokens
        self.text += "".join(tokens)


@dataclass(slots=True)
class ScriptedStreams:
    """Implements `Streams` from a script.

    The tokens that may come next are those that continue a continuation; where there is none
    left, the text ends. A start token stands before every prompt.

    >>> streams = ScriptedStreams([Continuation("2 is", " [Sum(2 + 2)"), Continuation("is", " 4")])
    >>> [stream] = streams.admit(["2 + 2 is"])
    >>> [said] = streams.step([StepRequest(stream, start_rank=1)])
    >>> said.starts, said.marker_rank
    (True, 1)
    >>> streams.step([StepRequest(stream, among=(" [Sum(",))])[0].text
    ' [Sum('
    >>> streams.crop(stream, streams.tokens(stream) - 3)
    >>> streams.step([StepRequest(stream, bar_marker=True)])[0].text
    ' 4'
    """

    script: Sequence[Continuation] = ()
    split: Split = re.compile(r" ?\w+| ?[^\w\s]|\s").findall
    grammar: CallGrammar = field(default_factory=InlineGrammar)
    max_length: int = 1024
    usage: TokenUsage = field(default_factory=TokenUsage)
    _streams: dict[int, _Stream] = field(default_factory=dict)
    _admitted: int = 0
    _ids: dict[str, int] = field(default_factory=dict)

    def admit(self, prompts: Sequence[str], *, templated: bool = False) -> list[int]:  # noqa: ARG002
        """Takes in prompts and returns their streams; it has no special tokens to tell apart."""
        split = [self.split(prompt) for prompt in prompts]
        for tokens in split:
            if len(tokens) + 1 >= self.max_length:
                raise ModelError(
                    f"Its {len(tokens)} tokens leave no room in the {self.max_length} that the"
                    " model can read. Shorten it."
                )
        first, self._admitted = self._admitted, self._admitted + len(split)
        self.usage.text += sum(map(len, split))
        for number, tokens in enumerate(split, first):
            self._streams[number] = _Stream(tokens)
        return list(range(first, self._admitted))

    def step(self, asks: Sequence[StepRequest]) -> list[StepResult]:
        """Lets each of the asked streams say what comes next."""
        self.usage.decode += len(asks)
        return [self._say_lead(ask) if ask.among else self._say(ask) for ask in asks]

    def feed(self, stream: int, pieces: Sequence[str]) -> None:
        """Appends text that the model did not choose."""
        tokens = [token for piece in pieces for token in self.split(piece)]
        if len(tokens) > self.room(stream):
            raise ModelError(f"There is no room for {len(tokens)} more tokens.")
        self._streams[stream].say(tokens)

    def tokens(self, stream: int) -> int:
        """Returns how many tokens a stream has, the start token included."""
        return 1 + len(self._streams[stream].tokens)

    def text(self, stream: int) -> str:
        """Returns the whole text of a stream."""
        return self._streams[stream].text

    def room(self, stream: int) -> int:
        """Returns how many tokens still fit."""
        return self.max_length - self.tokens(stream)

    def crop(self, stream: int, tokens: int) -> None:
        """Goes back to when a stream had so many tokens."""
        self._streams[stream] = _Stream(self._streams[stream].tokens[: tokens - 1])

    def retire(self, streams: Sequence[int]) -> None:
        """Forgets streams."""
        for stream in streams:
            del self._streams[stream]

    def _say(self, ask: StepRequest) -> StepResult:
        stream = self._streams[ask.stream]
        ranked = self._ranked(stream.text)
        rank = self._marker_rank(ranked) if ask.start_rank else None
        if rank is not None and rank <= ask.start_rank and not ask.bar_marker:
            return StepResult(ask.stream, starts=True, marker_rank=rank)
        allowed = [each for each in ranked if self._is_allowed(each, stream.text, ask)]
        if not allowed and ask.spell is not None and (rests := ask.spell(ask.written)):
            allowed = [_Next(rests[0], 1.0)]
        if ask.begins and not allowed:
            allowed = [_Next(ask.begins, 1.0)]
        said = StepResult(ask.stream, marker_rank=rank)
        if not allowed:
            return replace(said, ends=True)
        chosen, probability = _choose(allowed, ask, step=len(stream.tokens))
        if chosen is None:
            return replace(said, ends=True, log_prob=log(probability))
        stream.say([chosen])
        return replace(said, text=chosen, token=self._id(chosen), log_prob=log(probability))

    def _say_lead(self, ask: StepRequest) -> StepResult:
        """Appends the tokens of one of the leads up to the next choice between them."""
        stream = self._streams[ask.stream]
        leads = [self.split(lead) for lead in ask.among]
        said: list[str] = []
        chances: list[float] = []
        while ways := _ways(leads, stream.lead + "".join(said)):
            if len(ways) > 1 and chances:
                break
            if len(ways) == 1:
                said += ways
                continue
            weights = {
                each.token: each.weight for each in self._ranked(stream.text + "".join(said))
            }
            options = [_Next(way, weights.get(way, _UNLIKELY)) for way in ways]
            options.sort(key=lambda each: -each.weight)
            chosen, probability = _choose(options, ask, step=len(stream.tokens) + len(said))
            said.append(str(chosen))
            chances.append(probability)
        stream.lead = stream.lead + "".join(said) if ways else ""
        stream.say(said)
        return StepResult(ask.stream, "".join(said), self._id(said[-1]), sum(map(log, chances)))

    def _ranked(self, text: str) -> list[_Next]:
        """Returns what may come next, likeliest first; the end only where there is nothing else."""
        found: dict[str, float] = {}
        for each in self.script:
            token = self._goes_on(text, each)
            if token is not None:
                found[token] = max(each.weight, found.get(token, 0.0))
        if not found:
            return [_Next(None, 1.0)]
        ranked = [_Next(token, weight) for token, weight in found.items()]
        return sorted(ranked, key=lambda each: -each.weight)

    def _goes_on(self, text: str, each: Continuation) -> str | None:
        """Returns a continuation's next token; None where it has none."""
        tokens = self.split(each.says) if isinstance(each.says, str) else each.says
        for done in reversed(range(len(tokens))):  # as far into what it says as the text is
            if text.endswith(each.after + "".join(tokens[:done])):
                return tokens[done]
        return None

    def _marker_rank(self, ranked: Sequence[_Next]) -> int | None:
        opens = [each.token is not None and self.grammar.opens_call(each.token) for each in ranked]
        return opens.index(True) + 1 if True in opens else None

    def _is_allowed(self, each: _Next, text: str, ask: StepRequest) -> bool:
        if each.token is None:
            return not ask.begins
        token = each.token
        if ask.spell is not None and not may_say(ask.spell, ask.written, token):
            return False
        begins = token.startswith(ask.begins) or ask.begins.startswith(token)
        opens = ask.bar_marker and _forms(self.grammar.open, text, token)
        return begins and not opens and not any(_forms(lead, text, token) for lead in ask.barred)

    def _id(self, token: str) -> int:
        return self._ids.setdefault(token, len(self._ids))


def _ways(leads: Sequence[Sequence[str]], said: str) -> list[str]:
    """Returns the different tokens with which leads continue."""
    ways: list[str] = []
    for lead in leads:
        text = ""
        for token in lead:
            if text == said and token not in ways:
                ways.append(token)
            text += token
    return ways


def _forms(lead: str, text: str, token: str) -> bool:
    """Returns whether a token completes a lead at the end of a text."""
    return lead in text[max(0, len(text) - len(lead) + 1) :] + token


def _choose(options: Sequence[_Next], ask: StepRequest, *, step: int) -> tuple[str | None, float]:
    """Draws one of the options, likeliest first; returns it with its probability."""
    heat = ask.temperature or 1.0
    weights = [each.weight ** (1 / heat) for each in options]
    total = sum(weights)
    drawn = uniform(ask.key, 0, step) * total if ask.temperature else 0.0
    for each, weight in zip(options, weights, strict=True):
        if drawn < weight:
            return each.token, weight / total
        drawn -= weight
    return options[-1].token, weights[-1] / total
