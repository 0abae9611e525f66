"""What is asked about people and what is to be answered, from weights or by a call.

Knows no file and no token. The call language writes the calls.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from toolformer.calls import CallGrammar, InlineGrammar, PlacedCall, ToolCall
from toolformer.studies.in_tool.data.people import Attribute, Person

TOOL = "Database"

_QUESTIONS = {
    Attribute.BIRTH_DATE: "When was {name} born?",
    Attribute.BIRTH_PLACE: "Where was {name} born?",
    Attribute.ADDRESS: "Where does {name} live?",
    Attribute.OCCUPATION: "What does {name} work as?",
}
_ANSWERS = {
    Attribute.BIRTH_DATE: " Born on {value}.",
    Attribute.BIRTH_PLACE: " Born in {value}.",
    Attribute.ADDRESS: " Lives in {value}.",
    Attribute.OCCUPATION: " Works as {value}.",
}


class Mode(StrEnum):
    """Where a model is to have the facts."""

    WEIGHT = "weight"
    TOOL = "tool"


@dataclass(frozen=True, slots=True)
class Question:
    """One fact of one person, asked for."""

    person: Person
    attribute: Attribute

    @property
    def text(self) -> str:
        """What is asked: the prompt."""
        return _QUESTIONS[self.attribute].format(name=self.person.name)

    @property
    def value(self) -> str:
        """The fact."""
        return self.person.value(self.attribute)

    @property
    def answer(self) -> str:
        """The sentence that answers, from the space in front of it on."""
        return answer_of(self.attribute, self.value)

    @property
    def call(self) -> ToolCall:
        """The request for the fact."""
        return ToolCall(TOOL, f"{self.person.name}, {self.attribute}")

    @property
    def placed(self) -> PlacedCall:
        """The call with its output, in front of the answer."""
        return PlacedCall(len(self.text), self.call, self.value)

    def written(self, mode: Mode, *, grammar: CallGrammar | None = None) -> str:
        """Returns question and answer as a model reads them.

        >>> from toolformer.studies.in_tool.data.people import make_people
        >>> [person] = make_people(1)
        >>> question = Question(person, Attribute.BIRTH_PLACE)
        >>> question.written(Mode.WEIGHT)
        'Where was Gena Wolker born? Born in Peru.'
        >>> question.written(Mode.TOOL)
        'Where was Gena Wolker born? [Database(Gena Wolker, birth place) -> Peru] Born in Peru.'
        """
        text = self.text + self.answer
        if mode is Mode.WEIGHT:
            return text
        return (grammar or InlineGrammar()).render(text, [self.placed])


def answer_of(attribute: Attribute, value: str) -> str:
    """Returns the sentence that says a value.

    >>> answer_of(Attribute.OCCUPATION, "baker")
    ' Works as baker.'
    """
    return _ANSWERS[attribute].format(value=value)


def questions_about(people: Iterable[Person]) -> Iterator[Question]:
    """Yields four questions a person."""
    for person in people:
        for attribute in Attribute:
            yield Question(person, attribute)
