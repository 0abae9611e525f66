"""Tools are found by name, among entry points and in files."""

import os
import sys
import tomllib
from pathlib import Path

import pytest

from toolformer.calls import ToolCall
from toolformer.errors import ConfigError, ToolformerError, UnknownNameError
from toolformer.tools.builtin.calculator import calculator
from toolformer.tools.registry import DOOR, available, default_tools, load_tool, load_tools
from toolformer.tools.toolbox import Toolbox

ROOT = Path(__file__).parents[2]

MY_TOOLS = '''
from functools import partial
from pathlib import Path
from toolformer.tools import Tool, tool

limit = 3

def shout(text: str) -> str:
    """Says it loudly."""
    return text.upper()

@tool(name="Twice")
def twice(number: int) -> int:
    """Doubles."""
    return 2 * number

def scaled(factor: float, path: Path = Path(".")) -> Tool:
    def scale(number: float) -> float:
        """Scales."""
        return factor * number
    return tool(scale, name="Scale")

def liar() -> Tool:
    return 3

def untyped(x): return x
async def later(x: str) -> str: return x + " later"
def many(*words: str) -> str: return ""
def unknown_type(x: "Nowhere") -> str: return ""

def family(factor: float = 1) -> list[Tool]:
    """Makes tools that belong together."""
    return [tool(shout), twice, scaled(factor)]

def strange() -> list[Tool]: return [3]

class Loud:
    def __call__(self, text: str) -> str:
        """Says it loudly."""
        return text.upper()
    def softly(self, text: str) -> str: return text.lower()

loud = Loud()
softly = loud.softly
fixed = partial(scaled, factor=3)
always = partial(shout, "a")
both = [twice, tool(shout)]
'''


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "my_tools.py"
    path.write_text(MY_TOOLS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return path


@pytest.fixture
def distribution(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    """Another distribution that brings the tools `Shout`, `twice` and one that is broken."""
    info = tmp_path / "another-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: another\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[toolformer.tools]\nShout = my_tools:shout\ntwice = my_tools:twice\n"
        "scaled = my_tools:scaled\nbroken = my_tools:nothing\ncalculator = my_tools:shout\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))


def test_the_built_in_tools_come_in_by_the_entry_points_of_the_package() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert declared["project"]["entry-points"][DOOR.group] == DOOR.built_in


def test_the_built_in_tools_are_available_by_name() -> None:
    need_options = {"http", "mcp", "qa", "search", "translate"}
    assert {"calculator", "calendar", "database", "sql"} | need_options <= set(available())
    names = {load_tool(name).name for name in DOOR.built_in.keys() - need_options}
    assert names == {"Calculator", "Calendar", "Database", "SQL"}
    with pytest.raises(ConfigError, match=r"search:index=DIR, after toolformer index CORPUS"):
        load_tool("search")


def test_the_default_tools_are_three() -> None:
    assert [tool.name for tool in default_tools()] == ["Calculator", "Calendar", "Database"]


def test_a_built_in_tool_runs_in_this_process_and_knows_its_spec() -> None:
    loaded = load_tool("Calculator")
    assert (loaded.spec, loaded.options, loaded.isolated) == ("calculator", {}, False)
    assert loaded.run is calculator.run


def test_options_go_to_the_tool_and_stay_known(tmp_path: Path) -> None:
    spec = f"database:path={ROOT / 'toolformer/assets/facts.db'},table=facts"
    loaded = load_tool(spec)
    assert loaded.spec == spec
    assert loaded.options["table"] == "facts"
    assert loaded.execute("France, capital") == "Paris"


@pytest.mark.parametrize(
    ("spec", "name", "arguments", "output"),
    [
        ("my_tools.py:shout", "shout", "a, b", "A, B"),
        ("my_tools.py:twice", "Twice", "21", "42"),
        ("my_tools.py:scaled:factor=2.5", "Scale", "4", "10"),
        ("./my_tools.py:scaled:factor=2.5,path=a,b", "Scale", "4", "10"),
    ],
)
def test_a_tool_is_taken_from_a_file_and_isolated(
    file: Path, spec: str, name: str, arguments: str, output: str
) -> None:
    loaded = load_tool(spec)
    assert (loaded.name, loaded.spec, loaded.isolated) == (name, spec, True)
    assert loaded.execute(arguments) == output


@pytest.mark.parametrize(
    ("spec", "kind", "message"),
    [
        ("calculater", UnknownNameError, "Unknown tool 'calculater'. Did you mean 'calculator'?"),
        ("my_tools.py:shot", UnknownNameError, "Unknown tool in my_tools.py 'shot'. Did you mean "
         "'shout'? Available: shout, twice, scaled, liar, untyped, later, many, unknown_type, "
         "family, strange, Loud, loud, softly."),
        ("my_tools.py", ConfigError, "Cannot read the tool 'my_tools.py': write a name such as"),
        ("", ConfigError, "Cannot read the tool ''"),
        ("none.py:x", ConfigError, "There is no file 'none.py' to take a tool from."),
        ("my_tools.py:limit", ConfigError, "'my_tools.py:limit' names 3, which is neither"),
        ("my_tools.py:shout:a=1", ConfigError, "The tool 'my_tools.py:shout:a=1' takes no option"),
        ("my_tools.py:scaled", ConfigError, "The tool 'my_tools.py:scaled' needs the option fact"),
        ("my_tools.py:scaled:factr=1", ConfigError, "Unknown option in 'my_tools.py:scaled:fact"
         "r=1': 'factr'. Did you mean 'factor'?"),
        ("my_tools.py:scaled:factor=much", ConfigError, "The tool 'my_tools.py:scaled:factor=much' "
         "has factor='much': Input should be a valid number"),
        ("my_tools.py:scaled:much", ConfigError, "The tool 'my_tools.py:scaled:much' has the "
         "option 'much'; write name=value."),
        ("my_tools.py:scaled:factor=1,factor=2", ConfigError, "The tool 'my_tools.py:scaled:fact"
         "or=1,factor=2' gives the option 'factor' twice."),
        ("my_tools.py:liar", ConfigError, "'my_tools.py:liar' should return a Tool, not 3."),
        ("my_tools.py:untyped", ConfigError, "Parameter 'x' of the tool untyped has no type; write "
         "for instance `x: str`."),
        ("my_tools.py:strange", ConfigError, "'my_tools.py:strange' should return a list of Tools"),
        ("my_tools.py:Loud", ConfigError, "'my_tools.py:Loud' names <class"),
        ("my_tools.py:both:a=1", ConfigError, "The tool 'my_tools.py:both:a=1' takes no options"),
        ("my_tools.py:family", ConfigError, "'my_tools.py:family' names several tools: shout, "
         "Twice, Scale. Choose one: my_tools.py:family:only=shout"),
        ("my_tools.py:family:only=shout|Twise", UnknownNameError, "Unknown tool of my_tools.py:fam"
         "ily 'Twise'. Did you mean 'Twice'?"),
        ("calculator:only=calender", UnknownNameError, "Unknown tool of calculator 'calender'."),
        ("my_tools.py:many", ConfigError, "The tool many takes `*words: str`"),
        ("my_tools.py:unknown_type", ConfigError, "The types of the tool unknown_type cannot be "
         "read: NameError: name 'Nowhere' is not defined."),
        ("database:path=none.db", ConfigError, "There is no database 'none.db'"),
    ],
)  # fmt: skip
def test_what_names_no_tool_is_one_sentence(
    file: Path, spec: str, kind: type[ToolformerError], message: str
) -> None:
    with pytest.raises(kind) as error:
        load_tool(spec)
    assert str(error.value).startswith(message)


@pytest.mark.parametrize(
    ("spec", "name", "arguments", "output"),
    [
        ("my_tools.py:later", "later", "See you", "See you later"),
        ("my_tools.py:loud", "Loud", "a", "A"),
        ("my_tools.py:softly", "softly", "A", "a"),
        ("my_tools.py:always", "shout", "", "A"),
        ("my_tools.py:fixed", "Scale", "4", "12"),
        ("my_tools.py:fixed:factor=2", "Scale", "4", "8"),
    ],
)
def test_whatever_can_be_called_is_a_tool_in_this_process_and_in_a_worker(
    file: Path, spec: str, name: str, arguments: str, output: str
) -> None:
    loaded = load_tool(spec)
    assert (loaded.name, loaded.execute(arguments)) == (name, output)
    with Toolbox([loaded]) as toolbox:
        [result] = toolbox.execute([ToolCall(name, arguments)])
    assert result.output == output


def test_a_spec_may_bring_several_tools_each_with_a_spec_of_its_own(file: Path) -> None:
    tools = load_tools("my_tools.py:family:factor=2.5")
    assert [each.name for each in tools] == ["shout", "Twice", "Scale"]
    assert tools[2].spec == "my_tools.py:family:factor=2.5,only=Scale"
    assert tools[2].options == {"factor": "2.5", "only": "Scale"}
    again = load_tool(tools[2].spec)
    assert (again.name, again.spec, again.execute("4")) == ("Scale", tools[2].spec, "10")
    assert [each.spec for each in load_tools("my_tools.py:both")] == [
        "my_tools.py:both:only=Twice",
        "my_tools.py:both:only=shout",
    ]


def test_a_spec_of_several_tools_can_be_narrowed_in_any_case(file: Path) -> None:
    tools = load_tools("my_tools.py:family:only=scale|SHOUT")
    assert [each.name for each in tools] == ["shout", "Scale"]
    assert load_tool("calculator:only=Calculator").spec == "calculator"


def test_one_tool_is_several_of_one(file: Path) -> None:
    assert [each.spec for each in load_tools("my_tools.py:twice")] == ["my_tools.py:twice"]


def test_a_file_that_cannot_be_imported_is_one_sentence(file: Path) -> None:
    file.with_name("bad.py").write_text("import nowhere_at_all", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"bad\.py' cannot be imported: ModuleNotFoundError: No "):
        load_tool("bad.py:x")
    file.with_name("worse.py").write_text("def x(:", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"worse\.py' cannot be imported: SyntaxError"):
        load_tool("worse.py:x")


def test_a_file_that_was_changed_is_read_again(file: Path) -> None:
    assert load_tool(f"{file}:shout").signature == "shout(text)"
    file.write_text('def shout(words: str) -> str:\n    """Says it loudly."""\n')
    os.utime(file, ns=(0, 0))  # at another time, however fast this test is
    assert load_tool(f"{file}:shout").signature == "shout(words)"


def test_a_file_does_not_stand_in_for_a_module_of_its_name(file: Path) -> None:
    file.rename(file.with_name("json.py"))
    import json

    assert load_tool("json.py:shout").execute("a") == "A"
    assert sys.modules["json"] is json


def test_a_tool_of_another_distribution_is_found_in_any_case_and_isolated(
    distribution: None,
) -> None:
    assert {"calculator", "shout", "twice", "scaled"} <= set(available())
    shout = load_tool("sHOUT")
    assert (shout.name, shout.isolated, shout.execute("a")) == ("shout", True, "A")
    assert load_tool("twice").execute("4") == "8"
    assert load_tool("scaled:factor=3").execute("4") == "12"


def test_another_distribution_cannot_replace_a_built_in_tool(distribution: None) -> None:
    assert load_tool("calculator").run is calculator.run


def test_a_broken_entry_point_is_one_sentence(distribution: None) -> None:
    with pytest.raises(
        ConfigError, match=r"The tool 'broken' \(my_tools:nothing\) cannot be impor"
    ):
        load_tool("broken")
