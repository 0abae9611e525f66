"""How the command line ends: one sentence for what a user can put right, a traceback for a bug."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from toolformer import __version__
from toolformer.cli.main import COMMANDS, run

CLI = Path(__file__).parents[2] / "toolformer" / "cli"


@pytest.mark.parametrize("arguments", [[], ["--help"]])
def test_help_names_every_subcommand(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 0
    printed = capsys.readouterr().out
    assert [name for name in COMMANDS if not re.search(rf"\b{name}\b", printed)] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_every_subcommand_has_its_own_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([name, "--help"]) == 0
    assert f"toolformer {name}" in capsys.readouterr().out


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"toolformer {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["annotat"],
            "Unknown command 'annotat'. Did you mean 'annotate'? "
            f"Available: {', '.join(COMMANDS)}.\n",
        ),
        (["--colour"], "No such option: --colour. See 'toolformer --help'.\n"),
        (
            ["show", "/no/such/run"],
            "'/no/such/run' is not a run directory: it has no manifest.json.\n",
        ),
    ],
)
def test_a_misuse_is_one_line_on_stderr_and_exit_code_2(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == sentence


def test_an_unknown_option_of_a_subcommand_names_its_help(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["tools", "--nonsense"]) == 2
    assert capsys.readouterr().err == (
        "No such option: --nonsense. See 'toolformer tools --help'.\n"
    )


def test_the_module_is_the_command() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "toolformer", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout == f"toolformer {__version__}\n"


@pytest.mark.parametrize("arguments", [["tools"], ["tools", "--json"]])  # rich prints, and Python
def test_what_nobody_reads_any_more_ends_quietly(arguments: list[str]) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "toolformer", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.communicate()[1] == b""
        assert process.returncode == 141


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full disk to offer")
def test_a_full_disk_is_one_sentence_and_exit_code_1() -> None:
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "toolformer", "tools", "--json"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert (ended.returncode, ended.stderr) == (
        1,
        "No space left on device. Make room and run it again.\n",
    )
