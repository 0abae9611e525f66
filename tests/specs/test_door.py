"""What a tool, a task or a model is named by, and what is found behind the name."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from toolformer.errors import ConfigError
from toolformer.specs import Door, Spec

DOOR = Door(
    what="thing",
    group="toolformer.things",
    built_in={},
    examples="a name",
    offers=lambda found: isinstance(found, dict),
)


def test_a_spec_is_taken_apart() -> None:
    spec = DOOR.read("a/b.py:make:path=x:y.db,table=t")
    assert (spec.file, spec.name) == ("a/b.py", "make")
    assert spec.options == {"path": "x:y.db", "table": "t"}


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("mcp:command=python a/server.py", {"command": "python a/server.py"}),
        ("mcp:command=server.py:x,only=a", {"command": "server.py:x", "only": "a"}),
        ("mcp:url=http://a.py:80/mcp", {"url": "http://a.py:80/mcp"}),
    ],
)
def test_an_option_may_name_a_python_file(text: str, options: dict[str, str]) -> None:
    spec = DOOR.read(text)
    assert (spec.file, spec.name, dict(spec.options)) == ("", "mcp", options)


def test_a_spec_has_one_spelling_whatever_its_options_were_before() -> None:
    spec = DOOR.read(" Name: a=1 ")
    assert spec.with_options({"b": "2"}).text == "name:b=2"
    assert spec.with_options({}).text == "name"


THINGS = """
ready = {"size": 1}

def sized(size: int) -> dict:
    return {"size": size}
"""


@pytest.mark.parametrize(("named", "size"), [("ready", 1), ("sized:size=3", 3)])
def test_a_thing_is_taken_as_it_is_or_made_of_options(
    tmp_path: Path, named: str, size: int
) -> None:
    (tmp_path / "things.py").write_text(THINGS)
    assert DOOR.make(DOOR.read(f"{tmp_path}/things.py:{named}")) == {"size": size}


def test_options_of_what_takes_none_are_refused(tmp_path: Path) -> None:
    (tmp_path / "things.py").write_text(THINGS)
    with pytest.raises(ConfigError, match="takes no options; it was given size"):
        DOOR.make(DOOR.read(f"{tmp_path}/things.py:ready:size=3"))


ENDS = {
    "exit": "import sys; sys.exit(0)",
    "system exit": "raise SystemExit",
    "generator exit": "raise GeneratorExit('over')",
    "own": "raise type('Stop', (BaseException,), {})('over')",
    "error": "raise OSError(2, 'No such file')",
    "interrupt of its own": "raise type('Stop', (KeyboardInterrupt,), {})('over')",
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
@pytest.mark.parametrize("place", ["file", "factory", "types"])
def test_a_file_that_ends_the_program_is_told_in_a_sentence(
    tmp_path: Path, end: str, place: str
) -> None:
    file = tmp_path / "ends.py"
    file.write_text(
        {
            "file": f"def make(size: int = 3) -> int: ...\n{end}\n",
            "factory": f"def make(size: int = 3) -> int:\n    {end}\n",
            "types": f"def kind():\n    {end}\ndef make(size: 'kind()') -> int: ...\n",
        }[place]
    )
    door = replace(DOOR, group="nobody.things")
    with pytest.raises(ConfigError, match=r"cannot be (imported|made|read): \w+") as error:
        door.make(door.read(f"{file}:make"))
    assert "\n" not in str(error.value)


def test_a_number_is_not_a_day_as_an_option() -> None:
    def make(day: date | None = None) -> date | None:
        return day

    door = Door(what="tool", group="none", built_in={}, examples="", offers=lambda _: False)
    assert door.call(make, Spec("x", "x", "", {"day": "2023-03-03"})) == date(2023, 3, 3)
    for number in ("0", "86400", "-86400"):
        with pytest.raises(ConfigError, match=f"day='{number}': A number is not a day"):
            door.call(make, Spec("x", "x", "", {"day": number}))
