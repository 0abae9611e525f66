"""`toolformer infer` with one prompt: what it prints, where prompts come from, how it ends."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.models import save_model
from toolformer.cli.main import run
from toolformer.sidecar import SCHEMA_VERSION, SIDECAR, Sidecar, SidecarTool, write_sidecar

MODEL = """
from toolformer.sidecar import Sidecar, SidecarTool
from toolformer.lm.scripted import ScriptedLanguageModel
from toolformer.lm.scripted.streams import Continuation

TUNED = Sidecar(tools=(SidecarTool("Calculator", "calculator"),))
AHEAD = Sidecar(tools=(SidecarTool("Wiki", "wiki"), SidecarTool("Calculator", "calculator")))

SCRIPT = (
    Continuation("3 and 4 is", " [Calculator(3 + 4)"),
    Continuation("-> 7]", " 7."),
    Continuation("[Calculator", " barred", weight=0.5),
    Continuation("1 by 0 is", " [Calculator(1 / 0)"),
    Continuation("1 by 0 is", " nothing.", weight=0.5),
    Continuation("Day:", " [Calendar(weekday)"),
    Continuation("Wait", " [forever(1)"),
    Continuation("Wait", " no more.", weight=0.5),
    Continuation("line\\n", "line\\n"),
    Continuation("to each teacher.\\n\\nNine", " [Calculator(3 * 3)"),
    Continuation("-> 9]", " 9.\\n\\nIn 8"),
    Continuation("Nine", " alone."),
)
model = ScriptedLanguageModel(continuations=SCRIPT, sidecar=TUNED)
untaught = ScriptedLanguageModel(continuations=SCRIPT)
ahead = ScriptedLanguageModel(continuations=SCRIPT, sidecar=AHEAD)
short = ScriptedLanguageModel(continuations=SCRIPT, sidecar=TUNED, max_length=8)
"""

FOREVER = 'import time\ndef forever(n: int) -> str:\n    """Waits."""\n    time.sleep(1000)\n'


@pytest.fixture
def where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory with models that follow a script, which is the current one."""
    (tmp_path / "script.py").write_text(MODEL)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def infer(*arguments: str, model: str = "script.py:model") -> int:
    return run(["infer", model, *arguments])


