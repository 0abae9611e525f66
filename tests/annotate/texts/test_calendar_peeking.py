"""A question to the calendar is made of words that give nothing away."""

from toolformer.annotate.texts.peeking import first_mentions, peeks, terms
from toolformer.tools.builtin.calendar import calendar

TEXT = "The fair ran from March 3, 2023 to March 13, 2023, that is 10 days."
PLACE = len("The fair ran from March 3, 2023 to March 13, 2023, that is")


def does_peek(arguments: str) -> bool:
    vocabulary = terms(calendar.vocabulary)
    return peeks(arguments, PLACE, mentions=first_mentions(TEXT), vocabulary=vocabulary)


def test_the_unit_that_follows_does_not_make_a_question_peek() -> None:
    assert not does_peek("days from March 3, 2023 to March 13, 2023")


def test_a_number_that_follows_does() -> None:
    assert does_peek("March 3, 2023 + 10 days")
