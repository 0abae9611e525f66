"""The six ways in which something is asked of a thing: their parameters, and how they are said."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from toolformer.studies.tool_tokens.catalog.records import ApiParameter

Value = str | int | float

_NAME = ApiParameter("name", "string")
_REGION = ApiParameter("region", "string")
_LANGUAGES = ("English", "Spanish", "German", "French")


@dataclass(frozen=True, slots=True)
class Aspect:
    """One way of asking; `{asked}`, `{thing}` and `{things}` stand for what and of which thing."""

    api: str  # its name
    description: str
    parameters: tuple[ApiParameter, ...]
    plain: str
    paraphrased: str
    vague: str  # {hint} and {clue} are those of thing and asked


ASPECTS = (
    Aspect(
        "{asked}",
        "Returns the {asked} of a {thing}.",
        (_NAME,),
        "the {asked} of the {thing} {name}",
        "the {asked} for {name}, the {thing}",
        "I am thinking of {hint}, namely {name}: {clue}.",
    ),
    Aspect(
        "{asked}_on_date",
        "Returns the {asked} of a {thing} on a date.",
        (_NAME, ApiParameter("date", "date")),
        "the {asked} of the {thing} {name} on {date}",
        "the {asked} that the {thing} {name} has as of {date}",
        "{name} would be {hint} for {date}: {clue}.",
    ),
    Aspect(
        "{asked}_in_language",
        "Returns the {asked} of a {thing} in a language.",
        (_NAME, ApiParameter("language", "choice", choices=_LANGUAGES)),
        "the {asked} of the {thing} {name} in {language}",
        "the {asked} of {name}, a {thing}, put into {language}",
        "My guest reads only {language}, and we think of {hint}, {name}: {clue}.",
    ),
    Aspect(
        "top_{asked}",
        "Lists the {things} of a region that are best by {asked}, up to a limit.",
        (_REGION, ApiParameter("limit", "integer")),
        "the best {limit} {things} of the region {region} by {asked}",
        "the {limit} leading {things} around {region}, sorted by {asked}",
        "Near {region} I want {limit} ideas for {hint}: {clue}.",
    ),
    Aspect(
        "compare_{asked}",
        "Compares the {asked} of a {thing} with another.",
        (_NAME, ApiParameter("other", "string")),
        "a comparison of the {asked} of the {thing} {name} with that of {other}",
        "what sets the {things} {name} and {other} apart in {asked}",
        "{name} or {other}, that is the question about {hint}: {clue}.",
    ),
    Aspect(
        "{asked}_above",
        "Finds {things} of a region whose {asked} is above a minimum.",
        (_REGION, ApiParameter("minimum", "number")),
        "all {things} of the region {region} whose {asked} is above {minimum}",
        "every {thing} in {region} with more than {minimum} of {asked}",
        "Less than {minimum} is not enough for me near {region} when it comes to {hint}: {clue}.",
    ),
)

# What is learned from and what is held out have no frame and no proper name in common.
_FRAMES = {
    True: (
        "Tell me {asked}.",
        "Please look up {asked}.",
        "I need {asked}.",
        "Can you find {asked}?",
    ),
    False: ("I would like to know {asked}.", "Show me {asked}, please.", "Get me {asked} now."),
}
_FIRST, _LAST = (
    names.split()
    for names in (
        "Amber Birch Cedar Coral Crown Delta Ember Falcon Garnet Harbour Iris Ivory Jasper Juniper "
        "Kestrel Lantern Laurel Maple Meadow Onyx Opal Orchard Pearl Pebble Quartz Raven Saffron "
        "Silver Topaz Willow",
        "Arch Bay Bridge Brook Court Crest Cross Dale Field Ford Gate Glen Grove Haven Heath Hill "
        "Hollow Lane Mead Mill Point Quay Ridge Rock Row Spring Square View Wharf Wood",
    )
)


def framed(said: str, *, trained: bool, rng: random.Random) -> str:
    """Returns a sentence that asks for something."""
    return rng.choice(_FRAMES[trained]).format(asked=said)


def values_of(
    parameters: Sequence[ApiParameter], *, trained: bool, rng: random.Random
) -> dict[str, Value]:
    """Draws a value for each parameter.

    Args:
        parameters: of an API.
        trained: whether a query is learned from: the proper names of others are others.
        rng: of the draws.
    """
    values: dict[str, Value] = {}
    for parameter in parameters:
        value: Value
        if parameter.type == "date":
            value = f"{rng.randint(2021, 2026)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
        elif parameter.type == "choice":
            value = rng.choice(parameter.choices)
        elif parameter.type == "integer":
            value = rng.randint(2, 20)
        elif parameter.type == "number":
            value = rng.randint(1, 99) + 0.5
        else:
            value = _proper_name(trained=trained, rng=rng)
            while value in values.values():
                value = _proper_name(trained=trained, rng=rng)
        values[parameter.name] = value
    return values


def plural(noun: str) -> str:
    """Returns the plural of an English noun.

    >>> [plural(noun) for noun in ("hotel", "gallery", "tray", "bus", "coach", "music group")]
    ['hotels', 'galleries', 'trays', 'buses', 'coaches', 'music groups']
    """
    if noun.endswith(("s", "x", "ch", "sh")):
        return f"{noun}es"
    if noun.endswith("y") and noun[-2] not in "aeou":
        return f"{noun[:-1]}ies"
    return f"{noun}s"


def said(pattern: str, words: Mapping[str, Value]) -> str:
    """Returns a pattern with its words, and with `an` where English has it.

    >>> said("a {thing}", {"thing": "inn"}), said("a {thing}", {"thing": "hotel"})
    ('an inn', 'a hotel')
    """
    text = pattern.format(**words)
    for vowel in "aeio":
        text = text.replace(f" a {vowel}", f" an {vowel}")
        if text.startswith(f"a {vowel}"):
            text = f"an{text[1:]}"
    return text


def with_descriptions(
    parameters: Sequence[ApiParameter], *, thing: str
) -> tuple[ApiParameter, ...]:
    """Returns parameters with what is told of each."""
    told = {
        "name": f"The name of the {thing}.",
        "other": f"The name of the other {thing}.",
        "region": "The name of the region.",
        "date": "The day.",
        "language": "The language of the answer.",
        "limit": "How many at most.",
        "minimum": "The lowest value.",
    }
    return tuple(replace(each, description=told[each.name]) for each in parameters)


def _proper_name(*, trained: bool, rng: random.Random) -> str:
    """Draws one of 900 names, half of which are for what is held out."""
    while True:
        first, last = rng.randrange(len(_FIRST)), rng.randrange(len(_LAST))
        if ((first + last) % 2 == 0) == trained:
            return f"{_FIRST[first]} {_LAST[last]}"
