"""What a tool may know besides its arguments, here and in another process."""

from datetime import date

import pytest

from toolformer.tools.context import ToolContext


@pytest.mark.parametrize("today", [None, date(2023, 3, 3)])
def test_a_context_survives_json(today: date | None) -> None:
    context = ToolContext(today=today)
    assert ToolContext.from_json(context.to_json()) == context


def test_every_field_that_is_data_is_sent_and_the_others_are_not() -> None:
    context = ToolContext(today=date(2023, 3, 3), ask=lambda prompts: list(prompts))
    assert tuple(context.to_json()) == ToolContext.data_names() == ("today",)
    assert ToolContext.names() == ("today", "ask")


def test_a_model_to_ask_makes_no_context_another() -> None:
    assert ToolContext(ask=lambda prompts: list(prompts)) == ToolContext()
