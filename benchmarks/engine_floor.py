"""F, the tokens that a text cannot be annotated without: what the engine's count is held against.

The paper's method, `floor_of`: F = 2n (the text twice under its prompt) + the tokens of every
sampled branch until it closes + n for L(ε) + |e(c, r)| + place + 5 for every distinct executed call
+ what e(c, ε) adds after the common start, + place + 5, where it must be scored. A branch begins
with the forced ` [Tool(`, which the branches of a place have in common and which is counted once.
Padding, prompts and what frames the text in them are left out.

In context, `context_floor_of`: F = n (tools + 1) (the text under each tool's demonstrations, and
plain) + the branches as above + |e(c, ·)| + the tokens that are scored, for every distinct executed
call at its place, with its output and without it: 2 (|e(c, ·)| + scored) where both are asked for.
L(ε) costs nothing: it is read off the text under the demonstrations. What the calls of a place
begin with alike is counted for each of them, so an engine that shares it can stay below F.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from toolformer.lm.base import SCORED_TOKENS
from toolformer.lm.encoding import Encoding
from toolformer.records import AnnotatedDocument, Candidate


@dataclass(frozen=True, slots=True)
class Floor:
    """F of some texts, by what for."""

    text: int = 0
    decode: int = 0
    score: int = 0

    @property
    def total(self) -> int:
        """F."""
        return self.text + self.decode + self.score

    def __add__(self, other: "Floor") -> "Floor":
        return Floor(self.text + other.text, self.decode + other.decode, self.score + other.score)


def floor_of(documents: Iterable[AnnotatedDocument], encoding: Encoding) -> Floor:
    """Returns F of annotated documents that fit their model in one window."""
    return sum((_floor(each, encoding) for each in documents), Floor())


def _floor(annotated: AnnotatedDocument, encoding: Encoding) -> Floor:
    n = len(encoding.text(annotated.document.text).ids)
    sampled = [each for each in annotated.candidates if each.arguments is not None]
    score = n if annotated.candidates else 0
    # One row serves every place of a call: the furthest decides how long it is.
    for with_output in (True, False):
        rows: dict[tuple[str, str], int] = {}
        for each in sampled:
            if _is_scored(each, with_output=with_output):
                call = (each.tool, f"{each.arguments}\0{each.output if with_output else ''}")
                rows[call] = max(rows.get(call, 0), _row(each, n, encoding, with_output))
        score += sum(rows.values())
    return Floor(2 * n * len(annotated.tried), _written(sampled, encoding), score)


def _written(candidates: Sequence[Candidate], encoding: Encoding) -> int:
    """Returns the tokens of all branches until they close, the lead once for each place."""
    sampled = [each for each in candidates if each.arguments is not None]
    leads = {(each.tool, each.position) for each in sampled}
    decode = sum(len(encoding.piece(encoding.grammar.lead(tool))) for tool, _ in leads)
    return decode + sum(each.count * len(encoding.piece(f"{each.arguments})")) for each in sampled)


def context_floor_of(
    documents: Iterable[AnnotatedDocument], encoding: Encoding, scored: Callable[[str, int], int]
) -> Floor:
    """Returns F in context of annotated documents that fit their model in one window.

    Placebos, which calibrate a run and not a text, are left out.

    Args:
        documents: of a run in context.
        encoding: of its model.
        scored: how many tokens of a text are scored behind a position of it.
    """
    return sum((_context_floor(each, encoding, scored) for each in documents), Floor())


def _context_floor(
    annotated: AnnotatedDocument, encoding: Encoding, scored: Callable[[str, int], int]
) -> Floor:
    text = annotated.document.text
    n = len(encoding.text(text).ids)
    # A text that no tool suits is not read at all.
    read = n * (len(annotated.tried) + 1) if annotated.tried else 0
    score = 0
    for each in annotated.candidates:
        for with_output in (True, False):
            if each.call is not None and _is_scored(each, with_output=with_output):
                output = each.output if with_output else None
                call = encoding.call(each.call, output, first=False)
                score += len(call.ids) + scored(text, each.position)
    return Floor(read, _written(annotated.candidates, encoding), score)


def _is_scored(candidate: Candidate, *, with_output: bool) -> bool:
    if candidate.losses is None:
        return False
    loss = candidate.losses.with_output if with_output else candidate.losses.no_output
    return loss is not None


def _row(candidate: Candidate, n: int, encoding: Encoding, with_output: bool) -> int:
    """Returns the tokens of a call in front of a text, as far as they must be forwarded."""
    call = candidate.call
    if call is None or candidate.token is None:
        return 0
    place = min(n, candidate.token + SCORED_TOKENS)
    pieces = encoding.call(call, candidate.output if with_output else None, first=True)
    return place + len(pieces.ids if with_output else pieces.close)
