"""The package with a tool: built, installed, and found by its name."""

import subprocess
import sys
from pathlib import Path

import pytest

PLUGIN = Path(__file__).parents[2] / "examples" / "plugin"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the package, installed from the wheel that its source makes."""
    folder = tmp_path_factory.mktemp("plugin")
    source = folder / "source"
    source.mkdir()
    for path in PLUGIN.rglob("*"):  # a build leaves files beside its source
        if path.suffix in (".py", ".toml"):
            copy = source / path.relative_to(PLUGIN)
            copy.parent.mkdir(exist_ok=True)
            copy.write_bytes(path.read_bytes())
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    offline = ["--no-index", "--no-deps"]
    run(*pip, "wheel", *offline, "--no-build-isolation", "-w", str(folder), str(source))
    [wheel] = folder.glob("*.whl")
    run(*pip, "install", *offline, "--target", str(folder / "site"), str(wheel))
    return folder / "site"


def run(*command: str, path: Path | None = None) -> str:
    environment = None if path is None else {"PYTHONPATH": f"{path}:{Path.cwd()}", "PATH": ""}
    ran = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_it_is_found_by_its_name(installed: Path) -> None:
    toolformer = [sys.executable, "-m", "toolformer", "tools"]
    assert "Roman(number)" in run(*toolformer, path=installed)
    assert run(*toolformer, "roman", "1987", path=installed) == "MCMLXXXVII\n"


def test_nothing_is_missing(installed: Path) -> None:
    checked = run(sys.executable, "-m", "toolformer", "tools", "check", "roman", path=installed)
    assert checked.endswith("Missing\n  nothing\n")
    assert "Louis [Roman(14) -> XIV] XIV." in checked


def test_it_works_beside_the_tools_that_come_with_us(installed: Path) -> None:
    code = (
        "from toolformer import Toolbox, ToolCall\n"
        "with Toolbox(['roman', 'calculator']) as toolbox:\n"
        "    for result in toolbox.execute([ToolCall('Roman', '14'), ToolCall('Roman', '0')]):\n"
        "        print(result.output or result.error)\n"
    )
    assert run(sys.executable, "-c", code, path=installed).splitlines() == [
        "XIV",
        "There is no Roman numeral for 0: from 1 to 3999 there are.",
    ]
