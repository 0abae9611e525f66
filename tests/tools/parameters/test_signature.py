"""A docstring is taken apart in whichever of the usual styles it is written."""

import pytest

from toolformer.tools.base import tool
from toolformer.tools.parameters.signature import Docstring, read_docstring

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


def test_descriptions_reach_the_schema() -> None:
    @tool
    def find(book: str) -> str:
        """Finds a book.

        :param book: Title of it.
        """
        return book

    [parameter] = find.parameters
    assert (find.description, parameter.description) == ("Finds a book.", "Title of it.")
