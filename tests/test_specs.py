"""What a tool, a task or a model is named by, and what is found behind the name."""

import os
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated

import pytest

from toolformer import specs as module
from toolformer.errors import ConfigError
from toolformer.specs import Door, Spec, import_file, stamp_files, type_adapter

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


@pytest.mark.parametrize("name", ["facts.db", "a=b, c.db", "of:2023.db"])
def test_the_files_that_specs_name_are_stamped_whatever_their_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(b"four")
    Path("folder").mkdir()
    os.utime(name, ns=(0, 5_000))
    specs = ["calculator", f"database:path={name},table=facts", f"x:in=folder,text={'w' * 999}", ""]
    assert stamp_files(specs) == {name: [4, 5_000]}


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory of two files, ten bytes in all."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "index"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.txt").write_bytes(b"four")
    (folder / "deep" / "b.txt").write_bytes(b"sixsix")
    for path in (folder / "a.txt", folder / "deep" / "b.txt"):
        os.utime(path, ns=(0, 5_000))
    return folder


def stamp() -> list[int]:
    return stamp_files(["search:path=index"])["index"]


def test_a_directory_is_stamped_by_the_number_and_the_bytes_of_its_files(index: Path) -> None:
    number, size, _ = stamp()
    assert (number, size) == (2, 10)
    assert stamp() == stamp()


def test_whatever_changes_in_a_directory_changes_its_stamp(index: Path) -> None:
    stamps = [stamp()]
    (index / "deep" / "b.txt").write_bytes(b"SIXSIX")
    os.utime(index / "deep" / "b.txt", ns=(0, 6_000))
    stamps.append(stamp())
    (index / "a.txt").rename(index / "c.txt")
    stamps.append(stamp())
    (index / "deep" / "d.txt").touch()
    stamps.append(stamp())
    (index / "deep" / "d.txt").unlink()
    (index / "c.txt").unlink()
    stamps.append(stamp())
    assert len({tuple(each) for each in stamps}) == 5


def test_a_directory_without_files_and_one_of_a_specs_own_name_are_not_stamped(
    index: Path,
) -> None:
    (index.parent / "empty").mkdir()
    assert stamp_files(["index", "index:path=empty", "search:path=index/deep/none"]) == {}


def test_no_more_of_a_directory_is_looked_at_than_its_first_files(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MAX_FILES", 1)
    first = stamp()
    assert first[:2] == [1, 4]
    (index / "deep" / "b.txt").unlink()
    assert stamp() == first
    (index / "a.txt").write_bytes(b"fives")
    assert stamp()[:2] == [1, 5]


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


def test_ctrl_c_while_a_file_is_imported_is_ctrl_c(tmp_path: Path) -> None:
    file = tmp_path / "slow.py"
    file.write_text("raise KeyboardInterrupt\n")
    with pytest.raises(KeyboardInterrupt):
        import_file(file)


def test_what_is_annotated_with_a_dict_is_read_too() -> None:
    kind = Annotated[int, {"unit": "km"}]
    assert type_adapter(kind).validate_python("3") == 3
    assert type_adapter(kind).json_schema() == {"type": "integer"}


def test_a_number_is_not_a_day_as_an_option() -> None:
    def make(day: date | None = None) -> date | None:
        return day

    door = Door(what="tool", group="none", built_in={}, examples="", offers=lambda _: False)
    assert door.call(make, Spec("x", "x", "", {"day": "2023-03-03"})) == date(2023, 3, 3)
    for number in ("0", "86400", "-86400"):
        with pytest.raises(ConfigError, match=f"day='{number}': A number is not a day"):
            door.call(make, Spec("x", "x", "", {"day": number}))
