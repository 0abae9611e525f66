"""What a reproduction with a real model reads, as plain files: corpora, exemplars, tasks.

Exemplars are from records that are neither annotated nor asked, and what is asked is neither shown
nor annotated: GSM8K's first 400 problems, its last 473 and those between; T-REx's subjects by fold;
dated sentences by the day, and from what is asked by wording.
"""

import json
import random
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from recipes.data.sources import read_gsm8k
from recipes.data.templates import template_sentences
from recipes.gsm8k import read_solution
from recipes.real.dated import dated_exemplars
from recipes.real.exemplars import GSM8K_EXEMPLARS, gsm8k_exemplars, trex_exemplars
from recipes.real.sizes import Size
from recipes.reproduce.inputs import Row, write_lama, write_plain_texts, write_rows
from recipes.reproduce.statements import dated
from recipes.splits import is_held_out_gsm8k

SHOWN_SOLUTIONS = 4
SHOWN_FACTS = 40  # one for each relation, or nearly: as many as a person writes in an hour
ASKED = "gsm8k-last.jsonl"
LAST = "finished"  # the name of the file that is written last


def write_inputs(folder: Path, *, shared: Path, size: Size, seed: int) -> None:
    """Writes all files; the same ones whenever it is asked with the same data, size and seed."""
    folder.mkdir(parents=True, exist_ok=True)
    write_rows(folder / "solutions.jsonl", _solutions(shared, size.solutions, seed=seed))
    write_rows(folder / "dated.jsonl", _dated(size.dated, seed=seed))
    write_rows(folder / "facts.jsonl", _facts(shared, size.facts))
    shown = {
        "solutions": gsm8k_exemplars(shared, count=SHOWN_SOLUTIONS, seed=seed),
        "facts": trex_exemplars(shared, count=SHOWN_FACTS, seed=seed),
    }
    for name, texts in shown.items():
        write_rows(folder / f"shown-{name}.jsonl", ({"text": text} for text in texts))
    shown_dated = dated_exemplars(seed=seed)
    write_rows(
        folder / "shown-dated.jsonl",
        ({"text": each.text, "date": str(each.today)} for each in shown_dated),
    )
    write_rows(folder / ASKED, _asked(shared))
    write_lama(folder, shared)
    write_plain_texts(folder, shared)
    _shorten(folder, size, seed=seed)
    _write_wikitext(folder / "wikitext2.txt", shared, characters=size.predicted)
    (folder / LAST).write_text(f"{size.name}\n", encoding="utf-8")


def _solutions(shared: Path, count: int, *, seed: int) -> Iterator[Row]:
    """Yields solutions without their marks; `told` is how many of these a calculator could tell."""
    problems = read_gsm8k(shared)
    open_ = [
        each
        for each in problems[GSM8K_EXEMPLARS:]
        if not is_held_out_gsm8k(each.index, total=len(problems))
    ]
    random.Random(f"real/solutions/{seed}").shuffle(open_)
    for problem in open_[:count]:
        solution = read_solution(problem.answer)
        yield {"id": f"gsm8k/{problem.index}", "text": solution.text, "told": len(solution.marks)}


def _dated(count: int, *, seed: int) -> Iterator[Row]:
    for number, each in enumerate(dated(count, seed=seed)):
        yield {"id": f"dated/{number}", "text": each.text, "date": str(each.today), "told": 1}


def _facts(shared: Path, count: int) -> Iterator[Row]:
    for number, each in enumerate(template_sentences(shared, count=count)):
        yield {"id": f"facts/{number}", "text": each.text, "told": 1}


def _asked(shared: Path) -> Iterator[Row]:
    problems = read_gsm8k(shared)
    for each in problems:
        if is_held_out_gsm8k(each.index, total=len(problems)):
            yield {"id": f"gsm8k/{each.index}", "question": each.question, "answer": each.answer}


def _shorten(folder: Path, size: Size, *, seed: int) -> None:
    """Leaves of the plain texts what a size asks for."""
    mixed = _read(folder / "mix.jsonl")
    random.Random(f"real/mix/{seed}").shuffle(mixed)
    write_rows(folder / "mix.jsonl", mixed[: size.mixed])
    articles = _within(_read(folder / "wikipedia.jsonl"), size.predicted)
    write_rows(folder / "wikipedia.jsonl", articles)


def _within(rows: Iterable[dict[str, str]], characters: int) -> Iterator[Row]:
    """Yields the first texts, at least one, that have so many characters together."""
    taken = 0
    for row in rows:
        if taken and taken + len(row["text"]) > characters:
            return
        taken += len(row["text"])
        yield row


def _write_wikitext(path: Path, shared: Path, *, characters: int) -> None:
    with (shared / "wikitext2" / "valid.txt").open(encoding="utf-8") as lines:
        taken, kept = 0, list[str]()
        for line in islice(lines, 100_000):
            taken += len(line)
            kept.append(line)
            if taken >= characters:
                break
    path.write_text("".join(kept), encoding="utf-8")


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]
