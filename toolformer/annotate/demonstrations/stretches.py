"""A stretch of a long text around a call, short enough to be a demonstration.

Pure text: no tokens, no tools, no model.
"""

import re
from dataclasses import replace

from toolformer.annotate.demonstrations.demonstration import Demonstration
from toolformer.calls import PlacedCall

MOST_CHARACTERS = 600
_BEFORE = MOST_CHARACTERS * 2 // 3

# Where a stretch may begin: after a line, after a sentence, at a word.
_LINE = re.compile(r"\n\s*")
_SENTENCE = re.compile(r"(?<=[.!?。！？])(?:\s+|(?<=[。！？]))")
_WORD = re.compile(r"\s+")


def around(demonstration: Demonstration, call: PlacedCall) -> Demonstration:
    """Returns the stretch of a demonstration around one of its calls, with the calls in it.

    A text of up to 600 characters is left as it is. A longer one is cut where a line begins or
    ends, or else a sentence, or else a word.

    >>> from toolformer.calls import ToolCall
    >>> text = "Cut this. " * 50 + "It is 4 so. " + "Cut that. " * 50
    >>> four = PlacedCall(505, ToolCall("Calculator", "2 + 2"), "4")
    >>> cut = around(Demonstration(text, (four,)), four)
    >>> len(cut.text) <= 600, cut.text[cut.calls[0].position :][:6]
    (True, ' 4 so.')
    """
    text = demonstration.text
    if len(text) <= MOST_CHARACTERS:
        return demonstration
    start = _start(text, call.position)
    end = _end(text, start, call.position)
    inside = (each for each in demonstration.calls if start <= each.position <= end)
    return replace(
        demonstration,
        text=text[start:end],
        calls=tuple(replace(each, position=each.position - start) for each in inside),
    )


def _start(text: str, position: int) -> int:
    """Returns where the stretch begins: as early as may be, at the best kind of place there is."""
    earliest = position - _BEFORE
    if earliest <= 0:
        return 0
    for pattern in (_LINE, _SENTENCE, _WORD):
        ends = (each.end() for each in pattern.finditer(text, earliest, position))
        if (found := next(ends, None)) is not None and found < position:
            return found
    return earliest


def _end(text: str, start: int, position: int) -> int:
    """Returns where the stretch ends: as late as may be, at the best kind of place there is."""
    latest = start + MOST_CHARACTERS
    if latest >= len(text):
        return len(text)
    for pattern in (_LINE, _SENTENCE, _WORD):
        begins = [each.start() for each in pattern.finditer(text, position, latest)]
        if begins and begins[-1] > position:
            return begins[-1]
    return latest
