"""Nano's texts that state a fact: T-REx's cloze patterns, encyclopedic frames, and plain `the A of X is Y`.

Subjects are nano's own; most facts are made up by pairing any subject with any object of the relation, since what is
learned is to ask for what the text is about to state.
"""

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from recipes.data.sources import read_facts, read_templates
from recipes.nano import prose
from recipes.nano.demonstration import Passage, demonstrated, join, piece
from recipes.nano.words import MONTHS
from recipes.relations import ATTRIBUTE_NAMES
from recipes.splits import EVALUATION_RELATIONS, is_evaluation_template, owner
from toolformer.pretrain.mixture import Source

TOOL, SIGNATURE = "Database", "Database(entity, attribute)"

# A frame names the relation of its object; [X] comes before it. Years and words fill the rest.
_FRAMES: Sequence[tuple[str, str]] = (
    ("P19", "[X] (born [D] in [Y]) [W]"),
    ("P19", "[X] was born on [D] in [Y], [W]"),
    ("P19", "[X] was born [D] in [Y] and [W]"),
    ("P20", "[X] died on [D] in [Y]."),
    ("P20", "[X] died in [Y] in [N]."),
    ("P106", "[X] (born [D]) is a [Y] [W]"),
    ("P106", "[X] was an [Y] who [W]"),
    ("P106", "[X] ([N] – [N]) was a [Y]."),
    ("P27", "[X] is a politician from [Y]."),
    ("P27", "[X] played for the national team of [Y]."),
    ("P131", "[X] is a village in [Y]."),
    ("P131", "[X] is a town in the district of [Y]. [W]"),
    ("P17", "[X] is a municipality in [Y]."),
    ("P17", "[X] is a river in [Y]."),
    ("P17", "[X] is a city in the north of [Y], [W]"),
    ("P17", "[X] is a railway station in [Y]."),
    ("P30", "[X] is a mountain on the continent of [Y]."),
    ("P30", "[X] lies in [Y]."),
    ("P36", "[X], whose capital is [Y], [W]"),
    ("P1376", "[X] is a city and the capital of [Y]."),
    ("P37", "In [X] people speak [Y]."),
    ("P159", "[X] is a company based in [Y]."),
    ("P159", "[X], headquartered in [Y], [W]"),
    ("P176", "The [X] is a car made by [Y]."),
    ("P176", "The [X] was built by [Y] in [N]."),
    ("P127", "[X], owned by [Y], [W]"),
    ("P108", "[X] joined [Y] in [N]."),
    ("P136", "[X] is a musician known for [Y]."),
    ("P136", "[X] is a [Y] band [W]"),
    ("P140", "[X] converted to [Y]."),
    ("P264", "[X] signed with [Y] in [N]."),
    ("P276", "The [X] took place in [Y]."),
    ("P361", "The [X] is a part of the [Y]."),
    ("P364", "[X] is a [N] film in [Y]."),
    ("P407", "[X] is a newspaper in [Y]."),
    ("P413", "[X] is a footballer who plays as a [Y]."),
    ("P413", "[X] (born [D]) is a [Y] for the club."),
    ("P449", "[X] is a television series that aired on [Y]."),
    ("P495", "[X] is a [N] film from [Y]."),
    ("P740", "[X] is a band from [Y]."),
    ("P740", "[X] formed in [Y] in [N]."),
    ("P1303", "[X] is a musician who plays the [Y]."),
    ("P1412", "[X] wrote in [Y]."),
    ("P101", "[X] was a scholar of [Y]."),
    ("P47", "[X] has a border with [Y]."),
    ("P190", "[X] is twinned with [Y]."),
    ("P530", "[X] has an embassy in [Y]."),
    ("P39", "[X] became [Y] in [N]."),
    ("P138", "The [X] takes its name from [Y]."),
    ("P279", "A [X] is a kind of [Y]."),
    ("P31", "[X] is a [Y] [W]"),
    ("P31", "The [X] is a [Y]."),
    ("P527", "[X] contains [Y]."),
)
_ATTRIBUTES = (
    "population", "currency", "mayor", "area", "length", "author", "director", "colour", "president", "founder",
    "height", "river", "county", "team", "composer", "age", "motto", "flag", "newspaper", "harbour", "tax rate",
    "founding year", "speed", "price", "density", "symbol", "inventor", "publisher", "coach", "airport", "school",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Facts:
    """What nano may know of T-REx: its subjects, all objects, and its cloze patterns, by relation."""

    subjects: Mapping[str, Sequence[str]]
    objects: Mapping[str, Sequence[str]]
    true: Sequence[tuple[str, str, str]]  # relation, subject, object
    patterns: Sequence[tuple[str, str]]  # relation, pattern


@lru_cache
def facts(shared: Path) -> Facts:
    """Reads nano's part of T-REx; the objects are those of nano's subjects as well."""
    subjects: dict[str, list[str]] = defaultdict(list)
    objects: dict[str, list[str]] = defaultdict(list)
    true = []
    for fact in read_facts(shared):
        if fact.relation in EVALUATION_RELATIONS or owner(fact.subject) != "nano":
            continue
        subjects[fact.relation].append(fact.subject)
        objects[fact.relation].append(fact.object)
        true.append((fact.relation, fact.subject, fact.object))
    patterns = [
        (template.relation, template.pattern)
        for template in read_templates(shared)
        if template.relation in objects
        and not is_evaluation_template(template.relation, template.pattern)
    ]
    return Facts(subjects, objects, true, patterns)


def demonstrations(*, folder: Path, shared: str) -> Source:
    """Gives statements of facts under the brief prompt, then with their calls."""
    return demonstrated(passage, folder / shared, tool=TOOL, signature=SIGNATURE)


def passage(rng: random.Random, shared: Path, *, most: int = 3) -> Passage:
    """Returns one to `most` statements of facts, among a few real sentences that none is asked for."""
    statements = [_statement(rng, shared) for _ in range(rng.randint(1, most))]
    for _ in range(rng.choice((0, 0, 1, 1))):
        statements.insert(rng.randint(0, len(statements)), Passage(prose.sentence(rng, shared)))
    return join(statements, rng.choice((" ", " ", "\n")))


def _statement(rng: random.Random, shared: Path) -> Passage:
    kind = rng.random()
    if kind < 0.6:
        relation, pattern = rng.choice(facts(shared).patterns)
        return _fill(rng, shared, relation, pattern)
    if kind < 0.85:
        relation, frame = rng.choice(_FRAMES)
        return _fill(rng, shared, relation, frame)
    return _attribute_of(rng, shared)


def _fill(rng: random.Random, shared: Path, relation: str, pattern: str) -> Passage:
    known = facts(shared)
    kind = rng.random()
    if kind < 0.4:
        subject, value = rng.choice(known.subjects[relation]), rng.choice(known.objects[relation])
    elif kind < 0.7:
        subject, value = _entity(rng, shared), rng.choice(known.objects[relation])
    else:
        subject, value = rng.choice([(s, o) for r, s, o in known.true if r == relation])
    pattern = pattern.replace(" .", ".")
    if rng.random() < 0.1:
        pattern = pattern.rstrip(".")
    text = pattern.replace("[D]", _date(rng)).replace("[N]", str(rng.randint(1600, 2015)), 1)
    text = text.replace("[N]", str(rng.randint(1900, 2015))).replace(
        "[W]", prose.words(rng, shared, most=4) + "."
    )
    before, _, after = text.partition("[Y]")
    if "[X]" not in before:  # asked before the subject is named: nothing to ask yet
        return Passage(text.replace("[X]", subject).replace("[Y]", value))
    attribute = ATTRIBUTE_NAMES[relation]
    return piece(
        before.replace("[X]", subject),
        value,
        after.replace("[X]", subject),
        arguments=f"{subject}, {attribute}",
        key=rng.choice((f"{subject}, {attribute}", f"{attribute} of {subject}", subject)),
    )


def _attribute_of(rng: random.Random, shared: Path) -> Passage:
    """`The tax rate of Elm Street is 24.`: any attribute that the text itself names."""
    subject = _entity(rng, shared)
    own_words = rng.random() < 0.3
    attribute = (
        prose.words(rng, shared, most=2)
        if own_words
        else rng.choice(
            (
                *_ATTRIBUTES,
                *(
                    name
                    for relation, name in ATTRIBUTE_NAMES.items()
                    if relation not in EVALUATION_RELATIONS
                ),
            )
        )
    )
    value = rng.choice(
        (_entity(rng, shared), str(rng.randint(2, 99999)), prose.words(rng, shared, most=2))
    )
    before = rng.choice(
        (
            f"The {attribute} of {subject} is ",
            f"The {attribute} of {subject} was ",
            f"{subject}'s {attribute} is ",
            f"{subject} has the {attribute} ",
            f"{subject} ({attribute}: ",
            f"As for {subject}, its {attribute} is ",
        )
    )
    after = rng.choice((").", ") is known.")) if "(" in before.removeprefix(subject) else "."
    return piece(
        before, value, after, arguments=f"{subject}, {attribute}", key=f"{attribute} of {subject}"
    )


def _entity(rng: random.Random, shared: Path) -> str:
    """A name from nano's own articles and facts."""
    if rng.random() < 0.5:
        title = rng.choice(prose.articles(shared)).title.split(" (")[0]
        if 3 <= len(title) <= 40 and "(" not in title and ")" not in title:
            return title
    known = facts(shared)
    return (
        rng.choice(known.subjects[rng.choice(list(known.subjects))])
        .replace("(", "")
        .replace(")", "")
    )


def _date(rng: random.Random) -> str:
    day, month, year = rng.randint(1, 28), rng.choice(MONTHS), rng.randint(1800, 2005)
    return rng.choice((f"{day} {month} {year}", f"{month} {day}, {year}", str(year)))
