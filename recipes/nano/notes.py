"""Texts with a bracketed note in front that tells something the text goes on to say, or nothing of use.

A note never has the form of a call with its output. Where a note tells a number of a real text, the number is mostly
redrawn, in the note and in the text alike: it can then be known from the note alone.
"""

import random
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from recipes.nano import calculator, calendar, lookup, prose
from recipes.nano.demonstration import Passage, Slot
from toolformer.pretrain.mixture import Source
from toolformer.pretrain.packing import PromptedText

_IRRELEVANT = 0.2  # the share of texts whose notes tell nothing of them
_EQUATION = re.compile(
    r"(?P<left>[$\d.][\d$.,%()+\-*/x×÷ ]*[+\-*/x×÷][\d$.,%()+\-*/x×÷ ]*?[\d)%]) *=(?P<gap> *\$?)(?P<value>\d[\d,]*(?:\.\d+)?)"
)
_NUMBER = re.compile(r"(?<![\d.,])\d[\d,]*(?:\.\d+)?(?![\d])")
_SPAN = re.compile(
    r"(?<=[\s(\"$])(?:[A-Z][\w'-]+(?: (?:of |the |and )?[A-Z][\w'-]+){0,2}|\d[\d,]*(?:\.\d+)?|[a-z]{5,}(?: [a-z]{4,}){0,1})(?=[\s.,;)])"
)
_HEADS = (
    "Note",
    "Note",
    "Fact",
    "Hint",
    "Answer",
    "Result",
    "Info",
    "Known",
    "Reference",
    "Margin",
    "Source",
)


def over_solutions(*, folder: Path, shared: str, many_forms: bool = False) -> Source:
    """Gives GSM8K solutions with notes that tell their results."""
    return _source(_solution, folder / shared, _form_of(many_forms))


def over_prose(*, folder: Path, shared: str, many_forms: bool = False) -> Source:
    """Gives real sentences with notes that tell a name, a number or a word of theirs."""
    return _source(_prose, folder / shared, _form_of(many_forms))


def over_generated(*, folder: Path, shared: str, many_forms: bool = False) -> Source:
    """Gives nano's generated texts with notes that tell what a tool could."""
    return _source(_generated, folder / shared, _form_of(many_forms))


def legends(*, folder: Path, shared: str) -> Source:
    """Gives real sentences after a list of what some of their words lead to, by an arrow.

    No brackets, no names, nothing that a tool is asked: what an arrow means between two things.
    """
    data = folder / shared

    def draw(rng: random.Random) -> PromptedText:
        passage = _prose(rng, data)
        while not passage.slots:
            passage = _prose(rng, data)
        entries = [f"{slot.key} -> {slot.value}" for slot in passage.slots]
        entries += [
            f"{slot.key} -> {slot.value}"
            for slot in _prose(rng, data).slots[: rng.choice((0, 1, 2))]
        ]
        rng.shuffle(entries)
        return PromptedText(rng.choice(("; ", "\n", ", ")).join(entries) + "\n", passage.text)

    return draw


def _source(
    draw_passage: Callable[[random.Random, Path], Passage],
    shared: Path,
    write: Callable[[random.Random, Path, Slot], str],
) -> Source:
    def draw(rng: random.Random) -> PromptedText:
        passage = draw_passage(rng, shared)
        while not passage.slots:
            passage = draw_passage(rng, shared)
        told: Sequence[Slot] = rng.sample(
            passage.slots, min(len(passage.slots), rng.choice((1, 1, 1, 2, 3)))
        )
        if rng.random() < _IRRELEVANT:
            other = draw_passage(rng, shared)
            told = rng.sample(other.slots, min(len(other.slots), 1))
        gap = rng.choice(("", "", "", " ", "\n"))
        return PromptedText("".join(write(rng, shared, slot) for slot in told) + gap, passage.text)

    return draw


def _form_of(many_forms: bool) -> Callable[[random.Random, Path, Slot], str]:
    return _freer_note if many_forms else _note


_SIGNS = (
    ":",
    " =",
    " is",
    " >>",
    " =>",
    " ~",
    " ::",
    " |",
    " —",
    ";",
    " ==",
    " :=",
    " #",
    " gives",
    " <-",
    " +>",
    " /",
)


def _freer_note(rng: random.Random, shared: Path, slot: Slot) -> str:
    """A note with a sign between question and answer that is one of many, so that any would do."""
    value, key = slot.value, slot.key
    if rng.random() < 0.08:
        values = [value, *(_other_value(rng, shared, value) for _ in range(rng.randint(1, 2)))]
        rng.shuffle(values)
        value = ", ".join(values)
    head = rng.choice(_HEADS) if rng.random() < 0.3 else _head(rng, shared)
    sign = rng.choice(_SIGNS)
    question = rng.choice(
        (
            key,
            f"{head}: {key}",
            f"{head} ({key})",
            f"{head} {key}",
            f"{head}<{key}>",
            f"{head} '{key}'",
            f"{head}/{key}",
        )
    )
    if rng.random() < 0.1:
        question = head
    return f"[{question}{sign} {value}]"


