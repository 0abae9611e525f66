"""Files and directories that specs name are known again, and so is what changed in them."""

import os
from pathlib import Path

import pytest

from toolformer.specs import stamps
from toolformer.specs.stamps import stamp_files


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
    monkeypatch.setattr(stamps, "_MAX_FILES", 1)
    first = stamp()
    assert first[:2] == [1, 4]
    (index / "deep" / "b.txt").unlink()
    assert stamp() == first
    (index / "a.txt").write_bytes(b"fives")
    assert stamp()[:2] == [1, 5]
