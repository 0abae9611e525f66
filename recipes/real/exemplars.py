"""Exemplars for a real model: `python -m recipes.real.exemplars gsm8k --count 4 > exemplars.txt`.

They come from records that no table reports: GSM8K's first 400 training problems, and T-REx facts
of the fold that never is annotated here. Those for the calendar are written here, in the
manner of the dated notes of `recipes/data/notes.py`, and share no sentence with them.
"""

import argparse
import random
import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path

from recipes.data.notes import long_date
from recipes.data.sources import Template, read_facts, read_gsm8k, read_templates
from recipes.gsm8k import Solution, read_solution
from recipes.splits import fold, is_evaluation_template
from toolformer.annotate.demonstrations import Demonstration
from toolformer.calls import PlacedCall, ToolCall
from toolformer.errors import ToolError
from toolformer.tools.builtin.calculator import evaluate
from toolformer.tools.builtin.calendar import answer
from toolformer.tools.exemplar import NOTATION

GSM8K_EXEMPLARS = 400  # the first records, never annotated or evaluated
EXEMPLAR_FOLD = 1
_LONGEST = 260  # characters
_NUMBER = re.compile(r"[\d,]*\.?\d+")
_SPACE = re.compile(r"[\s$€£]*\Z")  # a call stands before what stands before its number


def gsm8k_exemplars(shared: Path, *, count: int, seed: int = 0) -> list[str]:
    """Returns solutions with their human marks as calls, from the first 400 records.

    As a person would choose them: short ones whose two or three marks the calculator confirms, each
    with forms of calculation that the others do not have.

    Args:
        shared: the folder with the data.
        count: how many.
        seed: of the order in which they are looked at.
    """
    problems = read_gsm8k(shared)[:GSM8K_EXEMPLARS]
    solutions = [read_solution(problem.answer) for problem in problems]
    random.Random(seed).shuffle(solutions)
    fitting = [
        (solution, text)
        for solution in solutions
        if 2 <= len(solution.marks) <= 3
        and (text := _with_calls(solution)) is not None
        and len(text) <= _LONGEST
    ]
    chosen: list[str] = []
    seen: set[str] = set()
    while fitting and len(chosen) < count:
        best = max(range(len(fitting)), key=lambda n: len(_forms(fitting[n][0]) - seen))
        solution, text = fitting.pop(best)  # of equals the first
        seen |= _forms(solution)
        chosen.append(text)
    return chosen


def _forms(solution: Solution) -> set[str]:
    """Returns how its calculations look, their numbers taken out."""
    return {_NUMBER.sub("#", mark.expression.replace(" ", "")) for mark in solution.marks}


def trex_exemplars(shared: Path, *, count: int, seed: int = 0) -> list[str]:
    """Returns template sentences about facts of the fold for exemplars, each of another relation.

    Args:
        shared: the folder with the data.
        count: how many; from the second time round, of relations that were there before.
        seed: of the draw.
    """
    draw = random.Random(seed)
    templates: dict[str, list[Template]] = {}
    for template in read_templates(shared):
        is_open = not is_evaluation_template(template.relation, template.pattern)
        if is_open and template.pattern.find("[X]") < template.pattern.find("[Y]"):
            templates.setdefault(template.relation, []).append(template)
    facts = [
        each
        for each in read_facts(shared)
        if fold(each.subject) == EXEMPLAR_FOLD and each.relation in templates
    ]
    draw.shuffle(facts)
    made: list[str] = []
    while len(made) < count and facts:
        seen: set[str] = set()
        for fact in list(facts):
            if fact.relation in seen or len(made) == count:
                continue
            seen.add(fact.relation)
            facts.remove(fact)
            template = draw.choice(templates[fact.relation])
            text, place = template.fill(fact), template.object_place(fact)
            position = place - len(_between(text[:place]))
            call = ToolCall("Database", f"{fact.subject}, {fact.attribute}")
            made.append(NOTATION.render(text, [PlacedCall(position, call)]))
    return made


