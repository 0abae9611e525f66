"""The shape of a call: what of its arguments stays when the values of its text are masked.

Calls of one shape are of one kind, as `today + # weeks` is. Knows no model and runs no tool.
"""

import re
from collections.abc import Set

from toolformer.annotate.texts.peeking import STOP_WORDS
from toolformer.calls import PlacedCall

VALUE = "_"
NUMBER = "#"

# A day in figures or a number; a word; what a sum or a comparison is made with.
_PART = re.compile(
    r"(?P<number>\d{4}-\d{1,2}-\d{1,2}|\d+(?:,\d{3})*(?:\.\d+)?)"
    r"|(?P<word>[^\W\d_]+(?:['’-][^\W\d_]+)*)|(?P<sign>[-+*/^%×÷=<>])"
)


def shape_of(placed: PlacedCall, text: str, *, vocabulary: Set[str]) -> str:
    """Returns the shape of a call in a text.

    Numbers are alike, and so are words that the text has too, be they before the call or after it,
    unless they are of the tool's vocabulary: an entity is a value, an attribute is not. Punctuation
    and words such as "of" do not count.

    Args:
        placed: the call.
        text: without its calls.
        vocabulary: the tool's, lower case.

    >>> from toolformer.calls import ToolCall
    >>> def shape(arguments, text, *vocabulary):
    ...     placed = PlacedCall(0, ToolCall("Any", arguments))
    ...     return shape_of(placed, text, vocabulary=set(vocabulary))
    >>> shape("New Zealand, capital", "The capital of New Zealand is", "capital")
    '_ capital'
    >>> shape("1,400 / 4 * 2", ""), shape("days from 2023-03-03 to May 5, 2023", "May 5", "days")
    ('# / # * #', 'days # _ #')
    """
    words = {each.casefold() for each in re.findall(r"[^\W\d_]+", text)}
    parts: list[str] = []
    for found in _PART.finditer(placed.call.arguments):
        part = found[0].casefold()
        if found.lastgroup == "number":
            part = NUMBER
        elif found.lastgroup == "word" and part not in vocabulary:
            if part in STOP_WORDS:
                continue
            if all(each in words for each in re.findall(r"[^\W\d_]+", part)):
                part = VALUE
        if part not in (VALUE, NUMBER) or parts[-1:] != [part]:
            parts.append(part)
    return " ".join(parts)
