"""Exemplars for a real model: `python -m recipes.real.exemplars gsm8k --count 4 > exemplars.txt`.

They come from records that no table reports: GSM8K's first 400 training problems, and T-REx facts
of the fold that never is annotated here.
"""

import argparse
import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from recipes.data.sources import Template, read_facts, read_gsm8k, read_templates
from recipes.gsm8k import Solution, read_solution
from recipes.splits import fold, is_evaluation_template
from toolformer.calls import PlacedCall, ToolCall
from toolformer.errors import ToolError
from toolformer.tools.builtin.calculator import evaluate
from toolformer.tools.exemplar import NOTATION

GSM8K_EXEMPLARS = 400  # the first records, never annotated or evaluated
EXEMPLAR_FOLD = 1
_LONGEST = 260  # characters
_SPACE = re.compile(r"[\s$€£]*\Z")  # a call stands before what stands before its number


def gsm8k_exemplars(shared: Path, *, count: int, seed: int = 0) -> list[str]:
    """Returns solutions with their human marks as calls, drawn from the first 400 records.

    Short ones with two or three marks, all of which the calculator confirms.

    Args:
        shared: the folder with the data.
        count: how many.
        seed: of the draw.
    """
    problems = read_gsm8k(shared)[:GSM8K_EXEMPLARS]
    solutions = [read_solution(problem.answer) for problem in problems]
    random.Random(seed).shuffle(solutions)
    written = (_with_calls(each) for each in solutions if 2 <= len(each.marks) <= 3)
    fitting = [text for text in written if text is not None and len(text) <= _LONGEST]
    return fitting[:count]


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
        if output != mark.value.replace(",", "") or not NOTATION.is_readable(call):
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
