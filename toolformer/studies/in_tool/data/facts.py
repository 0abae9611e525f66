"""The facts of people as rows of the database, as they are and edited."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from random import Random

from toolformer.evaluate.tasks.facts.table import FactRow
from toolformer.studies.in_tool.data.people import Attribute, Person


def fact_rows(people: Iterable[Person]) -> Iterator[FactRow]:
    """Yields four rows a person."""
    for person in people:
        for attribute in Attribute:
            yield FactRow(person.name, str(attribute), person.value(attribute))


def edited(people: Iterable[Person], *, seed: int) -> Iterator[Person]:
    """Yields the same people with other facts: of each attribute one that was not theirs."""
    draw = Random(f"{seed}/edited")  # noqa: S311  draws, not secrets
    for person in people:
        new = {}
        for attribute in Attribute:
            pool = attribute.pool
            place = pool.index(person.value(attribute))
            new[attribute.name.lower()] = pool[(place + draw.randrange(1, len(pool))) % len(pool)]
        yield replace(person, **new)
