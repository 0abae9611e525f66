"""Right and wrong calls at the same places: what a filter must tell apart.

As in the trial: another mark of the solution, an operand exchanged, a number by itself; another
object, entity or relation; the answer to another note, and its question as well.
"""

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.in_context.judging.dated import StatedDate, stated_date
from benchmarks.in_context.running.scoring import CallAtPlace, places_of
from benchmarks.stated import StatedFact, tells
from recipes.data.notes import Note
from recipes.data.sources import Fact, read_facts
from recipes.gsm8k import Mark, Solution
from toolformer.calls import ToolCall
from toolformer.errors import ToolError
from toolformer.lm.base import LanguageModel
from toolformer.tools.builtin.calculator import evaluate

_NUMBER = re.compile(r"\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class JudgedCall:
    """A call at a place, and whether it is the right one there."""

    at: CallAtPlace
    is_right: bool
    kind: str


def of_solutions(
    solutions: Mapping[str, Solution], model: LanguageModel, *, seed: int
) -> list[JudgedCall]:
    """Returns the marks of solutions, and wrong calculations at their places."""
    draw = random.Random(seed)
    found: list[JudgedCall] = []
    for solution in solutions.values():
        places = places_of(solution.text, model)
        for mark in solution.marks:
            position = len(solution.text[: mark.offset].rstrip(" \n$€£"))
            right = _worked_out(mark.expression)
            if right != mark.value.replace(",", "") or position not in places:
                continue
            wrong = _wrong_sums(solution, mark, right, position, draw)
            for kind, arguments, output in (("right", mark.expression, right), *wrong):
                call = ToolCall("Calculator", arguments)
                at = CallAtPlace(solution.text, position, call, output)
                found.append(JudgedCall(at, kind == "right", kind))
    return found


def _wrong_sums(
    solution: Solution, mark: Mark, right: str, position: int, draw: random.Random
) -> Iterator[tuple[str, str, str]]:
    others = [
        (each.expression, output)
        for each in solution.marks
        if each.expression != mark.expression
        and (output := _worked_out(each.expression)) not in (None, right)
    ]
    if others:
        expression, output = draw.choice(others)
        yield "another mark", expression, output or ""
    before = _NUMBER.findall(solution.text[:position])
    operands = _NUMBER.findall(mark.expression)
    for _ in range(6 if operands and before else 0):
        changed = mark.expression.replace(draw.choice(operands), draw.choice(before), 1)
        output = _worked_out(changed)
        if changed != mark.expression and output not in (None, right):
            yield "an operand exchanged", changed, output or ""
            break
    numbers = [each for each in before if each != right]
    if numbers:
        number = draw.choice(numbers)
        yield "a number by itself", number, number


def of_facts(
    stated: Mapping[str, StatedFact], model: LanguageModel, *, shared: Path, seed: int
) -> list[JudgedCall]:
    """Returns the right look-up of each sentence, and wrong ones at its place."""
    draw = random.Random(seed)
    facts = read_facts(shared)
    by_relation: dict[str, list[Fact]] = {}
    for each in facts:
        by_relation.setdefault(each.relation, []).append(each)
    found: list[JudgedCall] = []
    for text, said in stated.items():
        position = len(text[: said.place].rstrip())
        if position not in places_of(text, model):
            continue
        fact = said.fact
        same = [e for e in by_relation[fact.relation] if not tells(e.object, fact.object)]
        other = draw.choice(
            [e for e in facts if e.relation != fact.relation and e.object != fact.object]
        )
        calls = [("right", fact, fact.attribute, fact.object)]
        if same:
            entity = draw.choice(same)
            calls.append(("another object", fact, fact.attribute, entity.object))
            calls.append(("another entity", entity, fact.attribute, entity.object))
        calls.append(("another relation", fact, other.attribute, other.object))
        for kind, about, attribute, output in calls:
            call = ToolCall("Database", f"{about.subject}, {attribute}")
            if model.grammar.is_readable(call):
                at = CallAtPlace(text, position, call, output)
                found.append(JudgedCall(at, kind == "right", kind))
    return found


def of_notes(dated: Mapping[str, Note], model: LanguageModel, *, seed: int) -> list[JudgedCall]:
    """Returns what each note asks a calendar, and another note's answer, and question, there."""
    draw = random.Random(seed)
    stated = {name: stated_date(note) for name, note in dated.items()}
    found: list[JudgedCall] = []
    for name, note in dated.items():
        said = stated[name]
        if said.place not in places_of(note.text, model):
            continue
        others = _alike(said, list(stated.values()))
        if not others:
            continue
        other = draw.choice(others)
        for kind, arguments, output in (
            ("right", said.arguments, said.value),
            ("another answer", said.arguments, other.value),
            ("another note's call", other.arguments, other.value),
        ):
            at = CallAtPlace(note.text, said.place, ToolCall("Calendar", arguments), output)
            found.append(JudgedCall(at, kind == "right", kind))
    return found


def _another(facts: Sequence[Fact], fact: Fact, draw: random.Random) -> Fact:
    """Returns a fact of another relation, and with another object."""
    while True:
        other = draw.choice(facts)
        if other.relation != fact.relation and not tells(other.object, fact.object):
            return other


def _alike(said: StatedDate, among: Sequence[StatedDate]) -> list[StatedDate]:
    """Returns what other notes of the family state, of all where its own state the same."""
    others = [each for each in among if each.value != said.value]
    return [each for each in others if each.family == said.family] or others


def _worked_out(expression: str) -> str | None:
    try:
        return evaluate(expression)
    except ToolError:
        return None