def piped(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


def test_the_answer_is_printed_with_its_calls_and_without_the_prompt(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert infer("3 and 4 is") == 0
    assert capsys.readouterr() == ("[Calculator(3 + 4) -> 7] 7.\n", "")


def test_strip_leaves_calls_and_outputs_out(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert infer("3 and 4 is", "--strip") == 0
    assert capsys.readouterr().out == "7.\n"


def test_json_is_one_object_with_segments_and_events(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert infer("3 and 4 is", "--json") == 0
    row = json.loads(capsys.readouterr().out)
    assert row["prompt"] == "3 and 4 is"
    assert [(each["kind"], each["text"]) for each in row["segments"]] == [
        ("call", " [Calculator(3 + 4)"),
        ("output", " -> 7]"),
        ("text", " 7."),
    ]
    [event] = row["events"]
    assert (event["tool"], event["arguments"], event["output"]) == ("Calculator", "3 + 4", "7")
    assert (row["text"], row["finish"]) == (" 7.", "end")


def test_a_failed_call_is_told_on_stderr_and_is_no_part_of_the_answer(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert infer("1 by 0 is") == 0
    assert capsys.readouterr() == (
        "nothing.\n",
        "[Calculator(1 / 0)] failed: Cannot divide by zero in '1 / 0'.\n",
    )


def test_a_tool_that_never_returns_is_ended_and_the_answer_goes_on(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (where / "tools.py").write_text(FOREVER)
    assert infer("Wait", "--tool", "tools.py:forever", "--tool-timeout", "0.1") == 0
    printed = capsys.readouterr()
    assert printed.out == "no more.\n"
    assert "forever took longer than 0.1 s for one call and was stopped." in printed.err


def test_in_the_repl_a_tool_that_never_returns_is_shown_and_the_answer_goes_on(
    where: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (where / "tools.py").write_text(FOREVER)
    piped(monkeypatch, b"Wait\n")
    assert infer("--repl", "--tool", "tools.py:forever", "--tool-timeout", "0.1") == 0
    assert capsys.readouterr().out == (
        "[forever(1)⟨failed: forever took longer than 0.1 s for one call and was stopped.⟩"
        " no more.\n"
    )


def test_the_day_can_be_named(where: Path, capsys: pytest.CaptureFixture[str]) -> None:
    infer("Day:", "--today", "2023-03-03", "--tool", "calendar")
    assert capsys.readouterr().out == "[Calendar(weekday) -> Friday]\n"


def test_no_tools_means_no_calls(where: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert infer("3 and 4 is", "--no-tools") == 0
    assert capsys.readouterr() == ("[Calculator barred\n", "")


@pytest.mark.parametrize(
    ("flags", "printed"),
    [
        (["--max-calls", "0"], "[Calculator barred\n"),
        (["--max-new-tokens", "4"], "line\nline\n"),
        (["--stop", r"\n"], "line\n"),
    ],
)
def test_settings_reach_the_decoder(
    where: Path, capsys: pytest.CaptureFixture[str], flags: list[str], printed: str
) -> None:
    infer("3 and 4 is" if "--max-calls" in flags else "line\n", *flags)
    assert capsys.readouterr().out == printed


def test_settings_come_from_a_file_too(where: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (where / "infer.yaml").write_text('stop: ["\\n"]\nmax_new_tokens: 2\n')
    infer("line\n", "--config", "infer.yaml", "--max-new-tokens", "9")
    assert capsys.readouterr().out == "line\n"


def test_without_a_sidecar_it_says_what_it_assumes(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert infer("3 and 4 is", model="script.py:untaught") == 0
    assert capsys.readouterr() == (
        "[Calculator(3 + 4) -> 7] 7.\n",
        "script.py:untaught has no toolformer.json: its calls are taken to look like "
        "[Name(arguments) -> output].\nIt can call Calculator, Calendar, Database.\n"
        "It was not taught Calculator, Calendar, Database: it is shown 12 texts with calls first, "
        "and stops at a blank line.\n",
    )


def test_all_of_standard_input_is_one_prompt(
    where: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    piped(monkeypatch, b"Two lines:\n3 and 4 is\n")
    assert infer("--json") == 0
    row = json.loads(capsys.readouterr().out)
    assert (row["prompt"], row["text"]) == ("Two lines:\n3 and 4 is", " 7.")


def test_with_repl_standard_input_is_typed(
    where: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    piped(monkeypatch, b"3 and 4 is\n/calls off\n3 and 4 is\n")
    assert infer("--repl") == 0
    assert capsys.readouterr() == (
        "[Calculator(3 + 4) -> 7] 7.\nCalls are off.\n[Calculator barred\n",
        "",
    )


def test_a_person_is_told_that_a_model_was_not_tuned_on_calls(
    where: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # stdout counts as a terminal
    told = []
    for flags in (["--repl"], ["--repl", "--no-tools"]):
        piped(monkeypatch, b"/quit\n")
        assert infer(*flags) == 0
        told.append("It was not tuned on calls" in capsys.readouterr().out)
    assert told == [True, False]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "Standard input is empty. Give a prompt: toolformer infer nano"),
        (b" \n\n", "Standard input is empty."),
        (b"abc\xff\xfe", "Standard input is not UTF-8 text (byte 4)."),
        (b"a\0b", "Standard input is binary, not text."),
    ],
)
def test_standard_input_that_is_no_prompt_is_one_sentence(
    where: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    data: bytes,
    told: str,
) -> None:
    piped(monkeypatch, data)
    assert infer() == 2
    printed = capsys.readouterr()
    assert (printed.out, printed.err.count("\n")) == ("", 1)
    assert printed.err.startswith(told)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["script.py:ahead", "Hi"], "script.py:ahead was taught to call Wiki, and what its"),
        (["script.py:ahead", "Hi", "--trust-tools"], "taught to call Wiki, and its tool 'wiki'"),
        (["script.py:model", "Hi", "--tool", "calculater"], "Did you mean 'calculator'?"),
        (["script.py:model", "Hi", "--today", "now"], "'now' is not a date; write one such as"),
        (["script.py:model", "Hi", "--temperature", "-1"], "'temperature' cannot be -1"),
        (["script.py:model", "Hi", "--stop", ""], "an empty text would end every answer"),
        (["script.py:short", "Hi " * 9], "cannot be continued: Its 9 tokens leave no room"),
        (["script.py:model", "Hi", "--out", "a.jsonl"], "--out 'a.jsonl' is for the answers to"),
        (["script.py:model", "Hi", "--strip", "--json"], "a JSON object has it as its text"),
        (["script.py:model", "--json", "--repl"], "in a REPL /save FILE writes JSON lines"),
        (["script.py:model", "Hi", "--repl"], "a prompt and --repl do not go together"),
        (["script.py:model", "Hi", "--input", "p"], "a prompt and --input do not go together"),
        (["The capital of France is"], "toolformer infer nano 'The capital of France is'"),
        (["absent/model", "Hi"], "'absent/model'"),
        (["script.py:model", "caf\udce9"], "The prompt is not UTF-8 text."),  # Latin-1 typed
    ],
)
def test_a_mistake_is_one_sentence_with_the_value_and_exit_code_two(
    where: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    assert run(["infer", *arguments]) == 2
    printed = capsys.readouterr()
    assert told in " ".join(printed.err.split())
    assert (printed.out, "Traceback" in printed.err) == ("", False)


def test_a_model_whose_tool_is_not_installed_still_runs_with_others_or_with_none(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert infer("3 and 4 is", "--tool", "calculator", model="script.py:ahead") == 0
    assert infer("3 and 4 is", "--no-tools", model="script.py:ahead") == 0
    assert capsys.readouterr().out == "[Calculator(3 + 4) -> 7] 7.\n[Calculator barred\n"


@pytest.mark.parametrize("spec", ["evil.py:f", "sql:path=a.db", "database:path=a.db"])
def test_a_checkpoint_runs_and_opens_nothing_unless_the_user_says_so(
    where: Path, capsys: pytest.CaptureFixture[str], spec: str
) -> None:
    (where / "evil.py").write_text(
        "from pathlib import Path\nPath('ran').touch()\n"
        'def f(x: str) -> str:\n    """Does."""\n    return x\n'
    )
    (where / "a.db").write_text("not a database")
    save_model(where / "m", "gpt2")
    write_sidecar(where / "m", Sidecar(tools=(SidecarTool("F", spec),)))
    flags = ("--max-new-tokens", "1")
    assert infer("It is", *flags, model="m") == 2
    told = " ".join(capsys.readouterr().err.split())
    assert f"m was taught to call F, and what its files name for that, '{spec}', runs code" in told
    assert "--tool" in told
    assert "--trust-tools" in told
    assert infer("It is", *flags, "--no-tools", model="m") == 0
    assert infer("It is", *flags, "--no-tools", "--trust-tools", model="m") == 0
    assert infer("It is", *flags, "--tool", "calculator", model="m") == 0
    assert not (where / "ran").exists()
    capsys.readouterr()
    is_code = spec.startswith("evil")
    assert infer("It is", *flags, "--trust-tools", model="m") == (0 if is_code else 2)
    assert (where / "ran").exists() is is_code
    assert is_code or "a.db" in capsys.readouterr().err


@pytest.mark.parametrize(
    "name", ["The capital of France is " * 28, "x" * 690, "a/" * 3000, "\udcff x"]
)
def test_a_prompt_in_the_place_of_the_model_is_one_sentence(
    where: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert run(["infer", name]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1


def test_a_newer_sidecar_is_refused(where: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save_model(where / "m", "gpt2")
    (where / "m" / SIDECAR).write_text(json.dumps({"schema_version": SCHEMA_VERSION + 1}))
    assert infer("Hi", model="m") == 2
    assert "upgrade toolformer-engine" in capsys.readouterr().err


def test_in_a_c_locale_a_repl_refuses_what_is_no_text_in_one_sentence(where: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "toolformer", "infer", "script.py:model", "--repl"],
        input=b"line\n\xff\xfe\n",
        capture_output=True,
        env=os.environ
        | {"LC_ALL": "C.UTF-8", "PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONUTF8": "0"},
    )
    told = b"Standard input is no UTF-8 text: a REPL reads a prompt a line.\n"
    assert (done.returncode, done.stderr) == (2, told)


def test_a_pipe_that_is_closed_early_ends_it_quietly(where: Path) -> None:
    command = [sys.executable, "-m", "toolformer", "infer", "script.py:model", "line\n"]
    with subprocess.Popen(
        [*command, "--max-new-tokens", "100000"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"line\n"
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 141


def test_a_model_is_shown_calls_of_the_tools_that_it_was_not_taught(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert infer("Nine", "--tool", "calculator", model="script.py:untaught") == 0
    said = capsys.readouterr()
    assert said.out == "[Calculator(3 * 3) -> 9] 9.\n"
    assert (
        "It was not taught Calculator: it is shown 5 texts with calls first, and stops at a blank "
        "line." in " ".join(said.err.split())
    )
    without = ("--no-demonstrations", "--max-new-tokens", "2")
    assert infer("Nine", "--tool", "calculator", *without, model="script.py:untaught") == 0
    said = capsys.readouterr()
    assert said.out == "alone.\n"
    assert "It was not taught" not in said.err


def test_a_model_that_was_taught_a_tool_is_shown_nothing(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert infer("Nine", "--max-new-tokens", "2") == 0
    said = capsys.readouterr()
    assert (said.out, said.err) == ("alone.\n", "")
    assert infer("Nine", "--tool", "calendar", "--max-new-tokens", "2") == 0
    assert "It was not taught Calendar: it is shown 6 texts" in " ".join(
        capsys.readouterr().err.split()
    )
