"""A function's parameters are those of its signature, whichever way its types are written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

import pytest
from pydantic import Field

from toolformer.errors import ConfigError
from toolformer.tools.decorator import tool


def test_types_in_quotes_are_types_however_many_there_are() -> None:
    def find(city: "str", many: "list['int']" = []) -> str:  # noqa: B006, UP037
        """Finds."""
        return f"{city} {many}"

    made = tool(find)
    assert [each.free_text for each in made.parameters] == [True, False]
    assert made.execute("Washington, D.C., [1]") == "Washington, D.C. [1]"


def test_a_type_that_nothing_is_called_is_refused_when_the_tool_is_made() -> None:
    def find(city: "list[Nothing]") -> str:  # type: ignore[name-defined]  # noqa: F821, UP037
        """Finds."""
        return str(city)

    with pytest.raises(ConfigError, match="types of the tool find cannot be read: NameError"):
        tool(find)


def test_none_as_a_default_is_a_value() -> None:
    def find(city: str, page: int = None) -> str:  # type: ignore[assignment]  # noqa: RUF013
        """Finds."""
        return f"{city} {page}"

    assert tool(find).execute("Oslo, page=None") == "Oslo None"
    assert tool(find).execute("Oslo, 3") == "Oslo 3"


def test_several_texts_are_not_letters() -> None:
    def count(words: Iterable[str]) -> str:
        """Counts."""
        return str(list(words))

    assert tool(count).execute("one, two") == "['one', 'two']"


@pytest.mark.parametrize(
    ("kind", "description"),
    [
        (Annotated[str, Field(description="The\n city.")], "The city."),
        (Annotated[str, "The city."], "The city."),
        (Annotated[str, Field(max_length=5)], ""),
        (str, ""),
    ],
)
def test_what_a_type_is_annotated_with_describes_the_parameter(kind: Any, description: str) -> None:
    def find(city: Any) -> str:
        """Finds."""
        return str(city)

    find.__annotations__["city"] = kind
    [parameter] = tool(find).parameters
    assert parameter.description == description


def test_what_a_docstring_says_comes_first() -> None:
    def find(city: Annotated[str, "Not this."]) -> str:
        """Finds.

        Args:
            city: The city.
        """
        return city

    assert tool(find).parameters[0].description == "The city."