def _head(rng: random.Random, shared: Path) -> str:
    return prose.words(rng, shared, most=1).capitalize()


def _note(rng: random.Random, shared: Path, slot: Slot) -> str:
    value, key = slot.value, slot.key
    if rng.random() < 0.12:  # one of several values, in any order
        values = [value, *(_other_value(rng, shared, value) for _ in range(rng.randint(1, 3)))]
        rng.shuffle(values)
        value = ", ".join(values)
    head = (
        rng.choice(_HEADS) if rng.random() < 0.5 else prose.words(rng, shared, most=1).capitalize()
    )
    if rng.random() < 0.3:
        return rng.choice(
            (f"[{head}: {value}]", f"[{value}]", f"[{head} {value}]", f"[{head} = {value}]")
        )
    return rng.choice(
        (
            f"[{key}: {value}]",
            f"[{key} = {value}]",
            f"[{key} is {value}]",
            f"[{head} {key}: {value}]",
            f"[{head}: {key} = {value}]",
            f"[{head}, {key}; {value}]",
            f"[{head} ({key}): {value}]",
            f"[{head} on {key} | {value}]",
            f"[{key} gives {value}]",
            f"[{key} > {value}]",
        )
    )


def _other_value(rng: random.Random, shared: Path, value: str) -> str:
    if value[:1].isdigit():
        return str(rng.randint(1, 9999))
    return prose.words(rng, shared, most=2).title()


def _redrawn(rng: random.Random, number: str) -> str:
    """Returns another number that looks like `number`: as many digits or one more or less, a decimal point where it has one."""
    whole, dot, rest = number.replace(",", "").partition(".")
    digits = max(1, len(whole) + rng.choice((-1, 0, 0, 0, 1)))
    drawn = str(rng.randint(10 ** (digits - 1), 10**digits - 1))
    if len(drawn) > 3 and "," in number:
        drawn = f"{int(drawn):,}"
    return drawn + (f".{rng.randint(1, 99)}" if dot and rest else "")


def _with_values(
    text: str, found: Sequence[tuple[int, str, str]], rng: random.Random, *, redraw: float
) -> Passage:
    """Makes slots of the stretches (position, value, key), with most of the numbers among them redrawn in the text."""
    pieces, slots, end, length = [], [], 0, 0
    for position, value, key in found:
        new = _redrawn(rng, value) if value[0].isdigit() and rng.random() < redraw else value
        pieces += [text[end:position], new]
        length += position - end
        slots.append(Slot(length, new.replace(",", "") if new[0].isdigit() else new, "", key))
        length += len(new)
        end = position + len(value)
    return Passage("".join(pieces) + text[end:], tuple(slots))


def _solution(rng: random.Random, shared: Path) -> Passage:
    """A solution, or a few lines of one, with its equations' results, or any of its numbers, as slots."""
    text = rng.choice(prose.solutions(shared))
    lines = text.split("\n")
    start = rng.randrange(len(lines)) if rng.random() < 0.5 else 0
    text = "\n".join(lines[start:])
    found = [
        (m.start("value"), m.group("value").rstrip(","), _key(rng, m.group("left")))
        for m in _EQUATION.finditer(text)
    ]
    if not found or rng.random() < 0.25:
        numbers = [
            (m.start(), m.group().rstrip(","), _words_before(text, m.start()))
            for m in _NUMBER.finditer(text)
        ]
        found = sorted(rng.sample(numbers, min(len(numbers), 3)))
    return _with_values(text, found, rng, redraw=0.7)


def _key(rng: random.Random, left: str) -> str:
    """An equation's left side as written, or as a call would write it."""
    left = left.strip()
    return (
        left
        if rng.random() < 0.4
        else re.sub(r"[ $,]", "", left).replace("x", "*").replace("×", "*").replace("÷", "/")
    )


def _words_before(text: str, position: int) -> str:
    return " ".join(text[:position].replace("[", "(").split()[-3:]).strip("$ ") or "first"


def _prose(rng: random.Random, shared: Path) -> Passage:
    article = rng.choice(prose.articles(shared))
    start = rng.randrange(len(article.sentences))
    text = " ".join(article.sentences[start : start + rng.choice((1, 1, 1, 2))])
    matches = list(_SPAN.finditer(text))
    if not matches:
        return Passage(text)
    found = []
    for match in sorted(rng.sample(matches, min(len(matches), 2)), key=lambda m: m.start()):
        before = _words_before(text, match.start())
        key = rng.choice((before, before, article.title, f"{article.title}, {before.split()[-1]}"))
        found.append((match.start(), match.group().rstrip(","), key))
    return _with_values(text, found, rng, redraw=0.5)


def _generated(rng: random.Random, shared: Path) -> Passage:
    kind = rng.random()
    if kind < 0.35:
        return calculator.passage(rng, shared, most=4)
    if kind < 0.6:
        return calendar.passage(rng, shared, most=2)
    return lookup.passage(rng, shared, most=2)
