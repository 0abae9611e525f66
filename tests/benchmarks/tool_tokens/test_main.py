"""The benchmark of tools as tokens, at the smallest size: every part writes its section."""

from pathlib import Path

import pytest

from benchmarks.tool_tokens.__main__ import PARTS, main
from tests.studies.tool_tokens.given import tiny_base


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_one_command_writes_all_sections_and_measures_nothing_twice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny_base(tmp_path / "model")
    page = tmp_path / "page.md"
    command = ["all", "--model", str(tmp_path / "model"), "--root", str(tmp_path / "work")]
    command += ["--tools", "12", "--held-out", "6", "--tasks", "2", "--memorize-epochs", "1"]
    command += ["--retrieve-epochs", ".2", "--agent-tasks", "4", "--apis", "12", "40"]
    command += ["--rounds", "1", "--write", str(page)]
    main(command)
    written = page.read_text(encoding="utf-8")
    for name in PARTS:
        section = written.partition(f"<!-- tool-tokens-{name} -->")[2]
        section = section.partition(f"<!-- /tool-tokens-{name} -->")[0]
        assert section.count("\n|") > 3, name
    arms = ("atomic", "without stage 1", "without stage 2", "semantic", "numeric", "hierarchical")
    assert all(f"| {arm} |" in written for arm in arms)
    weights = [each.stat().st_mtime_ns for each in tmp_path.rglob("model.safetensors")]
    main(command)
    assert page.read_text(encoding="utf-8") == written
    assert [each.stat().st_mtime_ns for each in tmp_path.rglob("model.safetensors")] == weights
    capsys.readouterr()
