"""Whether a call's output tells nothing that its arguments or the words before it do not.

Pure text: no tokens, no tools, no model. `[Calculator(15) -> 15]` predicts a `15` that follows, and
so would the 15 alone; where `= 24` stands before a call, its `24` repeats what is there.
"""

from collections.abc import Sequence
from functools import lru_cache

from toolformer.annotate.texts.peeking import all_terms


def is_trivial(arguments: str, output: str, *, before: str) -> bool:
    """Returns whether the output is the argument, or stands in the words before the call already.

    Compared are numbers and words, as they are normalised: `1,400` is `1400.0`.

    Args:
        arguments: the text between the call's brackets.
        output: of the call.
        before: the five units before it.

    >>> is_trivial("15", "15", before="She has")
    True
    >>> is_trivial("12 * 2", "24", before="2 dozen eggs make 24")
    True
    >>> is_trivial("12 * 2", "24", before="2 dozen eggs make")
    False
    """
    told = _terms(output)
    if not told:
        return output.strip() in (arguments.strip(), before.strip())
    return told == _terms(arguments) or _holds(all_terms(before), told)


def _holds(terms: Sequence[str], wanted: Sequence[str]) -> bool:
    """Returns whether terms stand among others, one after the other."""
    size = len(wanted)
    return any(terms[at : at + size] == wanted for at in range(len(terms) - size + 1))


@lru_cache(maxsize=4096)  # The same call is proposed at many places of a text.
def _terms(text: str) -> tuple[str, ...]:
    return all_terms(text)
