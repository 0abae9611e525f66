"""GSM8K's human calculator marks: `<<48/2=24>>` taken out of a solution, with their places.

Pure text: knows no model and no file.
"""

import re
from dataclasses import dataclass

_MARK = re.compile(r"<<([^<>]*?)=([^<>=]*)>>")
_FINAL = "\n####"  # GSM8K: what follows is the answer


@dataclass(frozen=True, slots=True)
class Mark:
    """One human call: `offset` is its character offset in the solution without marks."""

    offset: int
    expression: str
    value: str


@dataclass(frozen=True, slots=True)
class Solution:
    """A solution as plain text and the marks that stood in it, in text order."""

    text: str
    marks: tuple[Mark, ...]
    answer: str = ""  # what stands behind its last line's ####


def read_solution(answer: str) -> Solution:
    r"""Returns an answer without its marks and without its last line, `#### 24`.

    >>> read_solution("She sold 48/2 = <<48/2=24>>24 clips.\n#### 24").text
    'She sold 48/2 = 24 clips.'
    >>> read_solution("She sold 48/2 = <<48/2=24>>24 clips.").marks
    (Mark(offset=16, expression='48/2', value='24'),)
    """
    body, _, final = answer.partition(_FINAL)
    body = body.rstrip()
    marks: list[Mark] = []
    text = ""
    end = 0
    for found in _MARK.finditer(body):
        text += body[end : found.start()]
        marks.append(Mark(len(text), found[1].strip(), found[2].strip()))
        end = found.end()
    return Solution(text + body[end:], tuple(marks), final.strip())