# Kind by kind: the text with its call as an author writes it. `{today}` and `{day}` are dates,
# `{count}` a number; what follows the call is what the calendar answers.
_DATED = {
    "today": (
        "Written in the kitchen, [today] {answer}. The cat is asleep on the ledger.",
        "Log of the greenhouse, [today] {answer}: all vents open, no frost.",
        "A page from my journal, [today] {answer}. Rain until noon.",
    ),
    "days ahead": (
        "My sister marries {count} days from today, on [today + {count} days] {answer}. "
        "I have nothing to wear.",
        "The trial licence was issued on {day} and is good for {count} days, so it expires on "
        "[{day} + {count} days] {answer}.",
        "Planted the leeks on {day}. They want {count} days in the ground and can be pulled on "
        "[{day} + {count} days] {answer}.",
    ),
    "weeks ahead": (
        "Hello everyone, the forms are due {count} weeks from today, so no later than "
        "[today + {count} weeks] {answer}.",
        "We meet again in {count} weeks, on [today + {count} weeks] {answer}, in the same room.",
    ),
    "ago": (
        "What I wrote {count} weeks ago, on [today - {count} weeks] {answer}: the hedge is cut.",
        "The stove cracked {count} days ago, on [today - {count} days] {answer}, and stays cold.",
    ),
    "months": (
        "Nobody maintains the plug-in since {day}. Patches come for {count} months, the last on "
        "[{day} + {count} months] {answer}.",
        "Guarantee on the saw: {count} months from {day}, so it ends on "
        "[{day} + {count} months] {answer}.",
    ),
    "weekday": (
        "The inspection is on {day}, a [weekday of {day}] {answer}, and one of us must be there.",
        "The label in the violin says {day}; the almanac has a [weekday of {day}] {answer} there.",
        "The guests come on {day}. It is a [weekday of {day}] {answer}, and the shops are open.",
    ),
    "days between": (
        "My letter left on {day}, and now it is {today}, so I have waited "
        "[days from {day} to {today}] {answer} days.",
        "The pilot phase lasted from {day} to {today}, and in these "
        "[days from {day} to {today}] {answer} days nobody found a fault.",
    ),
}
_ASKED = re.compile(r" ?\[(.*?)\] \{answer\}")


def calendar_exemplars(*, count: int, seed: int = 0) -> list[Demonstration]:
    """Returns dated texts with a call each, of each kind in turn, with other dates every time.

    Args:
        count: how many.
        seed: of the dates and numbers.
    """
    draw = random.Random(seed)
    made = []
    for number in range(count):
        wordings = list(_DATED.values())[number % len(_DATED)]
        made.append(_dated(wordings[number // len(_DATED) % len(wordings)], draw))
    return made


def _dated(wording: str, draw: random.Random) -> Demonstration:
    today = date(1990, 1, 1) + timedelta(days=draw.randrange(9000))
    is_span = "days from" in wording
    day = today - timedelta(days=draw.randint(10, 300)) if is_span else today
    if "weekday" in wording:
        day = today + timedelta(days=draw.randint(5, 200))
    count = draw.randint(2, 9) if "days" not in wording else draw.randint(3, 90)
    if "months" in wording:  # a day that every month has
        day = day.replace(day=draw.randint(1, 28))
    filled = wording.replace("{today}", long_date(today)).replace("{day}", long_date(day))
    filled = filled.replace("{count}", str(count))
    asked = _ASKED.search(filled)
    if asked is None:
        raise ValueError(f"{wording!r} has no call")
    told = answer(asked[1], today)
    text = filled[: asked.start()] + f" {told}" + filled[asked.end() :]
    placed = PlacedCall(asked.start(), ToolCall("Calendar", asked[1]), told)
    return Demonstration(text, (placed,), today)


def _with_calls(solution: Solution) -> str | None:
    """Returns a solution with its marks as calls; None where the calculator says otherwise."""
    placed = list(_placed(solution))
    if len(placed) < len(solution.marks):
        return None
    return NOTATION.render(solution.text, placed)


def _placed(solution: Solution) -> Iterator[PlacedCall]:
    for mark in solution.marks:
        call = ToolCall("Calculator", mark.expression)
        try:
            output = evaluate(mark.expression)
        except ToolError:
            return
        is_sum = _NUMBER.fullmatch(mark.expression) is None
        if not is_sum or output != mark.value.replace(",", "") or not NOTATION.is_readable(call):
            return
        position = mark.offset - len(_between(solution.text[: mark.offset]))
        yield PlacedCall(position, call, output)


def _between(text: str) -> str:
    """Returns the white space and currency signs at a text's end."""
    found = _SPACE.search(text)
    return "" if found is None else found[0]


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the exemplars, parted by blank lines."""
    parser = argparse.ArgumentParser(description="Print exemplars for `annotate --exemplars`.")
    parser.add_argument("kind", choices=("gsm8k", "trex"))
    parser.add_argument("--count", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--shared", type=Path, default=Path("../shared/data"))
    given = parser.parse_args(arguments)
    make = gsm8k_exemplars if given.kind == "gsm8k" else trex_exemplars
    # A blank line parts texts, so that a solution's own line ends are written as they are.
    print("\n\n".join(make(given.shared, count=given.count, seed=given.seed)))


if __name__ == "__main__":
    main()
