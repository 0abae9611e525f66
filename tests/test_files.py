"""Files are whole or absent; a directory belongs to one set of settings."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from toolformer import files
from toolformer.errors import RunError
from toolformer.files import (
    claim,
    json_text,
    leftovers,
    lock,
    locked,
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


def test_a_json_file_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b'\xef\xbb\xbf{"a": 1}\n')
    assert read_json(tmp_path / "a.json") == {"a": 1}


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


@pytest.mark.parametrize("name", ["x" * 255, "é" * 127, "東" * 85])
def test_a_file_may_have_a_name_as_long_as_names_get(tmp_path: Path, name: str) -> None:
    write_whole(tmp_path / name, "text")
    assert [each.name for each in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["x" * 256, "a\0", "\ud800", "x/" * 3000 + "a"])
def test_a_name_that_no_file_can_have_is_one_sentence(tmp_path: Path, name: str) -> None:
    with pytest.raises(RunError, match="Cannot write"):
        write_whole(tmp_path / name, "text")


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
    with pytest.raises(RunError, match=r"a\.json' cannot be read \(.*delete"):
        claim(tmp_path / "a.json", {}, what="a run")


@pytest.mark.parametrize("content", ["[1, 2]", "3", "[" * 5000])
def test_settings_of_something_else_are_refused_and_stay(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(RunError, match=r"other settings|cannot be read"):
        claim(tmp_path / "a.json", {"seed": 1}, what="a run")
    assert (tmp_path / "a.json").read_text() == content


def test_a_directory_with_anything_in_it_is_not_claimed(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("my only copy")
    for path in (tmp_path / "a.json", tmp_path / "checkpoint" / "a.json"):
        with pytest.raises(RunError, match=r"neither empty nor a run: it holds 'thesis\.tex'"):
            claim(path, {}, what="a run", folder=tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == ["thesis.tex"]


def test_settings_in_a_pipe_are_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.json")
    with pytest.raises(RunError, match="not a plain file"):
        claim(tmp_path / "a.json", {}, what="a run")


HOLD = """
import sys
from pathlib import Path
from toolformer.files import locked

with locked(Path(sys.argv[1]), is_shared=sys.argv[2] == "shared"):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def holder(folder: Path, *, kind: str = "alone") -> Iterator[subprocess.Popen[bytes]]:
    """Another process that holds the lock of a directory."""
    command = [sys.executable, "-c", HOLD, str(folder), kind]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        try:
            yield process
        finally:
            process.kill()


def test_of_two_processes_on_one_directory_the_second_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "out")
    with holder(tmp_path / "out"):
        for path in (tmp_path / "out", tmp_path / "link", tmp_path / "out" / ".." / "out"):
            with pytest.raises(RunError, match="Another process is writing to"), locked(path):
                pass
    with locked(tmp_path / "out"):  # however the other ended
        pass


def test_a_shared_lock_is_shared_and_keeps_others_out(tmp_path: Path) -> None:
    with holder(tmp_path, kind="shared"):
        with locked(tmp_path, is_shared=True):
            pass
        with pytest.raises(RunError, match="Another process"), locked(tmp_path):
            pass


def test_a_directory_that_is_gone_at_the_end_is_told(tmp_path: Path) -> None:
    def write(*, again: bool) -> None:
        with locked(tmp_path / "out"):
            (tmp_path / "out").rmdir()
            if again:
                (tmp_path / "out").mkdir()

    for again in (False, True):
        with pytest.raises(RunError, match=r"out' was removed or replaced while"):
            write(again=again)


def test_a_directory_that_cannot_be_made_is_one_sentence_with_its_cause(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for path in (tmp_path / "file", tmp_path / "file" / "a", tmp_path / ("x" * 300)):
        with pytest.raises(RunError, match="Cannot write to") as raised, locked(path):
            pass
        assert isinstance(raised.value.__cause__, OSError)
    assert (tmp_path / "file").read_text() == "mine"


def test_where_there_are_no_locks_a_sentence_says_so_and_the_work_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with (tmp_path / "a").open("w") as file:
        os.close(descriptor := os.dup(file.fileno()))
        lock(descriptor, tmp_path / "a")  # a descriptor that the system refuses to lock
        monkeypatch.setattr(files, "fcntl", None)
        lock(file.fileno(), tmp_path / "a")
    told = [record.getMessage() for record in caplog.records]
    assert "a' cannot be locked (Bad file descriptor): start no second process" in told[0]
    assert "a' cannot be locked (this system has no file locks)" in told[1]
