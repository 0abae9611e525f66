"""The shared data folder as records: one small reader a source, nothing decided.

Knows file names and field names; does not know who may see what (`recipes/splits.py`).
"""

import gzip
import json
import lzma
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from recipes.relations import ATTRIBUTE_NAMES


@dataclass(frozen=True, slots=True)
class Fact:
    """A T-REx triple; `relation` is a Wikidata property id."""

    subject: str
    relation: str
    object: str

    @property
    def attribute(self) -> str:
        """The relation by the readable name that the fact database uses.

        >>> Fact("Peru", "P36", "Lima").attribute
        'capital'
        """
        return ATTRIBUTE_NAMES[self.relation]


@dataclass(frozen=True, slots=True)
class Template:
    """A cloze sentence of a relation: `[X]` is the subject, `[Y]` the object."""

    relation: str
    pattern: str

    def fill(self, fact: Fact) -> str:
        """Returns the sentence about a fact, with the spaces before its full stop taken out.

        >>> Template("P36", "The capital of [X] is [Y] .").fill(Fact("Peru", "P36", "Lima"))
        'The capital of Peru is Lima.'
        """
        return self._tidy().replace("[X]", fact.subject).replace("[Y]", fact.object)

    def object_place(self, fact: Fact) -> int:
        """Returns the character offset of the object in the sentence; after the subject's only.

        >>> Template("P36", "[X]'s capital is [Y] .").object_place(Fact("Peru", "P36", "Lima"))
        18
        """
        return len(self._tidy().split("[Y]")[0].replace("[X]", fact.subject))

    def _tidy(self) -> str:
        return self.pattern.strip().replace("  ", " ").replace(" .", ".")

    def ends_in_object(self) -> bool:
        """Says whether nothing but a full stop follows the object.

        >>> Template("P36", "The capital of [X] is [Y] .").ends_in_object()
        True
        """
        return self.pattern.rstrip(" .").endswith("[Y]")


@dataclass(frozen=True, slots=True)
class Article:
    """A page of Wikipedia, Wikinews or the web; web pages have no title."""

    id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Problem:
    """A GSM8K record; `answer` still carries its calculator marks and its final line."""

    index: int
    question: str
    answer: str


def read_facts(shared: Path) -> list[Fact]:
    """Reads the LAMA T-REx facts in their order."""
    rows = _json_lines(shared / "lama_trex" / "triples.jsonl.gz")
    return [Fact(row["subject"], row["relation"], row["object"]) for row in rows]


def read_templates(shared: Path) -> list[Template]:
    """Reads the cloze sentences of every relation."""
    rows = _json_lines(shared / "lama_trex" / "templates.jsonl")
    return [Template(row["relation"], row["pattern"]) for row in rows]


def read_wikipedia(shared: Path) -> Iterator[Article]:
    """Yields the Wikipedia articles."""
    return _articles(shared / "wikipedia" / "train.jsonl.xz")


def read_wikinews(shared: Path) -> Iterator[Article]:
    """Yields the Wikinews articles."""
    return _articles(shared / "wikinews" / "train.jsonl.xz")


def read_c4(shared: Path) -> Iterator[Article]:
    """Yields the web pages."""
    return _articles(shared / "c4" / "sample.jsonl.gz")


def read_gsm8k(shared: Path) -> list[Problem]:
    """Reads GSM8K's training records, numbered from 0."""
    rows = _json_lines(shared / "gsm8k" / "train.jsonl.gz")
    return [Problem(index, row["question"], row["answer"]) for index, row in enumerate(rows)]


def _articles(path: Path) -> Iterator[Article]:
    for row in _json_lines(path):
        yield Article(row["id"], row.get("title", ""), row["text"])


def _json_lines(path: Path) -> Iterator[dict[str, str]]:
    openers = {".gz": gzip.open, ".xz": lzma.open}
    with openers.get(path.suffix, open)(path, "rt", encoding="utf-8") as lines:  # type: ignore[operator]
        for line in lines:
            yield json.loads(line)
