"""A docstring is taken apart in whichever of the usual styles it is written."""

import pytest

from toolformer.tools.decorator import tool
from toolformer.tools.parameters.docstring import Docstring, read_docstring

GOOGLE = """Finds a book.

It knows many.

Args:
    book (str) : Title of it,
        as printed: no more.
    page (int, optional): Which page.
    *words - Words in it.

Returns:
    The text.

Note:
    Never in a prompt.

Examples:
    She read [find(Emma)] Austen.

    In short: [find(Ulysses)] Joyce.
"""
NUMPY = """Finds a book.

It knows many.

Parameters
----------
book : str
    Title of it,
    as printed: no more.
page : int, optional
    Which page.
words
    Words in it.

Returns
-------
str
    The text.

Examples
--------
She read [find(Emma)] Austen.
In short: [find(Ulysses)] Joyce.
"""
SPHINX = """Finds a book.

It knows many.

:param str book: Title of it,
    as printed: no more.
:param page: Which page.
:type page: int
:param words: Words in it.
:returns: The text.
:rtype: str
:raises ValueError: Never.
"""
EPYDOC = """Finds a book.

It knows many.

@param book: Title of it,
    as printed: no more.
@type book: str
@param page: Which page.
@param words: Words in it.
@return: The text.
"""
EXAMPLES = ("She read [find(Emma)] Austen.", "In short: [find(Ulysses)] Joyce.")


@pytest.mark.parametrize(
    ("docstring", "examples"),
    [(GOOGLE, EXAMPLES), (NUMPY, EXAMPLES), (SPHINX, ()), (EPYDOC, ())],
    ids=["Google", "NumPy", "Sphinx", "Epydoc"],
)
def test_the_parts_are_found_in_every_style(docstring: str, examples: tuple[str, ...]) -> None:
    assert read_docstring(docstring) == Docstring(
        description="Finds a book. It knows many.",
        parameters={
            "book": "Title of it, as printed: no more.",
            "page": "Which page.",
            "words": "Words in it.",
        },
        examples=examples,
    )


@pytest.mark.parametrize(
    "rest",
    [
        "Returns: The text.",
        "Return:\n    The text.",
        "Raises:\n    ValueError: Never.",
        "See Also:\n    another",
        "Warning :\n    Slow.",
        "Todo: make it faster.",
        ".. note:: Slow.",
        ":returns: The text.",
        ":rtype: str",
        "@return: The text.",
        ">>> find('Emma')\n'Austen'",
        "Notes\n-----\nSlow.",
        "Note::\n\n    Slow.",
        "**Returns:**\n    The text.",
        "## Returns\nThe text.",
        "@return The text.",
        "\\return The text.",
        "```python\nfind('Emma')\n```",
        "See Also\n========\nanother",
    ],
)
@pytest.mark.parametrize("space", ["\n", "\n\n"])
def test_no_section_is_in_the_description(rest: str, space: str) -> None:
    assert read_docstring(f"Finds a book.{space}{rest}").description == "Finds a book."


@pytest.mark.parametrize(
    ("docstring", "description"),
    [
        ("", ""),
        ("Finds a book.\n\n@home or \\alpha.", "Finds a book. @home or \\alpha."),
        ("Finds:\n\n1. books\n2. pages", "Finds: 1. books 2. pages"),
        ("Finds a book: its title.", "Finds a book: its title."),
        ("Finds a book.\n\nNote that it is slow.", "Finds a book. Note that it is slow."),
        ("Finds a book - or none.\n\nThe ratio 1:2 is fine.",
         "Finds a book - or none. The ratio 1:2 is fine."),
    ],
)  # fmt: skip
def test_prose_is_all_description(docstring: str, description: str) -> None:
    assert read_docstring(docstring) == Docstring(description, {}, ())


def test_several_names_share_a_description() -> None:
    docstring = "Adds.\n\nParameters\n----------\na, b : int\n    Numbers."
    assert read_docstring(docstring).parameters == {"a": "Numbers.", "b": "Numbers."}


@pytest.mark.parametrize(
    "section",
    [
        "Args:\n    a: One.\n    b: Two.\n\nWhat follows is prose.",
        "**Args:**\n    a: One.\n    b: Two.",
        "### Parameters\n- a: One.\n- `b`: Two.",
        "Args:\n    **a** (int): One.\n    *b*: Two.",
        "Kwargs:\n\ta: One.\n\tb: Two.",
        "@param a One.\n@param b Two.",
        "Args:\na: One.\nb: Two.",
    ],
)
def test_parameters_are_found_in_styles_of_nobody(section: str) -> None:
    read = read_docstring(f"Adds.\n\n{section}")
    assert (read.description, read.parameters) == ("Adds.", {"a": "One.", "b": "Two."})


def test_examples_of_every_title_are_read() -> None:
    for title in ("Examples:", "Example:", "Examples::", "Examples\n--------", "## Examples"):
        assert read_docstring(f"Adds.\n\n{title}\n    1 [add(1)] 2").examples == ("1 [add(1)] 2",)


def test_descriptions_reach_the_schema() -> None:
    @tool
    def find(book: str) -> str:
        """Finds a book.

        :param book: Title of it.
        """
        return book

    [parameter] = find.parameters
    assert (find.description, parameter.description) == ("Finds a book.", "Title of it.")
