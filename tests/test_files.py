"""Files are whole or absent; a directory belongs to one set of settings."""

import json
import os
from pathlib import Path

import pytest

from toolformer.errors import RunError
from toolformer.files import (
    claim,
    json_text,
    leftovers,
    open_plain,
    parse_json,
    read_json,
    write_whole,
)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[" * 100_000 + "]" * 100_000, "nested too deeply"),
        ('{"a":' * 5_000, "nested too deeply"),
        ('{"a": NaN}', "NaN is not JSON"),
        ("-Infinity", "-Infinity is not JSON"),
        ("9" * 5_000, "4300"),
        (b"\xff\xfe{", "decode"),
        ("{", "Expecting"),
    ],
)
def test_what_is_not_json_is_a_value_error(text: str | bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_json(text)


def test_the_numbers_that_json_lacks_are_null_where_that_is_wanted() -> None:
    assert parse_json("[NaN, Infinity, -Infinity, 1]", nan_is_null=True) == [None, None, None, 1]


def test_a_json_file_is_bounded_and_a_plain_file(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"a": [1]}', encoding="utf-8")
    assert read_json(path) == {"a": [1]}
    with pytest.raises(ValueError, match="longer than 5 bytes"):
        read_json(path, most_bytes=5)
    with pytest.raises(FileNotFoundError):
        read_json(tmp_path / "b.json")
    os.mkfifo(tmp_path / "pipe")  # to open it would wait for whoever writes to it
    for each in (tmp_path / "pipe", tmp_path, Path("/dev/zero")):
        with pytest.raises(ValueError, match="not a plain file"):
            open_plain(each)


def test_a_file_is_written_whole_with_the_directories_above_it(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b.json"
    write_whole(path, json_text({"τf": 1}))
    assert json.loads(path.read_text(encoding="utf-8")) == {"τf": 1}
    write_whole(path, b"\0")
    assert path.read_bytes() == b"\0"
    assert [each.name for each in path.parent.iterdir()] == ["b.json"]


def test_a_file_that_cannot_be_written_is_one_sentence_with_its_cause(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match=r"Cannot write '.*file/a': .*\. Move it\.$") as raised:
        write_whole(tmp_path / "file" / "a", "text", advice=" Move it.")
    assert isinstance(raised.value.__cause__, OSError)


def test_what_killed_writers_left_is_found_by_the_name_it_was_to_have(tmp_path: Path) -> None:
    left = [tmp_path / "a.json.17.tmp", tmp_path / "a.json.4.tmp", tmp_path / "b.5.tmp"]
    for each in left:
        each.touch()
    found = leftovers(tmp_path)
    assert {name: sorted(paths) for name, paths in found.items()} == {
        "a.json": left[:2],
        "b": left[2:],
    }


def test_a_directory_is_claimed_once_and_again_with_the_same_settings(tmp_path: Path) -> None:
    path = tmp_path / "out" / "settings.json"
    claim(path, {"config": {"seed": 0}}, what="a run")
    claim(path, {"config": {"seed": 0}}, what="a run")
    with pytest.raises(RunError) as raised:
        claim(path, {"config": {"seed": 3}}, what="a run")
    assert str(raised.value) == (
        f"'{path.parent}' holds a run that was made with other settings: config.seed (0, now 3). "
        "Name another directory, or the settings of that one to continue it."
    )


def test_settings_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{")
    with pytest.raises(RunError, match=r"a\.json' cannot be read: delete"):
        claim(tmp_path / "a.json", {}, what="a run")
