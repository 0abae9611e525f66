"""Characters that nobody sees and that steer a page, written so that they are seen. Pure text."""

import re

# Control characters but tabs and line ends, Unicode's Bidi_Control, marks of order and annotation,
# and halves of surrogate pairs, which no file can hold. texts.js has the same list.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e"
    "\u2066-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]|\r(?!\n)"
)


def visible(text: str) -> str:
    r"""Returns a text in which hidden characters stand as their code points.

    >>> visible("a\x1b[2J \u202e\ud800")
    'a⟨1B⟩[2J ⟨202E⟩⟨D800⟩'
    """
    return _HIDDEN.sub(lambda found: f"⟨{ord(found[0]):02X}⟩", text)
