"""Shows the doctests of docstrings as code: Markdown would read their >>> as quotations."""

import re

import griffe

_DOCTEST = re.compile(r"^>>> .*\n?(?:^(?!\s*$).*\n?)*", re.MULTILINE)


class FencedDoctests(griffe.Extension):
    """Fences the doctests of every docstring that the reference shows."""

    def on_object(self, *, obj: griffe.Object, **_: object) -> None:
        """Rewrites a docstring before it is parsed."""
        if obj.docstring is not None:
            obj.docstring.value = fenced(obj.docstring.value)


def fenced(docstring: str) -> str:
    """Returns a docstring with its doctests in fences.

    A doctest begins with >>> and ends with a blank line.
    """
    return _DOCTEST.sub(lambda found: f"```python\n{found[0].rstrip()}\n```\n", docstring)
