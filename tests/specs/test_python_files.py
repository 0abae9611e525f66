"""A Python file is imported, whatever its code does."""

from pathlib import Path

import pytest

from toolformer.specs.python_files import import_file


def test_ctrl_c_while_a_file_is_imported_is_ctrl_c(tmp_path: Path) -> None:
    file = tmp_path / "slow.py"
    file.write_text("raise KeyboardInterrupt\n")
    with pytest.raises(KeyboardInterrupt):
        import_file(file)
