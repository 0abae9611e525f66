"""A tool's own exemplars become demonstrations with the outputs that it gives."""

import pytest

from toolformer.annotate.demonstrations import own_demonstrations
from toolformer.errors import ToolError
from toolformer.tools.decorator import tool
from toolformer.tools.exemplar import NOTATION, Exemplar
from toolformer.tools.registry import default_tools, load_tools
from toolformer.tools.toolbox import Toolbox


@pytest.mark.parametrize("name", ["calculator", "calendar", "database", "sql"])
def test_the_text_after_an_exemplar_begins_with_what_the_tool_says(name: str) -> None:
    """So the exemplars' outputs are true of the day on which they are computed."""
    with Toolbox(load_tools(name)) as toolbox:
        [own] = toolbox.values()
        shown = own_demonstrations(own, toolbox)
    assert len(shown) == len(own.exemplars)
    for each in shown:
        [placed] = each.calls
        said = each.text[placed.position :].replace(",", "")
        assert str(placed.output).replace(",", "") in said, each.render(NOTATION)


def test_the_default_tools_own_exemplars_need_no_clock() -> None:
    with Toolbox(default_tools()) as toolbox:
        shown = own_demonstrations(toolbox["Calendar"], toolbox)
    assert shown[1].render(NOTATION) == (
        "This notice was put up on [Calendar(today) -> Friday, March 3, 2023] Friday, March 3, "
        "2023, and stays for a week."
    )


def test_an_exemplar_whose_call_fails_is_left_out_and_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    @tool(
        name="Half",
        exemplars=[Exemplar("Of 8,", "8", " 4."), Exemplar("Of x,", "x", " y."),
                   Exemplar("Of 2,", "2", " 1.")],
    )  # fmt: skip
    def half(number: str) -> str:
        """Halves."""
        if number == "x":
            raise ToolError("x is not a number.")
        return "a]" if number == "2" else str(int(number) // 2)

    with Toolbox([half]) as toolbox:
        shown = own_demonstrations(half, toolbox)
    assert [each.render(NOTATION) for each in shown] == ["Of 8, [Half(8) -> 4] 4."]
    assert "Half(x) is not shown to the model: x is not a number." in caplog.text
    assert "its output 'a]' cannot be written" in caplog.text
