"""`lama`: facts of T-REx asked in cloze sentences, with a database that knows them."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from toolformer.errors import ConfigError, CorpusError
from toolformer.evaluate.task import Example, Task
from toolformer.evaluate.tasks.answers import first_words_task
from toolformer.evaluate.tasks.facts.change import (
    Change,
    draw_deleted,
    with_deletion,
    with_edit,
)
from toolformer.evaluate.tasks.facts.edit import has_changed, swap_objects
from toolformer.evaluate.tasks.facts.files import Cloze, Clozes, Triple, read_clozes, read_triples
from toolformer.evaluate.tasks.facts.table import FactRow

ORACLE = "oracle database: the answer is in it"
UNSEEN_RELATION = "unseen relation"
HARD = "hard"  # neither inside the subject nor the relation's majority answer


def lama(
    triples: str,
    templates: str | None = None,
    training: str | None = None,
    attributes: Path | None = None,
    edit: int | None = None,
    delete: int | None = None,
    name: str | None = None,
) -> Task:
    """Facts as cloze sentences; right is an output with one of the objects in its first five words.

    The database tool knows exactly these facts while the task runs. Each fact is asked in one
    sentence of its relation that ends in the object, drawn by its subject.

    Args:
        triples: JSON lines with `relation`, `subject`, `object` (or LAMA's `predicate_id`,
            `sub_label`, `obj_label`) and perhaps `attribute`, `template`, `tags`.
        templates: JSON lines with `relation`, `pattern` (or `template`) and perhaps `attribute`
            (or `label`), `tags`.
        training: Facts that training texts may state: the prior is learned from them, and a
            relation that is not among them is tagged `unseen relation`.
        attributes: A JSON file that maps relations to the names the database uses.
        edit: A seed: the objects are swapped within each relation, in the database and in the
            answers. Each fact is asked before and after it; see `change`.
        delete: A seed: half of each relation's facts are deleted from the database. Each fact is
            asked before and after it, with the same answers.
        name: How the results call it.
    """
    if edit is not None and delete is not None:
        raise ConfigError(f"edit={edit},delete={delete}: give one of them, in a task each.")
    facts, clozes = read_triples(triples), read_clozes(templates, attributes)
    learned = read_triples(training) if training else []
    served = facts if edit is None else swap_objects(facts, seed=edit)
    asked, dropped = _asked(served, facts, clozes)
    examples = list(_examples(asked, learned=learned, facts=served))
    if not examples:
        raise CorpusError(
            f"No fact of '{triples}' can be asked: none of its relations has a template that ends "
            "in [Y]. Give templates=FILE."
        )
    task = first_words_task(
        name=name or _name(edit, delete),
        examples=lambda: examples,
        training=lambda: _training(learned),
        note=ORACLE,
        facts=_rows(served, clozes),
        dropped=dropped,
    )
    old = {fact.id: fact.objects for fact in facts}
    if edit is not None:
        change = Change(_rows(facts, clozes), task.facts, old)
        return with_edit(replace(task, note=f"{ORACLE}, after its objects were swapped"), change)
    if delete is not None:
        gone = draw_deleted(facts, seed=delete)
        staying = [fact for fact in facts if fact.id not in gone]
        change = Change(task.facts, _rows(staying, clozes), old, gone)
        return with_deletion(replace(task, note=f"{ORACLE}, until half was deleted"), change)
    return task


def _name(edit: int | None, delete: int | None) -> str:
    return "lama" + ", edited" * (edit is not None) + ", deleted" * (delete is not None)


def _asked(
    served: Sequence[Triple], facts: Sequence[Triple], clozes: Clozes
) -> tuple[list[tuple[Triple, Cloze]], dict[str, int]]:
    """Returns the facts that can be asked, each with its sentence, and counts the others."""
    asked: list[tuple[Triple, Cloze]] = []
    dropped: Counter[str] = Counter()
    for fact, before in zip(served, facts, strict=True):
        choices = fact.clozes or clozes.by_relation.get(fact.relation, ())
        usable = [cloze for cloze in choices if cloze.asks_last]
        if not usable:
            dropped["no template that ends in [Y]"] += 1
        elif served is not facts and not has_changed(before, fact):
            dropped["the same after the edit"] += 1
        else:
            drawn = int(sha256(fact.id.encode()).hexdigest(), 16)
            asked.append((fact, usable[drawn % len(usable)]))
    return asked, dict(dropped)


def _examples(
    asked: Sequence[tuple[Triple, Cloze]], *, learned: Sequence[Triple], facts: Sequence[Triple]
) -> Iterator[Example]:
    common = _majorities(facts), _majorities(learned)
    relations = {fact.relation for fact in learned}
    for fact, cloze in asked:
        tags = [*fact.tags, *cloze.tags]
        if relations and fact.relation not in relations:
            tags.append(UNSEEN_RELATION)
        easy = [each.get(fact.relation) for each in common]
        subject = fact.subject.casefold()
        if not any(name in easy or name.casefold() in subject for name in fact.objects):
            tags.append(HARD)
        yield Example(
            fact.id,
            cloze.ask(fact.subject),
            fact.objects,
            fact.relation,
            tags=tuple(dict.fromkeys(tags)),
        )


def _majorities(facts: Sequence[Triple]) -> Mapping[str, str]:
    counts: dict[str, Counter[str]] = {}
    for fact in facts:
        counts.setdefault(fact.relation, Counter()).update(fact.objects)
    return {relation: each.most_common(1)[0][0] for relation, each in counts.items()}


def _training(learned: Sequence[Triple]) -> Iterator[Example]:
    for fact in learned:
        yield Example(fact.id, fact.subject, fact.objects, fact.relation)


def _rows(facts: Sequence[Triple], clozes: Clozes) -> list[FactRow]:
    return [
        FactRow(fact.subject, _attribute(fact, clozes), name)
        for fact in facts
        for name in fact.objects
    ]


def _attribute(fact: Triple, clozes: Clozes) -> str:
    attribute = fact.attribute or clozes.attributes.get(fact.relation)
    if not attribute:
        raise CorpusError(
            f"The relation {fact.relation!r} has no English name for the database: give its rows "
            "an 'attribute', or a JSON file attributes=FILE that maps relations to names."
        )
    return attribute
