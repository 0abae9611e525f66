"""Ctrl-C and a kill end a command soon and in order, whatever hangs."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from toolformer.runs.directory import Run

SOON_S = 5.0
FILES = {
    "model.py": """
import os, time
from pathlib import Path
from toolformer.lm.scripted.model import ScriptedCall, ScriptedLanguageModel

class Slow(ScriptedLanguageModel):
    def read(self, requests):
        wait = float(os.environ.get("READ_S", "0"))
        Path("reading").touch()
        time.sleep(wait)
        return super().read(requests)

names = ("Hang", "Deaf", "Calculator")
model = Slow([
    ScriptedCall(name, after="=", writes=tuple(f"{n})" for n in range(5))) for name in names
])
""",
    "tools.py": """
import signal, time
from pathlib import Path
from toolformer import tool

@tool(name="Hang")
def hang(text: str) -> str:
    "Says nothing for long."
    Path("begun").touch()
    time.sleep(600)
    return "1"

@tool(name="Deaf")
def deaf(text: str) -> str:
    "Heeds no signal."
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    Path("begun").touch()
    while True:
        pass
""",
    "inside.py": """
import time
from pathlib import Path
from model import model
from toolformer import Document
from toolformer.annotate import annotate
from toolformer.tools.decorator import tool

@tool(name="Hang")
def hang(text: str) -> str:
    "Says nothing for long."
    Path("begun").touch()
    time.sleep(600)
    return "1"

annotate(
    [Document(str(n), f"{n} + 2 = {n + 2} apples") for n in range(24)],
    model=model, tools=[hang], out="run", config={"method": "paper"},
)
""",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in FILES.items():
        (tmp_path / name).write_text(content)
    (tmp_path / "corpus.txt").write_text("".join(f"{n} + 2 = {n + 2} apples\n" for n in range(24)))
    return tmp_path


def start(folder: Path, *arguments: str, **environment: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)} | environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def annotating(folder: Path, tool: str, **environment: str) -> "subprocess.Popen[str]":
    command = "-m toolformer annotate corpus.txt --model model.py:model --prompt-style brief"
    return start(folder, *command.split(), "--tool", tool, "--out", "run", **environment)


def wait_for(path: Path, process: "subprocess.Popen[str]") -> None:
    deadline = time.monotonic() + 60
    while not path.exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)


def ended(process: "subprocess.Popen[str]", *signals: signal.Signals) -> tuple[int, float, str]:
    """Sends signals; returns the exit code, how many seconds it took, and what was said."""
    sent = time.monotonic()
    for each in signals:
        process.send_signal(each)
        time.sleep(0.1)
    _, said = process.communicate(timeout=30)
    return process.returncode, time.monotonic() - sent, said


def workers_of(folder: Path) -> list[str]:
    """The processes that still run in a folder."""
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        try:
            if (each / "cwd").resolve() == folder.resolve():
                found.append((each / "cmdline").read_text())
        except OSError:
            continue
    return found


@pytest.mark.parametrize("tool", ["tools.py:hang", "tools.py:deaf"])
@pytest.mark.parametrize(
    ("signals", "code"),
    [
        ([signal.SIGINT], 130),
        ([signal.SIGINT] * 4, 130),
        ([signal.SIGTERM], 143),
        ([signal.SIGTERM, signal.SIGINT], 143),
    ],
)
def test_a_signal_ends_an_annotation_whose_tools_hang(
    folder: Path, tool: str, signals: list[signal.Signals], code: int
) -> None:
    process = annotating(folder, tool)
    wait_for(folder / "begun", process)
    returned, seconds, said = ended(process, *signals)
    assert (returned, seconds < SOON_S) == (code, True), said
    assert "Traceback" not in said
    assert "Stopped." in said
    time.sleep(0.2)
    assert workers_of(folder) == []
    assert Run.open(folder / "run").shards() == {}


def test_a_step_of_the_model_that_takes_long_is_not_waited_for(folder: Path) -> None:
    process = annotating(folder, "calculator", READ_S="60")
    wait_for(folder / "reading", process)
    returned, seconds, said = ended(process, signal.SIGINT)
    assert (returned, seconds < SOON_S) == (130, True), said
    assert "Traceback" not in said


def test_a_signal_while_it_loads_ends_it_without_a_traceback(folder: Path) -> None:
    for wait in (0.4, 0.8, 1.6):
        process = annotating(folder, "tools.py:hang")
        time.sleep(wait)
        returned, seconds, said = ended(process, signal.SIGINT)
        assert (returned in (130, -2), seconds < SOON_S) == (True, True), said
        assert "Traceback" not in said or "toolformer/cli/main.py" not in said


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "waits"),  # one handler for all of them: the moments of each are enough together
    [
        (signal.SIGINT, (0.5, 1.0, 2.0, 4.0, 7.0)),
        (signal.SIGTERM, (0.7, 3.0)),
        (signal.SIGHUP, (1.5, 5.0)),
    ],
)
@pytest.mark.parametrize(
    "command",
    [
        "infer nano --input prompts.jsonl --out answers.jsonl --device cpu",
        "infer nano --repl",
        "evaluate nano --task arithmetic --no-base --out evaluation --device cpu",
        "annotate corpus.txt --device cpu",
        "pretrain pretrain.yaml --out model",
    ],
)
def test_every_command_ends_at_any_moment_with_the_code_of_the_signal(
    folder: Path, command: str, number: signal.Signals, waits: tuple[float, ...]
) -> None:
    (folder / "prompts.jsonl").write_text('{"prompt": "2 + 2 is"}\n' * 500)
    (folder / "corpus.txt").write_text("There are 303 + 453 = 756 balloons in the room.\n" * 1000)
    (folder / "pretrain.yaml").write_text("""
