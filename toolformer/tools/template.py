"""The file that `toolformer tools new` writes: a tool that works, to be changed, and its test."""

from pathlib import Path

from toolformer.errors import ConfigError

_TOOL = '''"""A tool: `toolformer tools {file}:{name} "50, 0.19"`.

A typed function with a docstring is one. What it says here is what a model is told: the first line
what the tool does, a line for each parameter, and examples. In each example a call stands in square
brackets where it helps, in front of what it finds out; its output is filled in by calling it.
"""


def {name}(amount: float, rate: float = 0.2) -> float:
    """Adds the tax to an amount.

    Args:
        amount: What it costs without the tax.
        rate: The tax as a share, 0.2 for 20 %.

    Examples:
        The chair costs 50 euros without tax, [{name}(50)] 60 euros with it.
        At 10 % tax the meal of 40 dollars comes to [{name}(40, 0.1)] 44 dollars.
        With the usual tax a 12 pound ticket is [{name}(12)] 14.4 pounds.
    """
    if amount < 0:
        raise ValueError("An amount is not below zero.")  # the model sees the sentence
    return round(amount * (1 + rate), 2)
'''
_TEST = '''"""Tests of {file}: `python -m pytest {test}`."""

from pathlib import Path

import pytest

from toolformer.calls import ToolCall
from toolformer.tools import Toolbox

SPEC = f"{{Path(__file__).with_name('{file}')}}:{name}"


@pytest.mark.parametrize(
    ("arguments", "output"), [("50", "60"), ("40, 0.1", "44"), ('{{"amount": 12}}', "14.4")]
)
def test_a_call_is_answered(arguments: str, output: str) -> None:
    with Toolbox([SPEC]) as toolbox:
        [result] = toolbox.execute([ToolCall("{name}", arguments)])
    assert (result.output, result.error) == (output, None)


def test_a_call_that_is_refused_says_why() -> None:
    with Toolbox([SPEC]) as toolbox:
        [result] = toolbox.execute([ToolCall("{name}", "-1")])
    assert result.error is not None
    assert "not below zero" in result.error
'''


def write_template(file: Path) -> tuple[Path, str]:
    """Writes a tool and its test, and returns the test's file and the tool's name.

    Raises:
        ConfigError: one of the two is there already, or the file is not named like a module.
    """
    if file.suffix != ".py" or not file.stem.isidentifier():
        raise ConfigError(f"{str(file)!r} cannot be imported: name a file such as my_tool.py.")
    test = file.with_name(f"test_{file.name}")
    for path in (file, test):
        if path.exists():
            raise ConfigError(f"{str(path)!r} exists: choose another name, or delete it.")
    name = "with_tax"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(_TOOL.format(file=file.name, name=name), encoding="utf-8")
    test.write_text(_TEST.format(file=file.name, test=test.name, name=name), encoding="utf-8")
    return test, name
