"""Whatever a name leads to, opening it returns and reading it ends."""

import os
from pathlib import Path

import pytest

from toolformer.plain_files import open_plain, read_plain


def test_what_is_not_a_plain_file_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")  # to open it would wait for whoever writes to it
    for each in (tmp_path / "pipe", tmp_path, Path("/dev/zero")):
        with pytest.raises(ValueError, match="not a plain file"):
            open_plain(each)


def test_a_file_is_read_up_to_a_number_of_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"12345")
    assert read_plain(path, most_bytes=5) == b"12345"
    with pytest.raises(ValueError, match="longer than 4 bytes"):
        read_plain(path, most_bytes=4)
