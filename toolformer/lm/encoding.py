"""From text to tokens and back: the only place that joins tokens.

Knows no model. A text is tokenised once, whole, without special tokens. A call is encoded in fixed
pieces of the grammar, each on its own: lead, arguments with what closes them, arrow, output, close.
What is scored, sampled, trained on and decoded is put together from these, so that no two of them
can tokenise the same call differently.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property, lru_cache
from itertools import pairwise

from tokenizers import Tokenizer

from toolformer.calls import CallGrammar, PlacedCall, ToolCall
from toolformer.errors import ModelError, clipped
from toolformer.lm.base import Prompt
from toolformer.lm.encoded import EncodedCall, EncodedPrompt, EncodedRow, EncodedText, ends_of

_BEFORE = "a"  # decoding behind a letter keeps the space that SentencePiece drops at a row's start
_ANCHORS = ("\n", "a", "0", ".")  # pieces that alone would gain a space are encoded behind one


class Encoding:
    """Encodes and decodes with one tokenizer and one grammar.

    Args:
        tokenizer: a fast tokenizer. It is copied: special tokens in a text are read as plain text.
        grammar: how calls are written.
        start: the id every row starts with, if the model has one.
        name: of the model, for messages.

    Raises:
        ModelError: if the tokenizer cannot spell the markers.
    """

    def __init__(
        self, tokenizer: Tokenizer, grammar: CallGrammar, *, start: int | None, name: str
    ) -> None:
        self._tokenizer = Tokenizer.from_str(tokenizer.to_str())
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        if getattr(self._tokenizer.model, "dropout", None):  # merges of BPE, left out at random
            self._tokenizer.model.dropout = None
        # Post-processing would trim the spaces off the offsets, and is else for special tokens.
        self._tokenizer.post_processor = None
        self._tokenizer.encode_special_tokens = True
        self.grammar = grammar
        self.start: tuple[int, ...] = () if start is None else (start,)
        self.name = name
        self._before = tuple(self._encode(_BEFORE))
        self._before_text = self.decode_row(self._before)
        self._anchors = self._find_anchors()
        self.piece = lru_cache(maxsize=4096)(self._piece)

    def text(self, text: str) -> EncodedText:
        """Tokenises a text, whole, as at the start of a row."""
        return self.texts([text])[0]

    def templated(self, text: str, placed: Sequence[PlacedCall]) -> tuple[int, ...]:
        """Returns the tokens of a row that a chat template wrote, calls put in as in `annotated`.

        Special tokens that are spelled in it are those tokens, and it has its own start.
        """
        return self._annotated(text, placed, tokenizer=self._seeing_specials).ids

    def texts(self, texts: Sequence[str]) -> list[EncodedText]:
        """Tokenises texts, each whole."""
        return self._texts(texts, self._tokenizer)

    def _texts(self, texts: Sequence[str], tokenizer: Tokenizer) -> list[EncodedText]:
        with self._told():
            encoded = tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [EncodedText(tuple(each.ids), ends_of(each.offsets)) for each in encoded]

    def call(self, call: ToolCall, output: str | None = None, *, first: bool) -> EncodedCall:
        """Encodes a call.

        Args:
            call: the call.
            output: its output; without one the call is closed right away.
            first: whether the call is at the start of a row; then without its leading space.
        """
        pieces = self.grammar.pieces(call, output)
        lead = pieces.lead
        return EncodedCall(
            lead=tuple(self._encode(lead.lstrip())) if first else self.piece(lead),
            arguments=self.piece(pieces.arguments),
            arrow=self.piece(pieces.arrow) if pieces.arrow else (),
            output=self.piece(pieces.output) if pieces.output else (),
            close=self.piece(pieces.close) if pieces.close else (),
        )

    def annotated(
        self,
        text: str,
        placed: Sequence[PlacedCall],
        *,
        prompt: int = 0,
        supplied: Sequence[tuple[int, int]] = (),
    ) -> EncodedRow:
        """Encodes a text with calls in it, as training and decoding see it.

        The text's own tokens are those it has without calls; only where a call stands inside one of
        them (the places of another tokenizer) is the text tokenised from call to call. The end of
        the prompt counts as such a place, since decoding begins there.

        Args:
            text: without its calls.
            placed: the calls.
            prompt: how many characters at the text's start are its prompt; a call that stands at
                its end belongs to what follows.
            supplied: stretches of the text that decoding supplies, like a tool's output; their
                edges are places, too.
        """
        return self._annotated(
            text, placed, tokenizer=self._tokenizer, prompt=prompt, supplied=supplied
        )

    def _annotated(
        self,
        text: str,
        placed: Sequence[PlacedCall],
        *,
        tokenizer: Tokenizer,
        prompt: int = 0,
        supplied: Sequence[tuple[int, int]] = (),
    ) -> EncodedRow:
        edges = {*([prompt] if prompt else []), *(edge for each in supplied for edge in each)}
        # In front of the calls at their place: sorting is stable.
        places: list[tuple[int, PlacedCall | None]] = [(edge, None) for edge in edges]
        places += [(each.position, each) for each in placed]
        places.sort(key=lambda place: place[0])
        stretches = self._stretches(text, [at for at, _ in places], tokenizer=tokenizer)
        ids = list(stretches[0])
        is_supplied = [_is_in(supplied, 0)] * len(ids)
        calls = []
        given = 0
        for (at, each), after in zip(places, stretches[1:], strict=True):
            if each is not None:
                call = self.call(each.call, each.output, first=not ids)
                asked = call.lead + call.arguments
                calls.append(range(len(ids), len(ids) + len(call.ids)))
                ids += call.ids
                is_supplied += [False] * len(asked) + [True] * (len(call.ids) - len(asked))
            elif at == prompt:
                given = len(ids)
            ids += after
            is_supplied += [_is_in(supplied, at)] * len(after)
        return EncodedRow(tuple(ids), tuple(is_supplied), tuple(calls), given)

    def _stretches(
        self, text: str, positions: Sequence[int], *, tokenizer: Tokenizer
    ) -> list[tuple[int, ...]]:
        """Returns the tokens of a text before, between and after ascending positions."""
        [encoded] = self._texts([text], tokenizer)
        tokens_at = {0: 0} | {int(end): n for n, end in enumerate(encoded.ends, 1) if end > 0}
        if all(position in tokens_at for position in positions):
            cuts = [0, *(tokens_at[position] for position in positions), len(encoded.ids)]
            return [encoded.ids[start:end] for start, end in pairwise(cuts)]
        edges = [0, *positions, len(text)]
        first, *others = [text[start:end] for start, end in pairwise(edges)]
        return [self.text(first).ids, *(self._piece(other) if other else () for other in others)]

    def prompt(self, prompt: Prompt) -> EncodedPrompt:
        """Encodes a prompt; the text's tokens follow directly.

        A call that is shown with its output is encoded as one that is scored, so that it is an
        example of its tokens, too.
        """
        if not prompt.shared:
            return EncodedPrompt(self.start, self._shown(prompt.own))
        shared = self.start + self._shown(prompt.shared)
        return EncodedPrompt(shared, self.piece(prompt.own) if prompt.own else ())

    def _shown(self, text: str) -> tuple[int, ...]:
        """Encodes the text that a row begins with."""
        placed = self.grammar.calls(text)
        # The paper's examples are calls without outputs, which no row holds.
        if not placed or any(each.output is None for each in placed):
            return tuple(self._encode(text))
        return self.annotated(self.grammar.strip(text), placed).ids

    def decode(self, ids: Sequence[int]) -> str:
        """Decodes what follows other text; a cut character shows as the replacement character."""
        return self.decode_row((*self._before, *ids))[len(self._before_text) :]

    def decode_row(self, ids: Sequence[int]) -> str:
        """Decodes a whole row; special tokens stay visible."""
        text: str = self._tokenizer.decode(list(ids), skip_special_tokens=False)
        return text

    @cached_property
    def _seeing_specials(self) -> Tokenizer:
        tokenizer = Tokenizer.from_str(self._tokenizer.to_str())
        tokenizer.encode_special_tokens = False
        return tokenizer

    @cached_property
    def marker_ids(self) -> tuple[int, ...]:
        """The tokens that hold the whole open marker and after it what can begin a tool's name."""
        core = self.grammar.open.strip()
        spelled = [
            (index, self.decode((index,)))
            for raw, index in self._tokenizer.get_vocab().items()
            if core in raw or not core.isascii()  # byte-level BPE spells ASCII as itself
        ]
        return tuple(sorted(index for index, text in spelled if self.grammar.opens_call(text)))

    @cached_property
    def marker_pieces(self) -> tuple[int, ...]:
        """The open marker in pieces, for a tokenizer in which no token holds all of it."""
        return self.piece(self.grammar.open)

    def _piece(self, text: str) -> tuple[int, ...]:
        """Encodes a piece that follows other text, without the space SentencePiece would add."""
        for anchor in self._anchors:
            before, ids = self._encode(anchor), self._encode(anchor + text)
            if ids[: len(before)] == before:
                return tuple(ids[len(before) :])
        raise ModelError(
            f"The tokenizer of {self.name} cannot encode {text!r} on its own: it joins it to any"
            " text before. Use a model with another tokenizer."
        )

    def _find_anchors(self) -> tuple[str, ...]:
        """Chooses what pieces are encoded behind: nothing, unless a space would be added."""
        pieces = self.grammar.pieces(ToolCall("Tool", "1"), "1")
        probes = [*pieces, "\nInput:\n"]
        for anchors in (("",), _ANCHORS):
            self._anchors = anchors
            if all(self.decode(self._piece(probe)) == probe for probe in probes):
                return anchors
        raise ModelError(
            f"The tokenizer of {self.name} cannot spell the markers {self.grammar.open!r},"
            f" {pieces.arrow!r} and {pieces.close!r}: decoding their tokens gives other text."
            " Choose markers that it knows, or another model."
        )

    def _encode(self, text: str) -> list[int]:
        with self._told():
            ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Says that the tokenizer gave up, as on a text that its patterns take forever to match."""
        try:
            yield
        except BaseException as error:
            if type(error).__name__ != "PanicException":  # of Rust, and no Exception
                raise
            raise ModelError(
                f"The tokenizer of {self.name} gave up on a text: {clipped(str(error), 100)}."
            ) from None


def _is_in(stretches: Sequence[tuple[int, int]], at: int) -> bool:
    return any(start <= at < end for start, end in stretches)
