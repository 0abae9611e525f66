"""Errors that say what happened, show the value, and name the way out."""

import inspect
import time

import pytest

from toolformer import errors
from toolformer.errors import ToolformerError, closest

CHILDREN = [
    each
    for _, each in inspect.getmembers(errors, inspect.isclass)
    if issubclass(each, ToolformerError) and each is not ToolformerError
]


def test_an_unknown_name_is_told_the_near_one_and_all() -> None:
    assert closest("calculater", ["calculator", "calendar", "database"], what="tool") == (
        "Unknown tool 'calculater'. Did you mean 'calculator'? "
        "Available: calculator, calendar, database."
    )


def test_a_name_that_differs_in_case_only_is_near() -> None:
    assert "Did you mean 'SQL'?" in closest("sql", ["SQL", "Calendar"], what="tool")


def test_nothing_is_guessed_when_nothing_is_near() -> None:
    assert closest("xyz", ["calculator"], what="tool") == (
        "Unknown tool 'xyz'. Available: calculator."
    )


@pytest.mark.parametrize("child", CHILDREN)
def test_every_error_is_a_child_of_the_root_and_drawn_in_the_docstring(
    child: type[ToolformerError],
) -> None:
    assert child.__base__ in (ToolformerError, errors.ToolError)
    assert f"── {child.__name__} " in (errors.__doc__ or "")


def test_of_many_names_some_are_told_and_a_long_value_is_clipped() -> None:
    names = [f"column {number}" for number in range(2000)]
    sentence = closest("column 77x" * 900, names, what="column")
    assert sentence.startswith("Unknown column 'column 77x")
    assert sentence.endswith("column 49 and 1,950 more.")
    assert len(sentence) < 1000


def test_comparing_names_takes_a_bounded_time() -> None:
    start = time.process_time()
    closest("ab" * 5000, ["ba" * 5000 for _ in range(50)], what="name")
    closest("ab" * 49, [f"{'ba' * 47}{number}" for number in range(500)], what="name")
    assert time.process_time() - start < 5
