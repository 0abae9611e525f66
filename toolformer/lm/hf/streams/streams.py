"""Streams of tokens over a model of `transformers`: `Streams` of lm/streams.py."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import takewhile

import torch

from toolformer.calls import Spell
from toolformer.errors import ModelError
from toolformer.lm.drawing import uniform
from toolformer.lm.hf.engine import Engine
from toolformer.lm.hf.forward import not_a_number
from toolformer.lm.hf.streams.choose import TokenChoice, TokenConstraint, choose_next, masked
from toolformer.lm.hf.streams.pieces import ranks_in_pieces
from toolformer.lm.hf.streams.rows import StreamRow, StreamRows
from toolformer.lm.spelling import Spelled, refused_tokens, tokens_to_say
from toolformer.lm.streams import StepRequest, StepResult
from toolformer.lm.vocabulary import StreamText


@dataclass(slots=True, eq=False)
class _Stream:
    """One stream."""

    row: StreamRow
    text: StreamText
    prompt_tokens: int
    lead: tuple[int, ...] = ()  # what was said of one of the leads
    logits: torch.Tensor | None = None  # after the last token, where nothing was said with them

    @property
    def tokens(self) -> int:
        return len(self.row.ids)


@dataclass(slots=True)
class _Turn:
    """One step of a stream."""

    ask: StepRequest
    stream: _Stream
    text: list[str] = field(default_factory=list)  # said so far
    only: Sequence[int] = ()  # among which tokens it chooses
    never: Sequence[int] = ()  # which it does not choose
    choosing: bool = True
    ends: bool = False

    @property
    def written(self) -> Spelled:
        """What the stream has said of a call's arguments before this step."""
        text, held = self.ask.written, self.stream.text.held
        return Spelled(text[: len(text) - self.stream.text.shown], held)

    def say(self, token: int, *, behind_text: bool = False) -> None:
        self.stream.row.ids.append(token)
        self.stream.logits = None
        self.text.append(self.stream.text.push(token, behind_text=behind_text))


