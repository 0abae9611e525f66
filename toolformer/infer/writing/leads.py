"""Where calls and stop texts begin in a text that still grows.

Pure text: no tokens, no tools, no model.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from toolformer.lm.forming import beginnings


@dataclass(frozen=True, slots=True)
class Found:
    """One of several texts, and where it was found."""

    start: int
    text: str

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.start + len(self.text)


def find_first(
    text: str, wanted: Sequence[str], *, start: int = 0, except_at: Collection[int] = ()
) -> Found | None:
    """Returns the first of the wanted texts, searched from `start`.

    >>> find_first("a [C(b [D(", [" [D(", " [C("])
    Found(start=1, text=' [C(')
    >>> find_first("a [C(b [D(", [" [D(", " [C("], except_at={1})
    Found(start=6, text=' [D(')
    """
    first: Found | None = None
    for each in wanted:
        at = text.find(each, start)
        while at in except_at:
            at = text.find(each, at + 1)
        if at >= 0 and (first is None or at < first.start):
            first = Found(at, each)
    return first


def find_last(text: str, wanted: Sequence[str]) -> Found | None:
    """Returns the last of the wanted texts.

    >>> find_last("a [C(b [D(c", [" [D(", " [C("])
    Found(start=6, text=' [D(')
    """
    found = [Found(text.rfind(each), each) for each in wanted]
    return max(
        (each for each in found if each.start >= 0), key=lambda each: each.start, default=None
    )


def forming(text: str, wanted: Sequence[str], *, start: int = 0) -> int:
    """Returns where the text's end may be becoming one of the wanted texts; its length if nowhere.

    >>> forming("It is [Calc", [" [Calculator(", " [Calendar("])
    5
    >>> forming("It is [x", [" [Calculator("])
    8
    """
    return next((at for at, _ in beginnings(text, tuple(wanted), start=start)), len(text))
