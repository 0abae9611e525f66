"""Texts with places for calls, and how nano is shown them under the brief prompt."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from toolformer.annotate.prompts import brief_prompt
from toolformer.calls import InlineGrammar, PlacedCall, ToolCall
from toolformer.pretrain.mixture import Source
from toolformer.pretrain.packing import PromptedText


@dataclass(frozen=True, slots=True)
class Slot:
    """A stretch of a text that a tool can tell, and what to ask it."""

    position: int  # characters
    value: str  # what stands in the text from `position` on
    arguments: str  # what a call would say
    key: str  # the same question in plain words, for a note


@dataclass(frozen=True, slots=True)
class Passage:
    """A text and the slots in it, in text order."""

    text: str
    slots: tuple[Slot, ...] = ()


def piece(before: str, value: str, after: str = "", *, arguments: str, key: str) -> Passage:
    """Returns a passage with one slot, which begins where `before` ends, less a space there."""
    position = len(before) - (1 if before.endswith(" ") else 0)
    return Passage(before + value + after, (Slot(position, value, arguments, key),))


def join(passages: Sequence[Passage], separator: str) -> Passage:
    """Joins passages into one text and moves their slots along."""
    text, slots = "", []
    for number, passage in enumerate(passages):
        text += separator if number else ""
        slots += [Slot(len(text) + s.position, s.value, s.arguments, s.key) for s in passage.slots]
        text += passage.text
    return Passage(text, tuple(slots))


def demonstrate(passage: Passage, *, tool: str, signature: str) -> PromptedText:
    """Shows a passage under the brief prompt, then again with its calls; a result is never shown."""
    grammar = InlineGrammar()
    prompt = brief_prompt(signature, passage.text)
    placed = [PlacedCall(slot.position, ToolCall(tool, slot.arguments)) for slot in passage.slots]
    return PromptedText(prompt.shared + prompt.own, grammar.render(passage.text, placed))


def demonstrated(
    passage: Callable[[random.Random, Path], Passage], shared: Path, *, tool: str, signature: str
) -> Source:
    """Returns the source that shows the passages of a family with their calls."""

    def draw(rng: random.Random) -> PromptedText:
        return demonstrate(passage(rng, shared), tool=tool, signature=signature)

    return draw
