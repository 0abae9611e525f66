"""docs/write-a-tool.md does what it says."""

import re
from pathlib import Path

import pytest

from toolformer.cli.main import run

PAGE = Path(__file__).parents[2] / "docs" / "write-a-tool.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with the files the page shows."""
    for language, body in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        name = re.match(r"# (\w+\.py)\n", body)
        if language == "python" and name:
            (tmp_path / name[1]).write_text(body, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_python_block_of_the_page_runs(files: Path) -> None:
    blocks = [
        body for language, body in BLOCK.findall(PAGE.read_text("utf-8")) if language == "python"
    ]
    assert len(blocks) >= 10
    for body in blocks:
        exec(compile(body, str(PAGE), "exec"), {"__name__": "page"})  # noqa: S102  our own page


def test_every_command_of_the_page_prints_what_stands_below_it(
    files: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    shown = "".join(
        body for language, body in BLOCK.findall(PAGE.read_text("utf-8")) if language == "console"
    )
    commands = re.findall(r"^\$ toolformer (.*)\n((?:[^$].*\n)*)", shown, re.MULTILINE)
    assert len(commands) == 4
    for command, expected in commands:
        run(command.split())
        printed = capfd.readouterr()
        assert printed.out + printed.err == expected


def test_the_first_tool_of_the_page_imports_nothing(files: Path) -> None:
    assert "import" not in (files / "my_tools.py").read_text(encoding="utf-8")
