"""Calls at given places, scored by the product's own rows: in context, and in front of the text.

In context a row forks from the text behind its demonstrations, and its losses are over units; in
the paper's form the call stands in front of the text, and the losses are over tokens.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt

from toolformer.annotate.methods.in_context_propose import ReadText
from toolformer.annotate.methods.losses import ask_losses, unit_loss, weighted_losses
from toolformer.annotate.plan import Plan
from toolformer.calls import ToolCall
from toolformer.lm.base import (
    SCORED_TOKENS,
    CallScoreRequest,
    LanguageModel,
    LossRequest,
    TextRequest,
    Trunks,
)
from toolformer.records import Losses

_TEXTS_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class CallAtPlace:
    """A call with an output at a place of a text."""

    text: str
    position: int
    call: ToolCall
    output: str


@dataclass(frozen=True, slots=True)
class ScoredCall:
    """The losses of a call in context, over units and over tokens."""

    units: Losses
    tokens: Losses


def score_in_context(calls: Sequence[CallAtPlace], plan: Plan) -> list[ScoredCall]:
    """Returns the losses of calls at their places, behind the demonstrations of their tools.

    Args:
        calls: all at places of their texts.
        plan: of a run in context; a window of it holds each text whole.
    """
    by_text: dict[tuple[str, str], list[int]] = {}
    for number, each in enumerate(calls):
        by_text.setdefault((each.call.tool, each.text), []).append(number)
    found: dict[int, ScoredCall] = {}
    keys = list(by_text)
    for start in range(0, len(keys), _TEXTS_AT_ONCE):
        found |= _score_texts(keys[start : start + _TEXTS_AT_ONCE], by_text, calls, plan)
    return [found[number] for number in range(len(calls))]


def score_in_front(calls: Sequence[CallAtPlace], model: LanguageModel) -> list[Losses]:
    """Returns the losses of calls in front of their texts, over tokens: the paper's form."""
    rows = [
        (
            LossRequest(each.text, each.position),
            LossRequest(each.text, each.position, each.call, each.output),
            LossRequest(each.text, each.position, each.call),
        )
        for each in calls
    ]
    asked = list(dict.fromkeys(chain.from_iterable(rows)))
    losses = dict(zip(asked, ask_losses(model, asked), strict=True))
    return [Losses(*(losses[row] for row in three)) for three in rows]


def places_of(text: str, model: LanguageModel) -> frozenset[int]:
    """Returns the ends of a text's tokens, but not the last."""
    return frozenset(model.token_ends(text)[:-1].tolist())


@dataclass(frozen=True, slots=True)
class _Asked:
    """A call of some texts that are read together."""

    number: int  # of the call
    request: int  # of its text
    sizes: tuple[int, ...]  # tokens of the units behind its place

    @property
    def tokens(self) -> int:
        """How many tokens are scored: those of the units, and five."""
        return max(sum(self.sizes), SCORED_TOKENS)


def _score_texts(
    keys: Sequence[tuple[str, str]],
    by_text: Mapping[tuple[str, str], Sequence[int]],
    calls: Sequence[CallAtPlace],
    plan: Plan,
) -> dict[int, ScoredCall]:
    read = [ReadText.of(text, plan) for _, text in keys]
    asked = [
        _Asked(number, request, read[request].sizes(calls[number].position))
        for request, key in enumerate(keys)
        for number in by_text[key]
    ]
    texts = [
        TextRequest(plan.prompts.of(plan.toolbox[tool], text, document=text), text)
        for tool, text in keys
    ]
    with plan.model.read(texts) as trunks:
        plain = [_plain(trunks, each, calls[each.number].position) for each in asked]
        rows = [
            trunks.score(
                [
                    CallScoreRequest(
                        request=each.request,
                        position=calls[each.number].position,
                        call=calls[each.number].call,
                        output=calls[each.number].output if has_output else None,
                        tokens=each.tokens,
                    )
                    for each in asked
                ]
            )
            for has_output in (True, False)
        ]
    return {
        each.number: ScoredCall(
            Losses(*(unit_loss(row[: sum(each.sizes)], each.sizes) for row in three)),
            Losses(*weighted_losses([row[:SCORED_TOKENS] for row in three])),
        )
        for each, *three in zip(asked, plain, *rows, strict=True)
    }


def _plain(trunks: Trunks, asked: _Asked, position: int) -> npt.NDArray[np.float32]:
    """Returns (up to tokens,) float32: log p of what follows a place, without a call."""
    starts = trunks.starts[asked.request]
    before = int(starts.tokens_before[starts.positions.tolist().index(position)])
    found: npt.NDArray[np.float32] = trunks.log_probs[asked.request]
    return found[before - 1 : before - 1 + asked.tokens]
