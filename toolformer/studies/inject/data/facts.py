"""Facts about made-up people, and the items that ask for them. Knows no model and no file.

No name, no value of a type and no sentence occurs twice, so that every question has one answer. Of
other facts nothing is asked: where these are more than there are values, values come again, but
none that an injected or control fact has.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from toolformer.errors import ConfigError
from toolformer.studies.inject.data import pools
from toolformer.studies.inject.data.templates import TEACHER, TYPES, FactType


class Group(StrEnum):
    """What a fact is there for."""

    INJECTED = "injected"
    CONTROL = "control"  # asked, and never injected
    OTHER = "other"  # about people of whom nothing is asked: what the use of a tool is learned by


class Kind(StrEnum):
    """In which way an item asks for a fact."""

    MEMORISATION = "memorisation"  # the words of the statement
    SYNTACTIC = "syntactic"  # its words in another order
    SEMANTIC = "semantic"  # other words
    INFERENCE = "inference"  # two facts


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact about one person."""

    id: str
    group: Group
    type: str
    subject: str
    value: str
    text: str  # the statement that is injected


@dataclass(frozen=True, slots=True)
class Item:
    """A question about a fact.

    Attributes:
        id: Names the item.
        fact: The fact's id.
        group: The fact's.
        type: The fact's.
        kind: In which way it asks.
        form: Which of the ways of this kind.
        prompt: What a model continues.
        answer: The right continuation.
        slot: What the answer is: the type's name, or `person`; "" for a word that is no slot's.
        needs_fact: Whether the answer cannot be told from the prompt's words alone.
        second_fact: The id of the other fact that an inference needs; "" elsewhere.
    """

    id: str
    fact: str
    group: Group
    type: str
    kind: Kind
    form: str
    prompt: str
    answer: str
    slot: str
    needs_fact: bool = True
    second_fact: str = ""


PERSON = "person"


def make_facts(*, facts: int, control: int, others: int, types: int, seed: int) -> list[Fact]:
    """Makes facts about people, as many of each group as asked, by seed.

    Within a group each person has a fact of each type, and the teachers form one circle: a person's
    teacher is the next one.

    Raises:
        ConfigError: the numbers do not go together, or the pools have too few values.
    """
    if not 2 <= types <= len(TYPES):
        raise ConfigError(f"There are 2 to {len(TYPES)} types of facts, not {types}.")
    sizes = {Group.INJECTED: facts, Group.CONTROL: control, Group.OTHER: others}
    for group, size in sizes.items():
        if size % types or size == types or size < 0:
            raise ConfigError(
                f"{size} {group} facts of {types} types are not two people or more: take a multiple"
                f" of {types}, such as {max(2, round(size / types)) * types}."
            )
    people = sum(sizes.values()) // types
    chosen = TYPES[:types]
    asked = (facts + control) // types
    drawn = {
        each.name: _draw(each, people, asked=asked, seed=seed) for each in chosen if each.values
    }
    names = _sample(pools.names(), people, what="names", key=f"{seed}/names")
    made: list[Fact] = []
    first = 0
    for group, size in sizes.items():
        count = size // types
        for number in range(count):
            subject = names[first + number]
            for each in chosen:
                teacher = names[first + (number + 1) % count]
                value = drawn[each.name][first + number] if each.values else teacher
                text = f"{each.statement.format(s=subject)} {value}."
                name = f"{group}/{number:04d}/{each.name}"
                made.append(Fact(name, group, each.name, subject, value, text))
        first += count
    return made


def make_items(facts: Sequence[Fact]) -> list[Item]:
    """Makes the items of all injected and control facts, in the order of the facts."""
    types = {each.name: each for each in TYPES}
    # Who is taught by somebody, and by which fact.
    taught = {fact.value: fact for fact in facts if fact.type == TEACHER}
    return [
        item
        for fact in facts
        if fact.group is not Group.OTHER
        for item in _items(fact, types[fact.type], taught[fact.subject])
    ]


def _items(fact: Fact, kind: FactType, taught: Fact) -> list[Item]:
    slot = kind.name if kind.values else PERSON

    def item(
        how: Kind,
        form: str,
        template: str,
        answer: str,
        slot: str,
        *,
        needs_fact: bool = True,
        second_fact: str = "",
    ) -> Item:
        prompt = template.format(s=fact.subject, v=fact.value, t=taught.subject)
        return Item(
            id=f"{fact.id}/{how}/{form}",
            fact=fact.id,
            group=fact.group,
            type=fact.type,
            kind=how,
            form=form,
            prompt=prompt,
            answer=answer,
            slot=slot,
            needs_fact=needs_fact,
            second_fact=second_fact,
        )

    first, second = kind.paraphrases
    return [
        item(Kind.MEMORISATION, "statement", kind.statement, fact.value, slot),
        item(Kind.SYNTACTIC, "value last", kind.value_last, fact.value, slot),
        item(Kind.SYNTACTIC, "person last", kind.subject_last, fact.subject, PERSON),
        item(Kind.SYNTACTIC, "word last", kind.word_last, kind.word, "", needs_fact=False),
        item(Kind.SEMANTIC, "paraphrase 1", first, fact.value, slot),
        item(Kind.SEMANTIC, "paraphrase 2", second, fact.value, slot),
        item(
            Kind.INFERENCE,
            "through a teacher",
            kind.through_teacher,
            fact.value,
            slot,
            second_fact=taught.id,
        ),
    ]


def _draw(kind: FactType, people: int, *, asked: int, seed: int) -> list[str]:
    """Draws a value for each of the people; those of whom it is asked, the first, share none."""
    values = [] if kind.values is None else kind.values()
    key = f"{seed}/{kind.name}"
    once = max(asked, min(people, len(values)))
    drawn = _sample(values, once, what=f"values of '{kind.name}'", key=key)
    if once == people:
        return drawn
    if asked == len(values):
        raise ConfigError(
            f"The injected and control facts have all {asked:,} values of '{kind.name}', so that "
            "none is left for other facts: make fewer."
        )
    others = sorted(set(values) - set(drawn[:asked]))
    again = random.Random(f"{key}/again").choices(others, k=people - once)  # noqa: S311
    return [*drawn, *again]


def _sample(pool: Sequence[str], count: int, *, what: str, key: str) -> list[str]:
    """Draws without repetition."""
    if count > len(pool):
        raise ConfigError(
            f"{count:,} people need as many {what}, of which there are {len(pool):,}: make fewer "
            "facts."
        )
    return random.Random(key).sample(pool, count)  # noqa: S311
