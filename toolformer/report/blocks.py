"""Annotated texts as compressed blocks that a page unpacks when it shows them, and their index.

A block is the base64 of a deflated JSON array: nothing of a text stands in a page as it is, so no
text can end an element or begin one. Knows no HTML.
"""

import json
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any
from zlib import Z_BEST_COMPRESSION, compressobj

from toolformer.calls import CallGrammar, ToolCall
from toolformer.records import AnnotatedDocument, Candidate, Verdict

VERDICTS = tuple(Verdict)
_ROWS = 200  # texts of a block, at most
_CHARACTERS = 1 << 19  # of a block, about


@dataclass(frozen=True, slots=True)
class TextBlocks:
    """The texts of a run as they go into a page."""

    blocks: tuple[str, ...]
    index: str  # a block: how many texts each of the others has, and which calls each text
    shown: int
    total: int


class TextPacker:
    """Packs texts as they come by; of more than there may be, as many, spread evenly."""

    def __init__(
        self, tools: Sequence[str], *, grammar: CallGrammar, total: int, most: int
    ) -> None:
        """Starts without any.

        Args:
            tools: the names of the run's tools.
            grammar: writes calls.
            total: how many texts there will be.
            most: how many of them are packed.
        """
        self._tools = {name: number for number, name in enumerate(tools)}
        self._grammar = grammar
        self._total, self._most = total, min(most, total)
        self._seen = self._shown = 0
        self._rows: list[str] = []
        self._characters = 0
        self._blocks: list[str] = []
        self._sizes: list[int] = []
        # Which calls a text has: distinct sets of tool and verdict, and the number of its set.
        self._sets: dict[tuple[int, ...], int] = {}
        self._set_of: list[int] = []
        self._best: list[int | None] = []

    def add(self, annotated: AnnotatedDocument) -> None:
        """Packs a text, unless others stand for it."""
        number, self._seen = self._seen, self._seen + 1
        if (number + 1) * self._most // max(self._total, 1) == (
            number * self._most // max(self._total, 1)
        ):
            return
        self._shown += 1
        row = self._row(annotated)
        self._rows.append(row)
        self._characters += len(row)
        kinds = tuple(sorted({self._kind(each) for each in annotated.candidates}))
        self._set_of.append(self._sets.setdefault(kinds, len(self._sets)))
        self._best.append(_best_gain(annotated.candidates))
        if len(self._rows) == _ROWS or self._characters > _CHARACTERS:
            self._end_block()

    def packed(self) -> TextBlocks:
        """Returns what was packed."""
        if self._rows:
            self._end_block()
        index = {
            "sizes": self._sizes,
            "sets": list(self._sets),
            "setOf": self._set_of,
            "best": self._best,
        }
        return TextBlocks(tuple(self._blocks), pack(_json(index)), self._shown, self._seen)

    def _end_block(self) -> None:
        self._blocks.append(pack(f"[{','.join(self._rows)}]"))
        self._sizes.append(len(self._rows))
        self._rows, self._characters = [], 0

    def _kind(self, candidate: Candidate) -> int:
        return self._tools[candidate.tool] * len(VERDICTS) + _verdict(candidate)

    def _row(self, annotated: AnnotatedDocument) -> str:
        """Returns a text as JSON: id, text, why it was skipped, its calls by position."""
        document = annotated.document
        calls = sorted(annotated.candidates, key=lambda each: each.position)
        return _json(
            [document.id, document.text, annotated.skipped, [self._call(each) for each in calls]]
        )

    def _call(self, candidate: Candidate) -> list[Any]:
        """Returns a call as texts.js reads it; what is not known at the end is left out."""
        losses, placebo = candidate.losses, candidate.placebo
        values = [
            candidate.position,
            self._tools[candidate.tool],
            _verdict(candidate),
            *_written(candidate, self._grammar),
            candidate.error,
            candidate.count,
            _rounded(candidate.start_prob, 4),
            _rounded(candidate.start_gain),
            _rounded(None if losses is None else losses.no_call),
            _rounded(None if losses is None else losses.with_output),
            _rounded(None if losses is None else losses.no_output),
            None if placebo is None else placebo.output,
            _rounded(None if placebo is None else placebo.with_output),
        ]
        while values[-1] is None:
            values.pop()
        return values


def pack(text: str) -> str:
    """Returns a text deflated and in base64: letters, digits, `+`, `/` and `=`."""
    deflate = compressobj(Z_BEST_COMPRESSION, wbits=-15)
    return b64encode(deflate.compress(text.encode("ascii")) + deflate.flush()).decode("ascii")


def _written(candidate: Candidate, grammar: CallGrammar) -> tuple[str, str | None]:
    """Returns a call as it would stand in a text, and its output with what goes around it."""
    if candidate.arguments is None:
        return grammar.lead(candidate.tool), None
    if candidate.verdict in (Verdict.UNREADABLE, Verdict.NOT_RENDERABLE):
        return grammar.lead(candidate.tool) + candidate.arguments, candidate.output
    pieces = grammar.pieces(ToolCall(candidate.tool, candidate.arguments), candidate.output)
    if candidate.output is None:
        return "".join(pieces), None
    return pieces.asked, pieces.supplied


def _best_gain(candidates: Sequence[Candidate]) -> int | None:
    """Returns the best gain of a text's kept calls, or else of all, in hundredths of a nat."""
    gains: list[tuple[bool, float]] = [
        (each.verdict is Verdict.KEPT, each.gain) for each in candidates if each.gain is not None
    ]
    best = max(gains, default=None)
    return None if best is None or not isfinite(best[1]) else round(100 * best[1])


def _verdict(candidate: Candidate) -> int:
    if candidate.verdict is None:
        raise ValueError(f"a candidate without a verdict cannot be shown: {candidate}")
    return VERDICTS.index(candidate.verdict)


def _rounded(value: float | None, digits: int = 3) -> float | None:
    return None if value is None else round(value, digits)


def _json(value: object) -> str:
    """Returns a value as compact JSON in ASCII, which holds half a surrogate pair as well."""
    return json.dumps(value, separators=(",", ":"))
