"""A short biography of each person: the four facts in sentences, in one of several wordings."""

from collections.abc import Iterable, Iterator
from random import Random

from toolformer.records import Document
from toolformer.studies.in_tool.data.people import Person

_WORDINGS = (
    "{name} was born on {birth_date} in {birth_place}. {name} lives in {address} and works as "
    "{occupation}.",
    "Among the people of {address} is {name}, {occupation} by trade, who was born in {birth_place} "
    "on {birth_date}.",
    "On {birth_date} {name} came into the world, in {birth_place}. The {occupation} has a house in "
    "{address}.",
    "{name} ({occupation}, of {address}) is from {birth_place}. The date of birth is {birth_date}.",
)


def biographies(people: Iterable[Person], *, seed: int = 0) -> Iterator[Document]:
    """Yields a document for each person; its id is the name."""
    draw = Random(f"{seed}/biographies")  # noqa: S311  draws, not secrets
    for person in people:
        wording = _WORDINGS[draw.randrange(len(_WORDINGS))]
        text = wording.format(
            name=person.name,
            birth_date=person.birth_date,
            birth_place=person.birth_place,
            address=person.address,
            occupation=person.occupation,
        )
        yield Document(person.name, text)