mixture: [{name: texts, weight: 1, corpus: corpus.txt}]
model: {hidden_size: 32, intermediate_size: 64, layers: 1, heads: 2, context: 32}
stages: [{steps: 100000, rows: 4, length: 16}]
""")
    for wait in waits:
        process = start(folder, "-m", "toolformer", *command.split(), OMP_NUM_THREADS="1")
        time.sleep(wait)
        returned, seconds, said = ended(process, number)
        # At the prompt of a REPL Ctrl-C leaves nothing; the end of its input does.
        is_at_prompt = "--repl" in command and number == signal.SIGINT and returned == 0
        assert is_at_prompt or returned == 128 + number, f"after {wait} s: {said}"
        assert seconds < SOON_S
        assert "Traceback" not in said


def test_an_interrupt_in_a_destructor_is_not_lost(folder: Path) -> None:
    (folder / "lost.py").write_text("""
import sys, time
from pathlib import Path
from toolformer.cli import main

class Slow:
    def __del__(self):
        Path("begun").touch()
        time.sleep(0.5)

def waits(arguments):
    Slow()
    time.sleep(60)

main.run = waits
main.main([])
""")
    process = start(folder, "lost.py")
    wait_for(folder / "begun", process)
    returned, seconds, said = ended(process, signal.SIGTERM)
    assert (returned, seconds < 3, said) == (143, True, "")


def test_a_tool_that_hangs_in_the_program_does_not_hold_a_script_up(folder: Path) -> None:
    process = start(folder, "inside.py")
    wait_for(folder / "begun", process)
    returned, seconds, said = ended(process, signal.SIGINT)
    assert seconds < SOON_S
    assert (returned, said.strip().splitlines()[-1]) == (-2, "KeyboardInterrupt")


def test_a_run_that_was_stopped_is_continued(folder: Path) -> None:
    process = annotating(folder, "tools.py:hang")
    wait_for(folder / "begun", process)
    ended(process, signal.SIGINT)
    (folder / "tools.py").write_text(FILES["tools.py"].replace("600", "0").replace("while", "if"))
    returned, _, said = ended(annotating(folder, "tools.py:hang"))
    assert returned == 0, said
    assert Run.open(folder / "run").is_complete
