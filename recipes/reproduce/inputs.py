"""What the reproduction reads: texts to annotate, texts to mix in as they are, and the tasks.

Written into a folder as plain files, so that every step after it is a command that anybody can run.
With the shared data it is facts, word problems, dated and computed sentences; without it the last
two and the sample corpus that comes with the package.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from random import Random

from recipes.data.excerpts import is_unseen_by_nano
from recipes.data.sample import ASSET, plain
from recipes.data.sources import (
    Article,
    read_c4,
    read_facts,
    read_gsm8k,
    read_templates,
    read_wikinews,
    read_wikipedia,
)
from recipes.data.statements import FactIndex
from recipes.data.templates import template_sentences
from recipes.gsm8k import read_solution
from recipes.relations import ATTRIBUTE_NAMES
from recipes.reproduce.statements import computed, dated
from recipes.splits import EVALUATION_RELATIONS, fold, is_evaluation_template, is_held_out_gsm8k
from toolformer.corpus.read import read_corpus

FACTS, SOLUTIONS, DATED, COMPUTED = 850, 100, 400, 750
MIXED = 800  # texts of each source, or all it has, that are trained on as they are
STRETCH = 500  # characters of such a text
UNANSWERED = 150  # texts of each source on which no call should start
ARTICLES = 60  # for perplexity
_LONGEST = 500  # characters of a solution

Row = Mapping[str, object]


def write_inputs(folder: Path, *, shared: Path | None, seed: int) -> None:
    """Writes all files; the same ones whenever it is asked with the same data and seed."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [*_dated(seed), *_computed(seed)]
    if shared is None:
        rows += [{"id": d.id, "text": d.text, **d.meta} for d in read_corpus(ASSET)]
    else:
        rows += [*_facts(shared), *_solutions(shared)]
        write_plain_texts(folder, shared)
        write_lama(folder, shared)
    Random(f"reproduce/{seed}").shuffle(rows)
    write_rows(folder / "corpus.jsonl", rows)


def _dated(seed: int) -> Iterator[Row]:
    for number, each in enumerate(dated(DATED, seed=seed)):
        yield {"id": f"dated/{number}", "text": each.text, "date": str(each.today)}


def _computed(seed: int) -> Iterator[Row]:
    for number, each in enumerate(computed(COMPUTED, seed=seed)):
        yield {"id": f"computed/{number}", "text": each.text}


def _facts(shared: Path) -> Iterator[Row]:
    for number, each in enumerate(template_sentences(shared, count=FACTS)):
        yield {"id": f"facts/{number}", "text": each.text}


def _solutions(shared: Path) -> Iterator[Row]:
    problems = read_gsm8k(shared)
    held_out = (p for p in problems if is_held_out_gsm8k(p.index, total=len(problems)))
    texts = ((each.index, read_solution(each.answer).text) for each in held_out)
    short = ((index, text) for index, text in texts if len(text) < _LONGEST)
    for index, text in islice(short, SOLUTIONS):
        yield {"id": f"gsm8k/{index}", "text": text}


def write_plain_texts(folder: Path, shared: Path) -> None:
    """Writes texts to mix in, to leave alone, and to be predicted; each article serves one end."""
    facts = FactIndex(read_facts(shared))
    sources = {
        "c4": list(read_c4(shared)),
        "wikipedia": [each for each in read_wikipedia(shared) if is_unseen_by_nano(each)],
        "news": [each for each in read_wikinews(shared) if is_unseen_by_nano(each)],
    }
    mixed: list[Row] = []
    for name, articles in sources.items():
        learned = (each for each in articles if fold(each.id, folds=3) == 1)
        stretches = ((each.id, _stretch(each)) for each in learned)
        long = [{"id": name, "text": text} for name, text in stretches if text is not None]
        mixed += long[:MIXED]
        # Without facts, numbers and dates: no tool could help.
        asked = (each for each in articles if fold(each.id, folds=3) == 2)
        unanswered = plain(asked, facts, UNANSWERED) if name != "news" else []
        if unanswered:
            rows = ({"id": each.id, "text": each.text} for each in unanswered)
            write_rows(folder / f"plain-{name}.jsonl", rows)
    write_rows(folder / "mix.jsonl", mixed)
    predicted = [each for each in sources["wikipedia"] if fold(each.id, folds=3) == 0]
    write_rows(
        folder / "wikipedia.jsonl", ({"id": a.id, "text": a.text} for a in predicted[:ARTICLES])
    )


def _stretch(article: Article) -> str | None:
    """Returns the beginning of an article, its title left out, up to the end of a sentence."""
    text = article.text.partition("\n")[2].strip() if article.title else article.text
    beginning = text[:STRETCH]
    end = beginning.rfind(". ") + 1
    return beginning[:end] if end > STRETCH // 2 else None


def write_lama(folder: Path, shared: Path) -> None:
    """Writes the facts of split 0, those training may know, and the templates that ask for them."""
    facts = read_facts(shared)
    write_rows(
        folder / "lama-facts.jsonl",
        (
            {"relation": f.relation, "subject": f.subject, "object": f.object}
            | {"attribute": f.attribute}
            for f in facts
            if fold(f.subject) == 0
        ),
    )
    write_rows(
        folder / "lama-training.jsonl",
        (
            {"relation": f.relation, "subject": f.subject, "object": f.object}
            for f in facts
            if fold(f.subject) != 0 and f.relation not in EVALUATION_RELATIONS
        ),
    )
    templates = []
    for each in read_templates(shared):
        is_kept = is_evaluation_template(each.relation, each.pattern)
        tags = ["unseen template" if is_kept else "template of the training texts"]
        name = ATTRIBUTE_NAMES[each.relation]
        templates.append(
            {"relation": each.relation, "pattern": each.pattern, "attribute": name}
            | {"tags": [] if each.relation in EVALUATION_RELATIONS else tags}
        )
    write_rows(folder / "lama-templates.jsonl", templates)


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    """Writes rows as JSON lines, whole or not at all."""
    lines: Sequence[str] = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
    temporary = path.with_suffix(".tmp")
    temporary.write_text("".join(lines), encoding="utf-8")
    temporary.replace(path)
