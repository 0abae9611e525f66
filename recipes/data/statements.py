"""Which T-REx facts a sentence states: subject, then object, literally, a fitting word between.

A subject and its object in one sentence is no statement yet ("Egypt forbade ... leaving Cairo"); a
word of the relation between them ("capital", "born", "borders") makes it one often enough.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from recipes.data.sources import Fact

_IN = r"in|at|of|near|from"
_IS = r"(is|was|are|were) (an?|the|one)"
_LAND = (
    r"(countr(y|ies)|states?|nations?|republics?|kingdom|islands?|lake|river|located|lies|station)"
    r"\b.*\b(in|of)"
)
# What must stand between subject and object, by attribute.
_CUES = {
    "applies to": r"in|of",
    "capital": r"capital|seat",
    "capital of": r"capital",
    "citizenship": r"born|citizen|of|from",
    "continent": _LAND,
    "country": _IN,
    "country of origin": _IN,
    "diplomatic partner": r"diplomatic|relations|embassy|ambassador|ties",
    "employer": r"work(s|ed|ing)?|employed|joined|for|at",
    "field of work": r"in|of|to|on|professor|work(s|ed|ing)?",
    "genre": r"(is|was|are|were)|genre|novel|film|game|plays?|music",
    "has part": r"contain(s|ing)?|consist(s|ing)?|compris(es|ing)|composed|includ(es|ing)|made",
    "headquarters": r"headquarter(s|ed)|headquarters|based|offices?",
    "instrument": r"play(s|ed|er|ing)?|on",
    "kind of": _IS + r"|type|kind|form|breed",
    "language": r"written|language|published|libretto|edition|newspaper|magazine|in",
    "location": r"in|at|near|on",
    "manufacturer": r"by|made|built|manufactur(ed|es)|produc(ed|es|t)|from",
    "named after": r"named?|honou?r|called",
    "neighbour": r"border(s|ed|ing)?|neighbou?r(s|ing)?|adjacent|bounded|adjoin(s|ing)?",
    "occupation": r"(is|was|as|became) (an?|the)",
    "official language": r"languages?|spoken|official|officially|bilingual",
    "original language": r"language|film|series",
    "original network": r"air(s|ed)|broadcast|premiered|show|series|debuted|network|on",
    "owner": r"own(s|ed|er)|acquired|subsidiary|bought|purchased|sold|division",
    "part of": r"parts?|region|division|branch(es)?|within|belongs?|fields?|disciplines?",
    "place founded": r"founded|formed|started|established|originated|from|band",
    "place of birth": r"born|native",
    "place of death": r"died|death|killed|executed|assassinated",
    "playing position": r"(as|is|was) an?",
    "position held": r"was|as|became|is|elected|appointed|consecrated",
    "record label": r"label|records|released|signed",
    "region": _IN,
    "religion": r"converted|faith|follow(s|ed|er)|is|was|religion",
    "spoken language": r"in|language|wrote|spoke|speaks",
    "twin city": r"twin(ned)?|sister",
    "type": _IS,
}
_FURTHEST = 140  # characters between subject and object: beyond, it says something else
_QUALIFIED = re.compile(r"\b([NSEW][a-z]*(th|st|thern|stern)|New|Central|Great|Nazi|Old|Soviet) $")
_FIRST_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Statement:
    """A fact stated in a text; `start` is the subject's character offset, `place` the object's."""

    fact: Fact
    start: int
    place: int


class FactIndex:
    """Facts by the first word of their subject, so that a text is searched in one pass."""

    def __init__(self, facts: Iterable[Fact]) -> None:
        """Takes the facts to look for."""
        self._by_subject: dict[str, list[Fact]] = defaultdict(list)
        for fact in facts:
            if fact.subject != fact.object:
                self._by_subject[fact.subject].append(fact)
        self._by_first_word: dict[str, list[str]] = defaultdict(list)
        for subject in self._by_subject:
            if word := _FIRST_WORD.search(subject):
                self._by_first_word[word[0]].append(subject)

    def mentions(self, text: str) -> bool:
        """Says whether a subject and one of its objects stand in the text, wherever they do."""
        return any(_find(fact.object, text, 0) is not None for fact, _ in self._subjects(text))

    def could_state(self, text: str) -> bool:
        """Says quickly that a text states nothing; True is a perhaps."""
        return next(self._subjects(text), None) is not None

    def statements(self, text: str) -> list[Statement]:
        """Returns what a sentence states, in text order.

        >>> index = FactIndex([Fact("Lima", "P1376", "Peru")])
        >>> [said.place for said in index.statements("Lima is the capital of Peru.")]
        [23]
        >>> index.statements("From Lima he travelled through Peru.")
        []
        """
        found: dict[Fact, Statement] = {}
        for fact, start in sorted(self._subjects(text), key=lambda each: each[1]):
            end = start + len(fact.subject)
            place = _find_alone(fact, text, end)
            cue = _CUES.get(fact.attribute)
            if place is None or place - end > _FURTHEST or cue is None:
                continue
            if re.search(rf"\b(?:{cue})\b", text[end:place]):
                found.setdefault(fact, Statement(fact, start, place))
        return sorted(found.values(), key=lambda said: (said.start, said.place))

    def _subjects(self, text: str) -> Iterator[tuple[Fact, int]]:
        """Yields each fact whose subject and object stand in the text, and where the subject does.

        The cheap questions come first: most texts hold no subject, and most subjects no object.
        """
        words = set(_FIRST_WORD.findall(text))
        for word in sorted(words & self._by_first_word.keys()):
            for subject in self._by_first_word[word]:
                if subject not in text:
                    continue
                facts = [fact for fact in self._by_subject[subject] if fact.object in text]
                for start in _starts(subject, text) if facts else ():
                    yield from ((fact, start) for fact in facts)


def sentences(paragraph: str) -> list[str]:
    """Splits a paragraph at full stops that a capital letter follows.

    >>> sentences("Lima is large. It lies in Peru.")
    ['Lima is large.', 'It lies in Peru.']
    """
    return re.split(
        r"(?<=[a-z0-9)\"][.!?])\s+(?=[A-Z\"])|(?<=[.!?]\")\s+(?=[A-Z])", paragraph.strip()
    )


def without_pronunciations(sentence: str, *, is_gap: Callable[[str], bool]) -> str:
    """Returns the sentence without the brackets that are leftovers of pronunciations.

    >>> without_pronunciations("Lima (; ) is large (very).", is_gap=lambda inner: ";" in inner)
    'Lima is large (very).'
    """
    return re.sub(r"\s*\(([^()]*)\)", lambda found: "" if is_gap(found[1]) else found[0], sentence)


def _find(words: str, text: str, start: int) -> int | None:
    found = re.compile(rf"(?<!\w){re.escape(words)}(?!\w)").search(text, start)
    return found.start() if found else None


def _find_alone(fact: Fact, text: str, start: int) -> int | None:
    """Returns where the object stands as itself: not in "New England" or "Boeing Airplanes"."""
    for found in re.finditer(rf"(?<![\w-]){re.escape(fact.object)}(?![\w-]| [A-Z])", text[start:]):
        place = start + found.start()
        repeated = text.rfind(fact.subject, start, place + len(fact.subject))
        inside = 0 <= repeated <= place < repeated + len(fact.subject)
        if not inside and not _QUALIFIED.search(text[:place]):
            return place
    return None


def _starts(words: str, text: str) -> list[int]:
    found = re.finditer(rf"(?<!\w){re.escape(words)}(?!\w)", text)
    return [each.start() for each in found]
