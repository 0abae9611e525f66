"""Anybody's words in Markdown: what they hold is shown, and changes nothing around it."""

import html
import re
from collections.abc import Sequence

# What begins a mark-up somewhere, a link of its own and a mention of somebody included.
_MARKS = re.compile(r"[\\`*_{}\[\]|~$#<>&:@!]")
_JOINERS = "\u200c\u200d"  # of Persian, of Hindi and of emoji; they print nothing


def escaped(text: str) -> str:
    """Returns a text as one line of Markdown that shows it, in a table as well.

    >>> escaped("a|b *c* <script>")
    'a&#124;b &#42;c&#42; &#60;script&#62;'
    """
    line = " ".join(printable(text).split())
    return _MARKS.sub(lambda found: f"&#{ord(found[0])};", line)


def code(text: str) -> str:
    """Returns a text as code within a line, in a table as well.

    >>> code("calculator"), code("a`b|c")
    ('`calculator`', '<code>a&#96;b&#124;c</code>')
    """
    line = " ".join(printable(text).split())
    if _MARKS.search(line.replace(":", "").replace("_", "")):
        return f"<code>{escaped(line)}</code>"
    return f"`{line}`"


def block(text: str, language: str = "") -> str:
    """Returns a text as a block of code, whatever it holds.

    >>> print(block("a ``` b"))
    ````
    a ``` b
    ````
    """
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{printable(text)}\n{fence}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Returns a table of cells that are Markdown already: a column of names, others of numbers.

    >>> print(table(["tool", "kept"], [["Calculator", "3"]]))
    | tool | kept |
    |---|--:|
    | Calculator | 3 |
    """
    ruled = "|".join(["", "---", *("--:" for _ in head[1:]), ""])
    lines = (f"| {' | '.join(cells)} |" for cells in (head, *rows))
    first, *others = lines
    return "\n".join([first, ruled, *others])


def printable(text: str) -> str:
    """Returns a text without what steers its reader: controls, and what turns the direction."""
    return "".join(
        each
        if each.isprintable() or each in "\n" or each in _JOINERS
        else "\N{REPLACEMENT CHARACTER}"
        for each in text.replace("\t", "    ")
    )


def comment(text: str) -> str:
    """Returns a text as a comment, which nobody sees.

    >>> comment("made")
    '<!-- made -->'
    """
    return f"<!-- {html.escape(text).replace('--', '')} -->"
