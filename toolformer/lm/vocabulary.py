"""The texts of tokens: which of them begin, hold or would complete a text.

Pure text: no tensor and no model. Special tokens say nothing.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache

from toolformer.lm.encoding import Encoding
from toolformer.lm.forming import beginnings

CUT = "�"  # what a tokenizer shows for part of a character


class Vocabulary:
    """The texts of a tokenizer's tokens.

    Args:
        encoding: decodes tokens.
        size: how many ids the model chooses among.
        silent: ids that say nothing.
    """

    def __init__(self, encoding: Encoding, *, size: int, silent: frozenset[int]) -> None:
        self.encoding = encoding
        self.size = size
        self._silent = silent
        self.text = lru_cache(maxsize=None)(self._text)
        self.holding = lru_cache(maxsize=64)(self._holding)
        self.beginning = lru_cache(maxsize=1024)(self._beginning)
        self.next_to_say = lru_cache(maxsize=64)(self._next_to_say)
        self.saying = lru_cache(maxsize=256)(self._saying_one)
        self._holding_any = lru_cache(maxsize=64)(self._find_holding_any)

    def _text(self, token: int) -> str:
        """Returns what a token says behind other text."""
        return "" if token in self._silent else self.encoding.decode((token,))

    def _holding(self, wanted: str) -> tuple[int, ...]:
        """Returns the tokens that hold a text."""
        return tuple(token for token, text in enumerate(self._texts) if wanted in text)

    def _beginning(self, wanted: str) -> tuple[int, ...]:
        """Returns the tokens that begin with a text."""
        found = []
        for index in range(bisect_left(self._sorted, (wanted, -1)), len(self._sorted)):
            text, token = self._sorted[index]
            if not text.startswith(wanted):
                break
            found.append(token)
        return tuple(found)

    def _next_to_say(self, wanted: str) -> tuple[int, ...]:
        """Returns the tokens a row may say next that is to say a text first: all of it, or a part.

        Empty where no token says any of it as text, because its characters are cut into bytes.
        """
        parts = [wanted[:size] for size in range(1, len(wanted))]
        whole = [t for part in parts for t in self.beginning(part) if self.text(t) == part]
        return (*self.beginning(wanted), *whole)

    def _saying_one(self, wanted: tuple[str, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Returns the tokens that say one of some texts, or a part of it from its beginning on.

        Of a character that is cut into tokens, the first as the tokenizer cuts it.

        Returns:
            Those that say nothing else, and those that say one of the texts and more.
        """
        found: set[int] = set()
        beyond: set[int] = set()
        whole = frozenset(wanted)
        if len(wanted) > len(self._by_text):
            ordered = sorted(wanted)
            for text, tokens in self._by_text.items():
                at = bisect_left(ordered, text)
                if at < len(ordered) and ordered[at].startswith(text):
                    found.update(tokens)
                if any(text[:size] in whole for size in range(1, len(text))):
                    beyond.update(tokens)
        else:
            for each in wanted:
                for size in range(1, min(len(each), self._longest) + 1):
                    found.update(self._by_text.get(each[:size], ()))
                beyond.update(self.beginning(each))
        for each in wanted:
            if not each[: self._longest].isascii():
                first = self.encoding.piece(each)[:1]
                found.update(token for token in first if CUT in self.text(token))
        return tuple(sorted(found)), tuple(sorted(beyond - found))

    def finishing(self, wanted: Sequence[str], held: tuple[int, ...]) -> list[int]:
        """Returns the tokens that continue a character with which one of some texts begins.

        Args:
            wanted: texts.
            held: tokens of the character that have come, as the tokenizer cuts it.
        """
        spelled = {self.encoding.piece(each) for each in wanted if not each.isascii()}
        size = len(held)
        return sorted({ids[size] for ids in spelled if ids[:size] == held and len(ids) > size})

    def completing(self, wanted: Sequence[str], text: str, held: tuple[int, ...]) -> set[int]:
        """Returns the tokens that would make one of the wanted texts come to stand behind a text.

        Args:
            wanted: texts.
            text: what stands there.
            held: tokens after it that are part of a character.
        """
        found = set(self._holding_any(tuple(wanted)))
        for _, rests in beginnings(text, tuple(wanted)):
            for rest in rests:
                found.update(self._saying(rest, held) if held else self.beginning(rest))
        return found

    def _find_holding_any(self, wanted: tuple[str, ...]) -> frozenset[int]:
        """Returns the tokens that hold one of some texts."""
        return frozenset(token for each in wanted for token in self.holding(each))

    def _saying(self, rest: str, held: tuple[int, ...]) -> Iterator[int]:
        """Yields the tokens that, together with part of a character, begin with a text."""
        if not rest[0].isascii():  # else what is held is not part of it
            for token in self.holding(rest[-1]) if rest[-1].isascii() else range(self.size):
                if self.encoding.decode((*held, token)).startswith(rest):
                    yield token

    @cached_property
    def signs(self) -> tuple[int, ...]:
        """The tokens that say something else than letters, digits and spaces."""
        return tuple(
            token
            for token, text in enumerate(self._texts)
            if not text.replace(" ", "").isalnum() and text.strip(f"{CUT} ")
        )

    @cached_property
    def _by_text(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for text, token in self._sorted:
            if CUT not in text:
                found.setdefault(text, []).append(token)
        return found

    @cached_property
    def _longest(self) -> int:
        return max(map(len, self._by_text), default=0)

    @cached_property
    def _texts(self) -> list[str]:
        return [self.text(token) for token in range(self.size)]

    @cached_property
    def _sorted(self) -> list[tuple[str, int]]:
        return sorted((text, token) for token, text in enumerate(self._texts) if text)


class StreamText:
    """The text of tokens as they come, and as it was at each of them."""

    def __init__(self, encoding: Encoding, vocabulary: Vocabulary, prompt: str) -> None:
        self._encoding = encoding
        self._vocabulary = vocabulary
        self.text = prompt
        self.held: tuple[int, ...] = ()  # of a character that is incomplete
        self.shown = 0  # characters that the held tokens have already said
        self._past: list[tuple[int, tuple[int, ...], int]] = []

    def push(self, token: int, *, behind_text: bool = False) -> str:
        """Adds a token and returns the text that is new; a character comes when it is whole.

        Args:
            token: the token.
            behind_text: whether it is of a piece, which is spelled as behind other text even where
                it begins a row.
        """
        self._past.append((len(self.text), self.held, self.shown))
        said = self._vocabulary.text(token)
        if not self.held and self.text and CUT not in said:
            self.text += said
            return said
        held = (*self.held, token)
        # Where a row begins, SentencePiece's first space is none of the text.
        begins_row = not (self.text or behind_text)
        said = (self._encoding.decode_row if begins_row else self._encoding.decode)(held)
        whole = len(said) - min(3, len(said) - len(said.rstrip(CUT)))
        new = said[self.shown : whole]
        if whole == len(said):
            self.held, self.shown = (), 0
        else:
            self.held, self.shown = held, max(whole, self.shown)
        self.text += new
        return new

    def drop(self, tokens: int) -> None:
        """Takes back the last tokens."""
        if tokens:
            length, self.held, self.shown = self._past[-tokens]
            self.text = self.text[:length]
            del self._past[-tokens:]

    def __len__(self) -> int:
        """How many tokens were pushed."""
        return len(self._past)
