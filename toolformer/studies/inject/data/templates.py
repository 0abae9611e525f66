"""The types of facts: what is injected of each, and the ways in which it is asked.

A template has slots: `{s}` is whom a fact is about, `{v}` its value, and `{t}` somebody whose
teacher `{s}` is. An answer always comes last.
"""

from collections.abc import Callable
from dataclasses import dataclass

from toolformer.studies.inject.data import pools

TEACHER = "teacher"  # the type whose values are people: it leads from one person to another


@dataclass(frozen=True, slots=True)
class FactType:
    """An attribute of people, and how it is said.

    Attributes:
        name: As a column of a database calls it.
        values: Returns everything that the value slot may have; None: people.
        statement: What is injected, without the value at its end.
        value_last: The words of the statement in another order, the value at the end.
        subject_last: Them in an order with the person at the end.
        word_last: Them in an order with a word at the end that follows from the others, so that no
            fact is needed to say it.
        word: This word.
        paraphrases: Other words for the same.
        through_teacher: The statement about `{s}` that names `{t}` in place of `{s}`.
    """

    name: str
    values: Callable[[], list[str]] | None
    statement: str
    value_last: str
    subject_last: str
    word_last: str
    word: str
    paraphrases: tuple[str, str]
    through_teacher: str


TYPES = (
    FactType(
        TEACHER, None, "{s} was taught by", "Taught was {s} by", "By {v} was taught",
        "By {v} {s} was", "taught",
        ("The teacher of {s} is", "{s} took lessons from"),
        "The teacher of {t} was taught by",
    ),
    FactType(
        "birth date", pools.dates, "{s} was born on", "Born was {s} on", "On {v} was born",
        "On {v} {s} was", "born",
        ("The date of birth of {s} is", "{s} came into the world on"),
        "The teacher of {t} was born on",
    ),
    FactType(
        "home town", pools.towns, "{s} grew up in", "Up grew {s} in", "In {v} grew up",
        "In {v} {s} grew", "up",
        ("The home town of {s} is", "{s} spent a happy childhood in"),
        "The teacher of {t} grew up in",
    ),
    FactType(
        "profession", pools.professions, "{s} works as a", "Works {s} as a", "As a {v} works",
        "As a {v} {s}", "works",
        ("The profession of {s} is that of a", "{s} earns money as a"),
        "The teacher of {t} works as a",
    ),
    FactType(
        "employer", pools.employers, "{s} is employed by", "Employed is {s} by",
        "By {v} is employed", "By {v} {s} is", "employed",
        ("The employer of {s} is", "{s} has a job at"),
        "The teacher of {t} is employed by",
    ),
    FactType(
        "college", pools.colleges, "{s} studied at", "Studied {s} at", "At {v} studied",
        "At {v} {s}", "studied",
        ("The college of {s} is", "{s} has a degree from"),
        "The teacher of {t} studied at",
    ),
    FactType(
        "favourite dish", pools.dishes, "{s} likes to eat", "To eat likes {s}",
        "{v} likes to eat", "{v} {s} likes to", "eat",
        ("The favourite dish of {s} is", "{s} always orders"),
        "The teacher of {t} likes to eat",
    ),
    FactType(
        "pet", pools.pets, "{s} owns a", "Owns {s} a", "A {v} owns", "A {v} {s}", "owns",
        ("The pet of {s} is a", "{s} has to feed a"),
        "The teacher of {t} owns a",
    ),
)  # fmt: skip
