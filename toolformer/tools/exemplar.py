"""Exemplars: texts in which a call helps, from which a model learns to make it."""

from collections.abc import Sequence
from dataclasses import dataclass

from toolformer.calls import InlineGrammar
from toolformer.errors import CallError

NOTATION = InlineGrammar()  # how authors write the calls of their tools, whatever a model writes


@dataclass(frozen=True, slots=True)
class Exemplar:
    """A text, and the arguments of the call that helps where `before` ends and `after` begins."""

    before: str
    arguments: str
    after: str


def read_exemplars(lines: Sequence[str], *, tool: str) -> tuple[Exemplar, ...]:
    """Returns the exemplars among some lines: those that hold one call, and of this tool.

    >>> read_exemplars(["Of 8, [Half(8)] 4.", "No call.", "[Other(1)] 2"], tool="Half")
    (Exemplar(before='Of 8,', arguments='8', after=' 4.'),)
    """
    exemplars = []
    for line in lines:
        try:
            placed = NOTATION.calls(line)
        except CallError:
            continue
        if len(placed) == 1 and placed[0].call.tool == tool:
            text, position = NOTATION.strip(line), placed[0].position
            exemplars.append(Exemplar(text[:position], placed[0].call.arguments, text[position:]))
    return tuple(exemplars)
