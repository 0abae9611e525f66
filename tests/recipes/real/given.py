"""The inputs of a reproduction of the size `tiny`, written by hand: no data of elsewhere."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from recipes.real.dated import dated_exemplars
from recipes.real.inputs import ASKED, LAST
from recipes.real.sizes import TINY
from recipes.reproduce.statements import computed, dated

Rows = Iterable[Mapping[str, object]]
PLAIN = "The old man went down to the river and sat there until the evening came. " * 4
_FACTS = (("Algiers", "Algeria"), ("Ankara", "Turkey"), ("Athens", "Greece"))


def write_tiny_inputs(folder: Path) -> None:
    """Writes every file that the stages read."""
    folder.mkdir(parents=True)
    sums = [
        {"id": f"sum/{n}", "text": e.text, "told": 1} for n, e in enumerate(computed(6, seed=0))
    ]
    write(folder / "solutions.jsonl", sums)
    days = enumerate(dated(6, seed=0))
    write(
        folder / "dated.jsonl",
        [{"id": f"day/{n}", "text": e.text, "date": str(e.today), "told": 1} for n, e in days],
    )
    facts = [
        {"id": city, "text": f"{city} is the capital of {country}.", "told": 1}
        for city, country in _FACTS
    ]
    write(folder / "facts.jsonl", facts)
    write(
        folder / "shown-solutions.jsonl",
        [
            {"text": "In all there were 214 + 37 = [Calculator(214 + 37)] 251 visitors."},
            {"text": "The product of 12 and 31 is [Calculator(12 * 31)] 372."},
        ],
    )
    shown = [{"text": each.text, "date": str(each.today)} for each in dated_exemplars(seed=0)]
    write(folder / "shown-dated.jsonl", shown)
    write(
        folder / "shown-facts.jsonl",
        [{"text": "Bangkok is the capital of [Database(Bangkok, capital of)] Thailand."}],
    )
    answer = "She sold 48/2 = <<48/2=24>>24 clips.\nTogether 48+24 = <<48+24=72>>72 clips.\n#### 72"
    write(folder / ASKED, [{"id": "last/0", "question": "How many?", "answer": answer}])
    _write_facts(folder)
    for name in ("mix", "wikipedia", "plain-c4", "plain-wikipedia"):
        write(folder / f"{name}.jsonl", [{"id": f"{name}/{n}", "text": PLAIN} for n in range(3)])
    (folder / "wikitext2.txt").write_text(PLAIN + "\n", encoding="utf-8")
    (folder / LAST).write_text(f"{TINY.name}\n", encoding="utf-8")


def _write_facts(folder: Path) -> None:
    triples = [
        {"relation": "P1376", "subject": city, "object": country, "attribute": "capital of"}
        for city, country in _FACTS
    ]
    write(folder / "lama-facts.jsonl", triples)
    write(
        folder / "lama-training.jsonl",
        [{"relation": "P1376", "subject": "Bangkok", "object": "Thailand"}],
    )
    pattern = "[X] is the capital of [Y] ."
    write(
        folder / "lama-templates.jsonl",
        [{"relation": "P1376", "pattern": pattern, "attribute": "capital of", "tags": []}],
    )


def write(path: Path, rows: Rows) -> None:
    """Writes JSON lines."""
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
