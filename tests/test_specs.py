"""What a tool, a task or a model is named by, and what is found behind the name."""

import os
from pathlib import Path

import pytest

from toolformer.specs import Door, stamp_files

DOOR = Door(what="thing", group="toolformer.things", built_in={}, examples="a name")


def test_a_spec_is_taken_apart() -> None:
    spec = DOOR.read("a/b.py:make:path=x:y.db,table=t")
    assert (spec.file, spec.name) == ("a/b.py", "make")
    assert spec.options == {"path": "x:y.db", "table": "t"}


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
