"""How the command line ends: one sentence for what a user can put right, a traceback for a bug."""

import json
import os
import re
import shlex
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from toolformer import __version__
from toolformer.cli.main import COMMANDS, STUDY, run
from toolformer.cli.studies.group import STUDIES

CLI = Path(__file__).parents[2] / "toolformer" / "cli"
ACTIONS = [
    (study, action)
    for study in STUDIES
    for action in import_module(f"toolformer.cli.studies.{study.replace('-', '_')}").ACTIONS
]


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


def test_the_help_of_study_names_the_studies_alone(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([STUDY], [STUDY, "-h"], ["help", STUDY]):
        assert run(arguments) == 0
        printed = capsys.readouterr().out
        assert [name for name in STUDIES if not re.search(rf"^  {name}\b", printed, re.M)] == []


@pytest.mark.parametrize("study", STUDIES)
def test_the_help_of_a_study_names_its_actions_and_cuts_nothing(
    study: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    printed = ""
    for arguments in ([STUDY, study], [STUDY, study, "--help"]):
        assert run(arguments) == 0
        printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= 80
    assert "..." not in printed.partition("Commands:")[2]
    actions = [action for of, action in ACTIONS if of == study]
    assert [name for name in actions if not re.search(rf"^  {name}\b", printed, re.M)] == []


@pytest.mark.parametrize(("study", "action"), ACTIONS)
def test_every_action_of_a_study_has_its_own_help_and_can_be_quiet_or_verbose(
    study: str, action: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert run([STUDY, study, action, "-h"]) == 0
    printed = capsys.readouterr().out
    assert f"toolformer study {study} {action}" in printed
    assert "-q, --quiet" in printed
    assert "-v, --verbose" in printed
    assert max(map(len, printed.splitlines())) <= 80
    assert "Undefined" not in printed


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
        (
            [STUDY, "in-tol", "people"],
            f"Unknown study 'in-tol'. Did you mean 'in-tool'? Available: {', '.join(STUDIES)}.\n",
        ),
        (
            [STUDY, "in-tool", "peopel"],
            "No such command 'peopel'. Did you mean 'people'? See 'toolformer study in-tool "
            "--help'.\n",
        ),
        (
            [STUDY, "in-tool", "people", "-q", "-v", "--out", "x"],
            "--quiet and --verbose do not go together: give one of them.\n",
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


FULL = pytest.mark.skipif(
    not Path("/dev/full").exists(), reason="this system has no full disk to offer"
)


def run_in_shell(line: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs a line in which `toolformer` is the command, as a shell would."""
    line = line.replace("toolformer", f"{shlex.quote(sys.executable)} -m toolformer", 1)
    return subprocess.run(
        ["bash", "-c", line], capture_output=True, text=True, env=os.environ | environment
    )


@FULL
@pytest.mark.parametrize("arguments", ["tools", "tools --json", "--help", "--show-completion bash"])
def test_an_answer_that_cannot_be_written_is_one_sentence_and_exit_code_1(arguments: str) -> None:
    ended = run_in_shell(f"toolformer {arguments} >/dev/full")
    assert (ended.returncode, ended.stderr) == (
        1,
        "Cannot write to standard output: No space left on device.\n",
    )


@FULL
@pytest.mark.slow
def test_what_is_said_beside_an_answer_may_be_lost() -> None:
    ended = run_in_shell("toolformer infer nano 'The sum' --max-new-tokens 1 -v 2>/dev/full")
    assert ended.returncode == 0
    assert ended.stdout


@FULL
def test_an_error_that_cannot_be_told_keeps_its_exit_code() -> None:
    assert run_in_shell("toolformer show /no/such/run 2>/dev/full").returncode == 2


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("toolformer tools >&-", 0),
        ("toolformer tools 2>&-", 0),
        ("toolformer tools --json <&- >&- 2>&-", 0),
        ("toolformer show /no/such/run 2>&-", 2),
        ("toolformer infer nano <&-", 2),
    ],
)
def test_a_stream_that_is_closed_is_one_that_nobody_reads(line: str, code: int) -> None:
    ended = run_in_shell(line)
    assert ended.returncode == code
    assert "Error" not in ended.stderr


def test_no_file_gets_the_number_of_a_stream_that_is_closed(tmp_path: Path) -> None:
    # What prints past Python would write into a file that had it.
    code = (
        "import os; from toolformer.cli.display.gate import fill_closed_streams as fill; fill(); "
        f"kept = open({str(tmp_path / 'kept')!r}, 'w'); os.write(1, b'stray'); "
        "os._exit(kept.fileno())"
    )
    line = f"{shlex.quote(sys.executable)} -c {shlex.quote(code)} <&- >&- 2>&-"
    assert subprocess.run(["bash", "-c", line]).returncode == 3
    assert (tmp_path / "kept").read_text() == ""


@pytest.mark.parametrize(
    ("arguments", "encoding"),
    [("tools calculator", "ascii"), ("finetune --help", "cp1252"), ("tools", "koi8-r")],
)
def test_no_encoding_fails(arguments: str, encoding: str) -> None:
    ended = run_in_shell(f"toolformer {arguments} | cat -v", PYTHONIOENCODING=encoding)
    assert ended.stderr == ""
    assert ended.stdout.isascii()


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_json_is_exact_in_every_encoding(encoding: str) -> None:
    arguments = "é \u009b2J \u202e 1 + 1"
    ended = run_in_shell(
        f"toolformer tools calculator {shlex.quote(arguments)} --json", PYTHONIOENCODING=encoding
    )
    assert json.loads(ended.stdout)["arguments"] == arguments
    assert not set(ended.stdout) & {"\u009b", "\u202e"}


STEERING = "\x1b[2J \x9b2J \x1b]0;title\x07 \b\b \rno \u202e [/red]"


@pytest.mark.parametrize(
    "arguments",
    [
        [STEERING],
        ["show", STEERING],
        ["tools", STEERING],
        ["tools", "calculator", STEERING],
        ["annotate", STEERING],
        ["annotate", "--model", STEERING],
        ["annotate", "--set", f"{STEERING}=1"],
        ["annotate", "--config", STEERING],
        ["infer", STEERING],
        ["infer", "nano", "--input", STEERING],
        ["finetune", STEERING, "--out", "x"],
        ["evaluate", "nano", "--task", STEERING],
        ["evaluate", "--show", "wrong", "--out", STEERING],
        ["evaluate", "nano", "--task", "dates", "--column", f"{STEERING}=nowhere"],
        ["pretrain", STEERING, "--out", "x"],
        ["show", "run", f"--{STEERING}"],
        ["show", "run", "--limit", STEERING],
        ["study", STEERING],
        ["study", "in-tool", STEERING],
        ["study", "in-tool", "report", STEERING],
        ["study", "in-tool", "sweep", STEERING, "--out", "x"],
    ],
)
def test_an_argument_that_is_said_again_steers_no_terminal(
    arguments: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(arguments) in (1, 2)
    printed = "".join(capsys.readouterr())
    assert printed.strip()
    assert set(STEERING) & set(printed) <= set(" [2J]0;titleno/rd")


@pytest.mark.parametrize("name", COMMANDS)
def test_help_fits_80_columns_and_nothing_of_it_is_cut(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert run([name, "--help"]) == 0
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= 80
    assert "…" not in printed


def test_help_may_be_asked_for_in_every_way(capsys: pytest.CaptureFixture[str]) -> None:
    shown = set()
    for arguments in (["show", "--help"], ["show", "-h"], ["help", "show"]):
        assert run(arguments) == 0
        shown.add(capsys.readouterr().out)
    assert len(shown) == 1
    assert run(["-h"]) == run(["help"]) == 0
    once, again = capsys.readouterr().out.split("Usage")[1:]
    assert once.strip() == again.strip()


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != STUDY])
def test_every_command_can_be_quiet_or_verbose(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([name, "-h"]) == 0
    printed = capsys.readouterr().out
    assert "-q, --quiet" in printed
    assert "-v, --verbose" in printed


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("toolformer inf", ["infer"]),
        ("toolformer infer --no-t", ["--no-tools"]),
        ("toolformer tools calculator --js", ["--json"]),
        ("toolformer study in-t", ["in-tool"]),
        ("toolformer study in-tool fo", ["forget"]),
        ("toolformer study in-tool people --nu", ["--num"]),
    ],
)
def test_a_shell_completes_commands_and_options(words: str, offered: list[str]) -> None:
    ended = run_in_shell(
        "toolformer",
        _TOOLFORMER_COMPLETE="complete_bash",
        COMP_WORDS=words,
        COMP_CWORD=str(len(words.split()) - 1),
    )
    assert ended.stdout.split() == offered
