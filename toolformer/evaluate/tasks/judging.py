"""When an output counts as right: a number, the first words, the option that is named.

Outputs come without calls and what the tools said. Pure text: knows no model. Every pattern takes
linear time, whatever a model wrote.
"""

import re
from collections.abc import Sequence
from decimal import Decimal

FIRST_WORDS = 5  # LAMA: the answer is within so many words
_FINAL = "####"  # GSM8K: what follows is the answer

_NUMBER_TEXT = r"(?:(?<![\w)])[-−])?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|\.\d+"
_NUMBER = re.compile(f"({_NUMBER_TEXT})")
_AFTER_EQUALS = re.compile(rf"=\s*+(?:[$€£]\s*+)?({_NUMBER_TEXT})")
_WORD = re.compile(r"(?<!\S)[^\w\s]*+\w\S*")  # white space around it, and more than signs
_EDGES = re.compile(r"^\W+|(?<=\w)\W++$")
_OPTION = re.compile(r"^\(([A-Z])\)\s*+(\S.*)$", re.MULTILINE)


def first_number(text: str) -> Decimal | None:
    """Returns the first number of a text, None when there is none.

    Where the text holds an equation it is the number after the first equals sign, as in the paper.

    >>> first_number("They had 1,400.50 dollars, not 3."), first_number("It fell to -5.")
    (Decimal('1400.50'), Decimal('-5'))
    >>> first_number("He ate 5 + 3 = 8 apples."), first_number("none") is None
    (Decimal('8'), True)
    """
    return _decimal(_find_number(text))


def end_of_number(text: str) -> int:
    """Returns where the first number ends: nothing after it is judged.

    >>> end_of_number(" It is 24, not 3."), end_of_number("none")
    (9, 5)
    """
    found = _find_number(text)
    return len(text) + 1 if found is None else found.end()


def is_number_right(text: str, answers: Sequence[str]) -> bool:
    """Returns whether the first number of an output equals one of the answers.

    >>> is_number_right(" 1,400 people.", ["1400.0"]), is_number_right(" 14 of 1400.", ["1400"])
    (True, False)
    """
    said = first_number(text)
    return said is not None and any(said == first_number(answer) for answer in answers)


def next_number(text: str) -> Decimal | None:
    """Returns the number that a text says first, equations or not; None when there is none.

    >>> next_number(" 24 clips. 24 + 48 = 72"), next_number("none") is None
    (Decimal('24'), True)
    """
    return _decimal(_NUMBER.search(text))


def end_of_next_number(text: str) -> int:
    """Returns where the first number ends, equations or not: nothing after it is judged."""
    found = _NUMBER.search(text)
    return len(text) + 1 if found is None else found.end()


def is_next_number_right(text: str, answers: Sequence[str]) -> bool:
    """Returns whether the number that an output says first equals one of the answers.

    >>> is_next_number_right(" $24. 24 + 48 = 72", ["24.0"])
    True
    """
    said = next_number(text)
    return said is not None and any(said == first_number(answer) for answer in answers)


def final_number(text: str) -> Decimal | None:
    r"""Returns the number behind a solution's `####`, else its last one; None without any.

    >>> final_number(" 48/2 = 24.\n#### 24 clips of 30"), final_number(" 48/2 = 24. She sold 72.")
    (Decimal('24'), Decimal('72'))
    """
    return _decimal(_find_final(text))


def end_of_final_number(text: str) -> int:
    """Returns where a solution's answer ends: what comes after it is not judged."""
    found = _find_final(text)
    return len(text) + 1 if found is None else found.end()


def plain_words(text: str) -> list[str]:
    """Returns the words of a text in lower case, without the signs around them.

    >>> plain_words(" New York, (N.Y.) -")
    ['new', 'york', 'n.y']
    """
    bare = (_EDGES.sub("", word) for word in text.casefold().split())
    return [word for word in bare if word]


def is_within_first_words(text: str, answers: Sequence[str]) -> bool:
    """Returns whether one of the answers is whole among the first words of an output.

    An answer of more words than these may take as many as it has.

    >>> is_within_first_words(" the city of Paris, France", ["Paris"])
    True
    >>> is_within_first_words(" what is known as Greater Paris", ["Paris"])
    False
    >>> is_within_first_words(" Parisian.", ["Paris"])
    False
    """
    said = plain_words(text)
    return any(_holds(said, plain_words(answer)) for answer in answers)


def end_of_first_words(text: str) -> int:
    """Returns where the first words end: what comes after them is not judged.

    >>> end_of_first_words(" one two, three four five six"), end_of_first_words(" one")
    (25, 5)
    """
    ends = [word.end() for word in _WORD.finditer(text)]
    return len(text) + 1 if len(ends) < FIRST_WORDS else ends[FIRST_WORDS - 1]


def options_of(question: str) -> dict[str, str]:
    r"""Returns the options of a multiple-choice question by letter.

    >>> options_of("Which?\nOptions:\n(A) 12/11/1937\n(B) 12/25/1937")
    {'A': '12/11/1937', 'B': '12/25/1937'}
    """
    return {letter: option.rstrip() for letter, option in _OPTION.findall(question)}


def named_option(text: str, options: dict[str, str]) -> str | None:
    """Returns the letter of the option that an output names first, by its letter or its text.

    >>> named_option(" 12/25/1937, not (A).", {"A": "12/11/1937", "B": "12/25/1937"})
    'B'
    >>> named_option(" a day later", {"A": "12/11/1937"}) is None
    True
    """
    named = {
        letter: re.search(rf"\({letter}\)|(?<!\w){re.escape(option)}(?!\w)", text)
        for letter, option in options.items()
    }
    places = {letter: found.start() for letter, found in named.items() if found}
    return min(places, key=lambda letter: places[letter], default=None)


def _find_number(text: str) -> re.Match[str] | None:
    return _AFTER_EQUALS.search(text) or _NUMBER.search(text)


def _find_final(text: str) -> re.Match[str] | None:
    marked = text.find(_FINAL)
    behind = None if marked < 0 else _NUMBER.search(text, marked)
    if behind is not None:
        return behind
    last = None
    for last in _NUMBER.finditer(text):  # noqa: B007  the last one is wanted
        pass
    return last


def _decimal(found: re.Match[str] | None) -> Decimal | None:
    return None if found is None else Decimal(found[1].replace(",", "").replace("−", "-"))


def _holds(said: list[str], answer: list[str]) -> bool:
    first = said[: max(FIRST_WORDS, len(answer))]
    starts = range(len(first) - len(answer) + 1)
    return bool(answer) and any(first[at : at + len(answer)] == answer for at in starts)
