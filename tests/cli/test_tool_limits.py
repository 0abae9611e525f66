"""`--tool-workers` and `--tool-timeout`, for all tools and for one."""

import pytest

from toolformer.cli.tool_limits import common_timeout, with_limits
from toolformer.errors import ConfigError, UnknownNameError
from toolformer.tools.registry import load_tools

TOOLS = load_tools("calculator", "calendar")


def test_a_number_is_for_all_and_one_with_a_name_for_one() -> None:
    limited = with_limits(TOOLS, workers=["8", "calendar=2"], timeouts=["CALCULATOR=0.5"])
    assert [tool.at_once for tool in limited] == [8, 2]
    assert [tool.timeout_s for tool in limited] == [0.5, None]
    assert (common_timeout(["calendar=3", "7"]), common_timeout(None)) == (7, 10)


def test_without_options_the_tools_are_as_they_were() -> None:
    assert with_limits(TOOLS, workers=None, timeouts=None) == TOOLS


@pytest.mark.parametrize("text", ["0", "-1", "many", "Calendar=", "1.5", "nan", "2000"])
def test_what_is_not_a_number_of_workers_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="--tool-workers takes a number up to 1000"):
        with_limits(TOOLS, workers=[text], timeouts=None)


def test_a_name_that_no_tool_has_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="Calculator"):
        with_limits(TOOLS, workers=None, timeouts=["Calcultor=3"])
