"""Tools that come and go, the names that are barred, and the tools that a model was taught."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

import pytest

from tests.cli.repl.sessions import FRIDAY, stop
from toolformer.calls import ToolCall
from toolformer.errors import ConfigError, UnknownNameError
from toolformer.infer.config import InferConfig
from toolformer.infer.live_tools import LiveTools, taught_tools
from toolformer.infer.request import Request
from toolformer.sidecar import Sidecar, SidecarTool
from toolformer.tools.base import Tool
from toolformer.tools.builtin.calculator import calculator
from toolformer.tools.builtin.calendar import calendar
from toolformer.tools.context import ToolContext
from toolformer.tools.decorator import tool
from toolformer.tools.toolbox import Toolbox

WEEKDAY = ToolCall("Calendar", "weekday")


def test_a_taught_name_without_its_tool_is_barred() -> None:
    with LiveTools([calculator], today=FRIDAY, taught=["CALCULATOR", "WikiSearch"]) as tools:
        assert (tools.names, tools.barred) == (("Calculator",), ("WikiSearch",))


def test_off_bars_every_name() -> None:
    with LiveTools([calculator], today=FRIDAY, taught=["WikiSearch"], on=False) as tools:
        assert tools.names == ()
        assert set(tools.barred) == {"Calculator", "WikiSearch"}


def test_a_removed_tool_is_barred_until_it_is_added_again() -> None:
    with LiveTools([calculator, calendar], today=FRIDAY) as tools:
        assert tools.remove("calendar") is calendar
        assert (tools.names, tools.barred) == (("Calculator",), ("Calendar",))
        tools.add(calendar)
        assert (tools.names, tools.barred) == (("Calculator", "Calendar"), ())


def test_a_tool_that_is_added_takes_the_place_of_its_name() -> None:
    with LiveTools([stop, calculator], today=FRIDAY) as tools:
        tools.add(stop)
        assert tools.names == ("Calculator", "Stop")


def test_several_tools_can_be_added_at_once() -> None:
    with LiveTools([stop, calendar], today=FRIDAY) as tools:
        tools.add(calculator, stop)
        assert tools.names == ("Calendar", "Calculator", "Stop")


def test_a_tool_is_closed_when_it_is_removed_and_not_while_it_stays() -> None:
    closed: list[str] = []
    kept, removed = (
        tool(lambda: "1", name=name, close=partial(closed.append, name))
        for name in ("Kept", "Removed")
    )
    with LiveTools([kept, removed], today=FRIDAY) as tools:
        tools.add(calculator)
        assert closed == []
        tools.remove("Removed")
        assert closed == ["Removed"]
    assert closed == ["Removed", "Kept"]


def test_a_tool_that_is_not_there_cannot_be_removed() -> None:
    with (
        LiveTools([calculator], today=FRIDAY) as tools,
        pytest.raises(UnknownNameError, match="Did you mean 'Calculator'"),
    ):
        tools.remove("calculater")


def test_calls_run_on_the_day_of_their_request() -> None:
    with LiveTools([calendar], today=FRIDAY) as tools:
        sunday = Request("It is", context=ToolContext(today=date(2023, 3, 5)))
        contexts = [tools.equip(each).context for each in (Request("It is"), sunday)]
        outputs = [tools.execute(WEEKDAY, context).output for context in contexts]
    assert outputs == ["Friday", "Sunday"]


def test_a_request_is_equipped_with_what_may_be_called_and_keeps_the_rest() -> None:
    asked = Request("It is", config=InferConfig(seed=3), index=4)
    with LiveTools([calculator], today=FRIDAY, taught=["WikiSearch"]) as tools:
        assert tools.equip(asked) == Request(
            "It is",
            tools=("Calculator",),
            barred=("WikiSearch",),
            context=ToolContext(today=FRIDAY),
            config=InferConfig(seed=3),
            index=4,
        )


def test_a_model_that_was_taught_no_tool_gets_the_defaults() -> None:
    taught = Sidecar(tools=(SidecarTool("Calendar", "calendar"),))
    named = [
        [tool.name for tool in taught_tools(sidecar, model="m")]
        for sidecar in (None, Sidecar(), taught)
    ]
    defaults = ["Calculator", "Calendar", "Database"]
    assert named == [defaults, defaults, ["Calendar"]]


def test_a_taught_tool_that_is_not_installed_is_named_with_the_way_out() -> None:
    sidecar = Sidecar(tools=(SidecarTool("Wiki", "wiki:lang=en"), SidecarTool("C", "calculator")))
    with pytest.raises(ConfigError, match=r"tuned was taught to call Wiki.*'wiki.*--tool, or"):
        taught_tools(sidecar, model="tuned", is_trusted=True)
    assert taught_tools(sidecar, model="tuned", are_needed=False) == []


EVIL = """
from pathlib import Path

Path("ran").touch()

def f(x: str) -> str:
    '''Does.'''
    return x
"""


@pytest.mark.parametrize(
    "spec",
    ["evil.py:f", " ./evil.py:f", "evil", "sql:path=a.db", "database:table=x, path=a.db"],
)
def test_what_a_models_files_name_is_not_run_or_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spec: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "evil.py").write_text(EVIL)
    (tmp_path / "a.db").touch()
    sidecar = Sidecar(tools=(SidecarTool("Calculator", "calculator"), SidecarTool("F", spec)))
    with pytest.raises(ConfigError, match=r"m was taught to call F, .*--tool.*--trust-tools"):
        taught_tools(sidecar, model="m")
    assert taught_tools(sidecar, model="m", are_needed=False) == []
    assert not (tmp_path / "ran").exists()


def test_a_model_that_is_trusted_has_the_tools_of_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "evil.py").write_text(EVIL)
    sidecar = Sidecar(
        tools=(SidecarTool("Calculator", "calculator"), SidecarTool("f", "evil.py:f"))
    )
    names = [tool.name for tool in taught_tools(sidecar, model="m", is_trusted=True)]
    assert names == ["Calculator", "f"]


def test_a_spec_that_is_named_over_and_over_is_loaded_once() -> None:
    spellings = ["calculator", " Calculator", "CALCULATOR "] * 20_000
    sidecar = Sidecar(tools=tuple(SidecarTool("Calculator", spec) for spec in spellings))
    assert [tool.name for tool in taught_tools(sidecar, model="m")] == ["Calculator"]


def test_live_tools_show_what_may_be_called() -> None:
    with LiveTools([calculator, calendar], today=FRIDAY) as live:
        assert repr(live) == "LiveTools(Calculator, Calendar; today 2023-03-03)"
        live.on = False
        assert repr(live) == "LiveTools(none; today 2023-03-03)"


def test_what_a_model_is_shown_follows_the_tools() -> None:
    asked: list[tuple[str, ...]] = []

    def show(tools: Sequence[Tool], toolbox: Toolbox) -> str:
        asked.append(tuple(each.name for each in tools))
        return f"{', '.join(toolbox)}\n\n"

    with LiveTools([calculator], today=FRIDAY, show=show) as tools:
        request = Request("2 + 2 is")
        assert tools.equip(request).shown == tools.equip(request).shown == "Calculator\n\n"
        assert tools.equip(replace(request, templated=True)).shown == ""
        tools.add(calendar)
        assert tools.equip(request).shown == "Calculator, Calendar\n\n"
        assert asked == [("Calculator",), ("Calculator", "Calendar")]
        tools.on = False
        assert tools.equip(request).shown == ""
    with LiveTools([calculator], today=FRIDAY) as tools:
        assert tools.equip(request).shown == ""
