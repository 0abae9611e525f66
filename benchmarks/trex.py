"""Do look-ups find the facts that texts state: `python -m benchmarks.trex --model nano`.

(a) Real sentences of Wikipedia and Wikinews, from articles the embedded model never saw; (b) one
template sentence for each fact drawn. Facts are those annotated corpora may see, the templates and
relations not those kept for evaluation. The database is the embedded one, which knows every fact.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from benchmarks import report
from benchmarks.measure import Measured, Options, measure, parser, read_options, settings_of
from benchmarks.outcomes import FURTHEST_FIRST
from benchmarks.stated import StatedFact, at_object, fate
from recipes.data.excerpts import fact_excerpts
from recipes.data.sample import evaluation_facts
from recipes.data.sources import read_facts, read_wikinews, read_wikipedia
from recipes.data.templates import template_sentences
from toolformer.records import AnnotatedDocument, Document, Verdict
from toolformer.runs import read_selected
from toolformer.tools.registry import load_tool

LISTED = 25


@dataclass(frozen=True, slots=True)
class Statement:
    """A text, the facts it states, and whether it ends in the (only) object."""

    document: Document
    facts: tuple[StatedFact, ...]
    ends_in_object: bool = False


def real_sentences(shared: Path) -> list[Statement]:
    """Returns every clean sentence that states a fact annotated corpora may see."""
    articles = chain(read_wikipedia(shared), read_wikinews(shared))
    excerpts = fact_excerpts(articles, read_facts(shared), banned=evaluation_facts(shared))
    found: dict[str, Statement] = {}
    for excerpt in excerpts:
        facts = tuple(StatedFact(said.fact, said.place) for said in excerpt.statements)
        name = f"{excerpt.article.id}#{_order(excerpt.text)[:6]}"
        found.setdefault(excerpt.text, Statement(Document(name, excerpt.text), facts))
    return list(found.values())


def filled_templates(shared: Path, *, count: int) -> list[Statement]:
    """Returns sentences from templates, each with another fact; the object after the subject."""
    made = []
    for number, each in enumerate(template_sentences(shared, count=count)):
        stated = StatedFact(each.fact, each.template.object_place(each.fact))
        document = Document(f"template/{number}", each.text)
        made.append(Statement(document, (stated,), each.template.ends_in_object()))
    return made


def main() -> None:
    """Runs the benchmark."""
    made = parser("Facts of T-REx found by look-ups.")
    made.add_argument("--templates", type=int, default=400, help="template sentences")
    arguments = made.parse_args()
    options = read_options(arguments)
    real = real_sentences(options.shared)
    made_up = filled_templates(options.shared, count=arguments.templates)
    measured = _run("real", real, options), _run("templates", made_up, options)
    by_id = {each.document.id: each for each in chain(real, made_up)}
    read = [list(read_selected(each.run)) for each in measured]
    text = report.section(
        "T-REx facts",
        [
            _found(read, by_id),
            "What became of them:",
            _fates(read, by_id),
            "What was proposed at the object instead (real sentences, then templates):",
            *(_listing(documents, by_id) for documents in read),
            "Cost (real sentences, then templates):",
            *(each.cost() for each in measured),
        ],
        module="benchmarks.trex",
        settings=settings_of(measured[0].run),
    )
    report.publish(text, name="trex", path=options.write)


def _run(name: str, statements: Sequence[Statement], options: Options) -> Measured:
    documents = [each.document for each in statements]
    return measure(documents, [load_tool("database")], replace(options, out=options.out / name))


def _found(read: Sequence[Sequence[AnnotatedDocument]], by_id: Mapping[str, Statement]) -> str:
    real, templates = read
    ending = [each for each in templates if by_id[each.document.id].ends_in_object]
    others = [each for each in templates if not by_id[each.document.id].ends_in_object]
    rows: list[list[report.Cell]] = []
    for name, documents, bar in (
        ("real sentences", real, "reported"),
        ("templates that end in the object", ending, "≥ 50 %"),
        ("the other templates", others, "reported"),
    ):
        fates = [found for each in documents for found in _fates_of(each, by_id)]
        kept = fates.count(Verdict.KEPT.value)
        proposed = sum(found in FURTHEST_FIRST for found in fates)
        rows.append(
            [
                name,
                len(documents),
                len(fates),
                proposed,
                kept,
                report.percent(kept, len(fates)),
                bar,
            ]
        )
    header = ["", "texts", "facts", "told by a call", "by a kept call", "share", "bar"]
    return report.table(header, rows)


def _fates(read: Sequence[Iterable[AnnotatedDocument]], by_id: Mapping[str, Statement]) -> str:
    counted = [Counter(f for each in part for f in _fates_of(each, by_id)) for part in read]
    names = sorted({*counted[0], *counted[1]}, key=lambda name: -counted[0][name])
    return report.table(
        ["fate", "real sentences", "templates"],
        ([name, *(part[name] for part in counted)] for name in names),
    )


def _listing(documents: Iterable[AnnotatedDocument], by_id: Mapping[str, Statement]) -> str:
    rows: list[list[report.Cell]] = []
    for annotated in documents:
        for stated in by_id[annotated.document.id].facts:
            found = fate(annotated, stated)
            if found == Verdict.KEPT or len(rows) == LISTED:
                continue
            calls = (
                f"`{each.arguments}` → {each.output or each.verdict}"
                for each in at_object(annotated, stated)
                if each.arguments is not None
            )
            wanted = f"{stated.fact.subject}, {stated.fact.attribute} → {stated.fact.object}"
            before = annotated.document.text[max(0, stated.place - 60) : stated.place]
            rows.append([f"…{before}", wanted, found, "; ".join(list(calls)[:3]) or "–"])
    return report.table(["text before the object", "wanted", "fate", "proposed there"], rows)


def _fates_of(annotated: AnnotatedDocument, by_id: Mapping[str, Statement]) -> list[str]:
    return [fate(annotated, stated) for stated in by_id[annotated.document.id].facts]


def _order(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


if __name__ == "__main__":
    main()
