"""Keys come from a variable or a file, and are in no message."""

from pathlib import Path

import pytest

from toolformer.errors import ConfigError
from toolformer.serve.keys import is_key, read_keys


def test_keys_come_from_a_variable_or_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", "one")
    (tmp_path / "keys.txt").write_text("one\n\n two \n")
    assert read_keys("MY_KEY") == ("one",)
    assert read_keys(str(tmp_path / "keys.txt")) == ("one", "two")


@pytest.mark.parametrize("source", ["sk-a-key-by-mistake", "", "\0", "/", "/dev/null/x"])
def test_what_names_no_key_is_refused_and_not_repeated(source: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read_keys(source)
    assert "sk-" not in str(refused.value)


def test_a_source_without_a_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "keys.txt").write_text("\n")
    with pytest.raises(ConfigError, match="holds no key"):
        read_keys(str(tmp_path / "keys.txt"))


def test_only_a_whole_key_is_one() -> None:
    keys = ("one", "zwölf")
    assert [is_key(each, keys) for each in ("one", "zwölf", "on", "ones", "")] == [
        True, True, False, False, False,
    ]  # fmt: skip
