"""Arguments by name and back: what a model would write reads as what was meant."""

import json
from typing import Any

import pytest

from toolformer.calls import HermesGrammar, InlineGrammar
from toolformer.errors import ToolError
from toolformer.tools import tool
from toolformer.tools.parameters.by_name import named_arguments, written_call


@tool
def weather(city: str, days: int = 1, exact: bool = False) -> str:
    """Tells the weather."""
    return f"{city} {days} {exact}"


@pytest.mark.parametrize(
    ("named", "inline"),
    [
        ({"city": "Oslo"}, "Oslo"),
        ({"city": "Oslo", "days": 3}, "Oslo, 3"),
        ({"city": "Oslo", "exact": True}, "city=Oslo, exact=true"),
        ({"city": "Washington, D.C.", "days": 3}, "Washington, D.C., 3"),
        ({"city": "days=2"}, "city=days=2"),
        ({"city": " spaced "}, '{"city": " spaced "}'),
    ],
)
def test_a_call_is_written_so_that_it_reads_the_same(named: dict[str, Any], inline: str) -> None:
    call = written_call(weather, named, InlineGrammar())
    assert call.arguments == inline
    assert named_arguments(weather, call.arguments) == named
    hermes = written_call(weather, named, HermesGrammar())
    assert json.loads(hermes.arguments) == named


def test_defaults_are_left_out() -> None:
    assert named_arguments(weather, "Oslo, 1, false") == {"city": "Oslo"}


@pytest.mark.parametrize("named", [{}, {"town": "Oslo"}, {"city": "Oslo", "days": "many"}])
def test_arguments_that_do_not_fit_are_refused(named: dict[str, Any]) -> None:
    with pytest.raises(ToolError):
        written_call(weather, named, InlineGrammar())


def test_what_the_grammar_cannot_write_is_refused() -> None:
    with pytest.raises(ToolError, match="cannot be written"):
        written_call(weather, {"city": "Oslo ("}, InlineGrammar())
