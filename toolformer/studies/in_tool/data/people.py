"""People: names and four facts each, drawn by seed.

The 437 × 388 names are shuffled, and people are the first of that order with what is drawn for
them, so that more people are the same people and further ones.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from math import log2
from random import Random

from toolformer.errors import ConfigError
from toolformer.studies.in_tool.data.pools import (
    BIRTH_PLACES,
    FIRST_NAMES,
    LAST_NAMES,
    birth_dates,
    cities,
    first_names,
    last_names,
    occupations,
    unseen_first_names,
)

MOST_PEOPLE = FIRST_NAMES * LAST_NAMES


class Attribute(StrEnum):
    """What is known of each person; its value is the name of the attribute in the database."""

    BIRTH_DATE = "birth date"
    BIRTH_PLACE = "birth place"
    ADDRESS = "address"
    OCCUPATION = "occupation"

    @property
    def pool(self) -> tuple[str, ...]:
        """The values it is drawn from, each as likely as any other."""
        match self:
            case Attribute.BIRTH_DATE:
                return birth_dates()
            case Attribute.BIRTH_PLACE:
                return BIRTH_PLACES
            case Attribute.ADDRESS:
                return cities()
            case Attribute.OCCUPATION:
                return occupations()


@dataclass(frozen=True, slots=True)
class Person:
    """One person."""

    first_name: str
    last_name: str
    birth_date: str
    birth_place: str
    address: str
    occupation: str

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}"

    def value(self, attribute: Attribute) -> str:
        """Returns a fact."""
        match attribute:
            case Attribute.BIRTH_DATE:
                return self.birth_date
            case Attribute.BIRTH_PLACE:
                return self.birth_place
            case Attribute.ADDRESS:
                return self.address
            case Attribute.OCCUPATION:
                return self.occupation


def make_people(
    number: int, *, seed: int = 0, alpha: float = 1.0, unseen: bool = False
) -> Iterator[Person]:
    """Yields people whose names differ.

    Args:
        number: how many; 169,556 at most.
        seed: decides all of them.
        alpha: the probability that an attribute is drawn for the person alone. Otherwise the
            family, that is the last name, decides it.
        unseen: gives them first names that nobody else has (out of distribution).

    Raises:
        ConfigError: so many names there are not, or alpha is not a probability.
    """
    firsts = unseen_first_names() if unseen else first_names()
    lasts = last_names()
    most = len(firsts) * len(lasts)
    if not 1 <= number <= most:
        raise ConfigError(f"There are names for {most:,} people: ask for 1 to {most:,}.")
    if not 0 <= alpha <= 1:
        raise ConfigError(f"alpha is a probability, from 0 to 1, not {alpha}.")
    kind = "unseen" if unseen else "seen"
    order = list(range(most))
    Random(f"{seed}/names/{kind}").shuffle(order)  # noqa: S311  draws, not secrets
    of_families = _family_values(seed)
    draw = Random(f"{seed}/people/{kind}")  # noqa: S311
    for place in order[:number]:
        first, last = divmod(place, len(lasts))
        values = []
        for attribute in Attribute:
            # Both are always drawn: people of another alpha differ in what the family decides only.
            own = attribute.pool[draw.randrange(len(attribute.pool))]
            values.append(own if draw.random() < alpha else of_families[lasts[last]][attribute])
        yield Person(firsts[first], lasts[last], *values)


def _family_values(seed: int) -> dict[str, dict[Attribute, str]]:
    draw = Random(f"{seed}/families")  # noqa: S311
    return {
        family: {each: each.pool[draw.randrange(len(each.pool))] for each in Attribute}
        for family in last_names()
    }


def bits_per_person(alpha: float = 1.0) -> float:
    """Returns the entropy of a person's four facts, where the values of the families are known.

    >>> round(bits_per_person(), 2), bits_per_person(alpha=0.0)
    (31.25, 0.0)
    """
    return sum(_bits(len(attribute.pool), alpha) for attribute in Attribute)


def _bits(values: int, alpha: float) -> float:
    other = alpha / values
    family = 1 - alpha + other
    return (
        -sum(
            count * share * log2(share)
            for count, share in ((1, family), (values - 1, other))
            if share > 0
        )
        + 0.0
    )  # not -0.0