class HFStreams:
    """Implements `Streams`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._encoding = engine.encoding
        self._vocabulary = engine.vocabulary
        self._rows = StreamRows(
            engine.forward,
            max_length=engine.max_length,
            sees_masks=engine.exact_under_masks,
            keeps=engine.keeps,
        )
        self._streams: dict[int, _Stream] = {}
        self._admitted = 0

    def admit(self, prompts: Sequence[str], *, templated: bool = False) -> list[int]:
        """Takes in prompts; they are forwarded with their first step."""
        admitted = []
        grammar = self._encoding.grammar
        for prompt in prompts:
            placed = grammar.calls(prompt)
            plain = grammar.strip(prompt) if placed else prompt
            if templated:
                ids = [*self._encoding.templated(plain, placed)]
            else:
                ids = [*self._encoding.start, *self._encoding.annotated(plain, placed).ids]
            if not ids:
                raise ModelError(
                    f"{self._engine.name} has no start token, so it cannot begin with nothing."
                    " Give it a prompt."
                )
            if len(ids) >= self._engine.max_length:
                raise ModelError(
                    f"Its {len(ids)} tokens leave no room in the {self._engine.max_length} that"
                    f" {self._engine.name} can read. Shorten it."
                )
            text = StreamText(self._encoding, self._vocabulary, prompt)
            admitted.append(_Stream(StreamRow(ids), text, len(ids)))
        numbers = list(range(self._admitted, self._admitted + len(admitted)))
        self._admitted += len(admitted)
        self._streams.update(zip(numbers, admitted, strict=True))
        return numbers

    def step(self, asks: Sequence[StepRequest]) -> list[StepResult]:
        """Lets each of the asked streams choose one token."""
        turns = [_Turn(ask, self._streams[ask.stream]) for ask in asks]
        for turn in turns:
            self._say_what_is_certain(turn)
        choosing = [turn for turn in turns if turn.choosing]
        said: dict[int, StepResult] = {}
        if choosing:
            logits = self._logits([turn.stream for turn in choosing])
            for index, choice in enumerate(self._choose(choosing, logits)):
                turn = choosing[index]
                found = said[turn.ask.stream] = self._say_choice(turn, choice)
                if found.starts or found.ends:
                    turn.stream.logits = logits[index]
        return [said.get(turn.ask.stream) or _said(turn) for turn in turns]

    def feed(self, stream: int, pieces: Sequence[str]) -> None:
        """Appends text that the model did not choose; forwarded with the stream's next step."""
        found = self._streams[stream]
        ids = [token for piece in pieces for token in self._encoding.piece(piece)]
        if found.tokens + len(ids) > self._engine.max_length:
            raise ModelError(
                f"The stream has {found.tokens} tokens, and {self._engine.name} reads at most"
                f" {self._engine.max_length}: there is no room for {''.join(pieces)[:40]!r}."
            )
        found.row.ids += ids
        found.logits, found.lead = None, ()
        for token in ids:
            found.text.push(token, behind_text=True)

    def tokens(self, stream: int) -> int:
        """Returns how many tokens a stream has."""
        return self._streams[stream].tokens

    def room(self, stream: int) -> int:
        """Returns how many tokens still fit into the model's context."""
        return self._engine.max_length - self._streams[stream].tokens

    def crop(self, stream: int, tokens: int) -> None:
        """Goes back to when a stream had so many tokens."""
        found = self._streams[stream]
        if not 1 <= tokens <= found.tokens:
            raise ValueError(f"a stream of {found.tokens} tokens cannot be cropped to {tokens}")
        found.lead = ()
        if tokens == found.tokens:
            return
        del found.row.ids[tokens:]
        found.row.seen = min(found.row.seen, tokens)
        found.logits = None
        if tokens >= found.prompt_tokens:
            found.text.drop(len(found.text) - (tokens - found.prompt_tokens))
        else:
            own = found.row.ids[len(self._encoding.start) :]
            prompt = self._encoding.decode_row(own)
            found.text = StreamText(self._encoding, self._vocabulary, prompt)
            found.prompt_tokens = tokens

    def retire(self, streams: Sequence[int]) -> None:
        """Frees what is kept of streams."""
        self._rows.drop([self._streams.pop(stream).row for stream in streams])

    def _say_what_is_certain(self, turn: _Turn) -> None:
        """Appends what takes no choice, and finds the tokens to choose among after it."""
        ask, stream = turn.ask, turn.stream
        if stream.tokens >= self._engine.max_length:
            turn.choosing, turn.ends = False, True
        elif ask.among:
            self._follow_leads(turn)
        else:
            stream.lead = ()
            if ask.spell is not None and not ask.begins:
                self._spell(turn, ask.spell)
            elif ask.begins:
                turn.only = self._vocabulary.next_to_say(ask.begins)
                if not turn.only:  # no token says this as text: it is spelled in bytes
                    ids = self._encoding.piece(ask.begins)
                    room = self._engine.max_length - stream.tokens
                    for token in ids[: room - 1]:
                        turn.say(token)

    def _spell(self, turn: _Turn, spell: Spell) -> None:
        """Appends what is the only continuation, else finds the tokens that may come next."""
        written = turn.written
        rests = spell(written.text)
        if not rests:  # anything may come, or the prompt has begun what no value does
            return
        if len(rests) == 1 and not written.held:
            ids = self._encoding.piece(rests[0])
            if turn.stream.tokens + len(ids) <= self._engine.max_length:
                for token in ids:
                    turn.say(token, behind_text=True)
                turn.choosing = False
                return
        turn.only = tokens_to_say(spell, written, self._vocabulary) or ()
        if not turn.only:  # the tokenizer cannot say it
            turn.choosing, turn.ends = False, True

    def _follow_leads(self, turn: _Turn) -> None:
        """Appends the leads as far as they do not differ."""
        stream = turn.stream
        leads = [self._encoding.piece(lead) for lead in turn.ask.among]
        done = len(stream.lead)
        going_on = [lead for lead in leads if lead[:done] == stream.lead and len(lead) > done]
        if not going_on:
            stream.lead, done, going_on = (), 0, leads
        room = self._engine.max_length - stream.tokens
        rests = {lead[done:] for lead in going_on if len(lead) - done <= room}
        if not rests:
            turn.choosing, turn.ends = False, True
            return
        certain = _common(rests)
        for token in certain:
            turn.say(token, behind_text=True)
        stream.lead += certain
        if certain in rests:
            turn.choosing, stream.lead = False, ()
        else:
            turn.only = sorted({rest[len(certain)] for rest in rests})

    def _logits(self, streams: Sequence[_Stream]) -> torch.Tensor:
        """Returns (streams, vocabulary) float32 after the last token of each."""
        unknown = [stream.row for stream in streams if stream.logits is None]
        if len(unknown) == len(streams):
            return self._rows.logits(unknown)
        found = iter(self._rows.logits(unknown) if unknown else ())
        return torch.stack(
            [next(found) if stream.logits is None else stream.logits for stream in streams]
        )

    def _choose(self, turns: Sequence[_Turn], logits: torch.Tensor) -> list[TokenChoice]:
        """Chooses a token for each turn, and again where it begins what no value does."""
        choices = self._choose_once(turns, logits)
        for index, turn in enumerate(turns):
            if turn.ask.spell is None or turn.only:
                continue
            drawn = [choices[index].token]
            turn.never = refused_tokens(turn.ask.spell, turn.written, self._vocabulary, drawn=drawn)
            if turn.never:
                [choices[index]] = self._choose_once([turn], logits[index : index + 1])
        return choices

    def _choose_once(self, turns: Sequence[_Turn], logits: torch.Tensor) -> list[TokenChoice]:
        wishes = [self._wish(turn) for turn in turns]
        most = [turn.ask.start_rank if _asks_rank(turn) else 0 for turn in turns]
        has_token = bool(self._encoding.marker_ids)
        choices = choose_next(
            logits, wishes, markers=self._markers if any(most) and has_token else None
        )
        if any(math.isnan(each.log_prob) for each in choices):
            raise not_a_number(self._engine.name, self._engine.forward.dtype)
        if not any(most) or has_token:
            return choices
        ranks = ranks_in_pieces(
            masked(logits, wishes),
            [turn.stream.row for turn in turns],
            pieces=self._encoding.marker_pieces,
            most=most,
            batches=self._rows,
            max_length=self._engine.max_length,
        )
        return [replace(each, marker_rank=rank) for each, rank in zip(choices, ranks, strict=True)]

    def _wish(self, turn: _Turn) -> TokenConstraint:
        ask, stream = turn.ask, turn.stream
        never = set(turn.never)
        if not ask.among:
            barred = (*ask.barred, self._encoding.grammar.open) if ask.bar_marker else ask.barred
            if barred:
                never |= self._vocabulary.completing(barred, stream.text.text, stream.text.held)
            if turn.only and never.issuperset(turn.only):
                never = set()  # what is to be said first stood in the prompt
        number = uniform(ask.key, 0, stream.tokens) if ask.temperature else 0.0
        return TokenConstraint(ask.temperature, number, turn.only, never)

    @cached_property
    def _markers(self) -> torch.Tensor:
        return self._engine.forward.tensor(self._encoding.marker_ids)

    def _say_choice(self, turn: _Turn, choice: TokenChoice) -> StepResult:
        """Appends the chosen token, unless a call starts or the text ends there."""
        ask, stream = turn.ask, turn.stream
        rank = choice.marker_rank if _asks_rank(turn) else None
        if rank is not None and rank <= ask.start_rank:
            return StepResult(ask.stream, starts=True, marker_rank=rank)
        if choice.token in self._engine.ends_text and not turn.only:
            return StepResult(ask.stream, ends=True, marker_rank=rank)
        turn.say(choice.token, behind_text=bool(ask.among))
        if ask.among:
            stream.lead += (choice.token,)
            self._follow_leads(turn)
        return _said(turn, log_prob=choice.log_prob, marker_rank=rank)


def _common(rows: Collection[tuple[int, ...]]) -> tuple[int, ...]:
    """Returns what rows begin with alike.

    >>> _common([(1, 2, 3), (1, 2, 4, 5)])
    (1, 2)
    """
    columns = zip(*rows, strict=False)
    return tuple(column[0] for column in takewhile(lambda each: len(set(each)) == 1, columns))


def _asks_rank(turn: _Turn) -> bool:
    ask = turn.ask
    return ask.start_rank > 0 and not ask.among and not ask.bar_marker


def _said(turn: _Turn, *, log_prob: float = 0.0, marker_rank: int | None = None) -> StepResult:
    if turn.ends:
        return StepResult(turn.ask.stream, ends=True)
    return StepResult(
        turn.ask.stream,
        text="".join(turn.text),
        token=turn.stream.row.ids[-1],
        log_prob=log_prob,
        marker_rank=marker_rank,
    )
