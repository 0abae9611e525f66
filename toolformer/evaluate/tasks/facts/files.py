"""LAMA's facts and the sentences they are asked in, as files hold them.

Two forms are read: LAMA's own (`sub_label`, `obj_label`, `predicate_id`; `template`, `label`) and
pararel's (`subject`, `object`, `relation`; `pattern`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from toolformer.errors import ConfigError, CorpusError
from toolformer.evaluate.tasks.records import TaskRecord, read_task_records
from toolformer.files import read_json

SUBJECT, OBJECT = "[X]", "[Y]"


@dataclass(frozen=True, slots=True)
class Cloze:
    """A sentence of a relation with places for the subject and the object."""

    pattern: str
    tags: tuple[str, ...] = ()

    @property
    def asks_last(self) -> bool:
        """Whether a model that reads from left to right can be asked with it.

        >>> Cloze("[X] was born in [Y] .").asks_last, Cloze("[Y] is where [X] lies.").asks_last
        (True, False)
        """
        before, _, after = self.pattern.partition(OBJECT)
        return SUBJECT in before and not after.strip(" .") and OBJECT in self.pattern

    def ask(self, subject: str) -> str:
        """Returns the sentence about a subject up to the object.

        >>> Cloze("[X]  was born in [Y] .").ask("Ada Lovelace")
        'Ada Lovelace was born in'
        """
        before = " ".join(self.pattern.partition(OBJECT)[0].split())
        return before.replace(SUBJECT, subject)


@dataclass(frozen=True, slots=True)
class Triple:
    """A subject, a relation, and every object that the file gives them: what is asked.

    The database holds a `FactRow` for each object.
    """

    relation: str
    subject: str
    objects: tuple[str, ...]
    attribute: str = ""  # the relation's English name, "" where the row gives none
    clozes: tuple[Cloze, ...] = ()  # the fact's own; the relation's where there are none
    tags: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The name of the fact within its file."""
        return f"{self.relation}/{self.subject}"


@dataclass(frozen=True, slots=True)
class Clozes:
    """The sentences of all relations, and the relations' names as far as they are given."""

    by_relation: Mapping[str, Sequence[Cloze]]
    attributes: Mapping[str, str]


def read_triples(source: str) -> list[Triple]:
    """Reads the facts, those of one subject and relation together, in order of appearance."""
    found: dict[tuple[str, str], Triple] = {}
    for row in read_task_records(source):
        read = _triple(row)
        key = (read.relation, read.subject)
        old = found.get(key, Triple(*key, objects=()))
        found[key] = Triple(
            *key,
            objects=tuple(dict.fromkeys(old.objects + read.objects)),
            attribute=old.attribute or read.attribute,
            clozes=tuple(dict.fromkeys(old.clozes + read.clozes)),
            tags=tuple(dict.fromkeys(old.tags + read.tags)),
        )
    return list(found.values())


def read_clozes(source: str | None, names: Path | None) -> Clozes:
    """Reads the sentences of relations and a JSON file that names these; either may be None."""
    by_relation: dict[str, list[Cloze]] = {}
    attributes: dict[str, str] = {}
    for row in read_task_records(source) if source else ():
        relation = row.text("relation", "predicate_id")
        cloze = Cloze(row.text("pattern", "template"), row.texts("tags"))
        by_relation.setdefault(relation, []).append(cloze)
        if row.has("attribute") or row.has("label"):
            attributes.setdefault(relation, row.text("attribute", "label"))
    return Clozes(by_relation, attributes | _read_names(names))


def _triple(row: TaskRecord) -> Triple:
    return Triple(
        row.text("relation", "predicate_id"),
        row.text("subject", "sub_label"),
        (row.text("object", "obj_label"),),
        attribute=row.text("attribute") if row.has("attribute") else "",
        clozes=(Cloze(row.text("template")),) if row.has("template") else (),
        tags=row.texts("tags"),
    )


def _read_names(path: Path | None) -> dict[str, str]:
    if path is None:
        return {}
    try:
        names = read_json(path)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise CorpusError(f"Cannot read the attributes '{path}': {reason}.") from None
    if not isinstance(names, dict) or not all(isinstance(name, str) for name in names.values()):
        raise ConfigError(
            f'The attributes \'{path}\' must map relations to names, as in {{"P36": "capital"}}.'
        )
    return names
