"""`toolformer infer nano` at a terminal: a person types, stops an answer, and leaves."""

import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest


class Terminal:
    """A program at a pseudo-terminal: what it shows, and keys for it."""

    def __init__(self, process: subprocess.Popen[bytes], descriptor: int) -> None:
        self.process, self._descriptor, self.shown = process, descriptor, ""

    def press(self, keys: str) -> None:
        os.write(self._descriptor, keys.encode())

    def wait_for(self, pattern: str, *, pressing: str = "", seconds: float = 120) -> None:
        """Reads until a pattern is shown that was not waited for yet, pressing keys meanwhile."""
        deadline = time.monotonic() + seconds
        self.press(pressing)
        while not (found := re.search(pattern, self.shown)):
            assert time.monotonic() < deadline, (pattern, self.shown)
            if select.select([self._descriptor], [], [], 1)[0]:
                self.shown += _plain(os.read(self._descriptor, 1 << 16))
            else:
                self.press(pressing)
        self.shown = self.shown[found.end() :]


def _plain(data: bytes) -> str:
    """Leaves out what moves the cursor and paints."""
    return re.sub(r"\x1b(\[[0-9;?]*[A-Za-z]|[=>])", "", data.decode(errors="replace"))


@contextmanager
def at_terminal(
    *command: str, env: dict[str, str], stdout: IO[bytes] | None = None
) -> Iterator[Terminal]:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "toolformer", *command],
        stdin=theirs,
        stdout=stdout or theirs,
        stderr=theirs,
        env=os.environ | {"TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1"} | env,
        start_new_session=True,
        preexec_fn=_take_terminal,
    )
    os.close(theirs)
    try:
        yield Terminal(process, ours)
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def _take_terminal() -> None:
    """Makes the terminal the program's own, so that Ctrl-C reaches it."""
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


MODEL = """
import time
from toolformer.sidecar import Sidecar
from toolformer.lm.scripted import ScriptedLanguageModel
from toolformer.lm.scripted.streams import Continuation, ScriptedStreams

class SlowStreams(ScriptedStreams):
    def step(self, asks):
        time.sleep(0.02)
        return super().step(asks)

class Model(ScriptedLanguageModel):
    def streams(self):
        return SlowStreams([Continuation("", " and on")])

model = Model(sidecar=Sidecar())
"""


def walk(model: str, env: dict[str, str]) -> None:
    """Types a prompt, stops its answer, changes a setting, asks again, leaves."""
    with at_terminal("infer", model, "--max-new-tokens", "900", "--no-tools", env=env) as terminal:
        terminal.wait_for("toolformer .*: loading ")
        terminal.wait_for("It calls no tools. Each prompt stands alone")
        terminal.wait_for("\n> ?")
        terminal.press("The capital of France is\r")
        terminal.wait_for(r"The capital of France is\s+\w+ \w+")  # the answer began
        terminal.press("\x03")
        terminal.wait_for(r"\(stopped\)")
        terminal.wait_for("\n> ?")
        terminal.press("/set max-new-tokens 3\r")
        terminal.wait_for("max-new-tokens is 3")
        terminal.wait_for("\n> ?")
        # Python's `input` sleeps through a Ctrl-C that comes just when it has shown its prompt.
        terminal.wait_for("/quit or Ctrl-D leaves", pressing="\x03")
        terminal.wait_for("\n> ?")
        terminal.press("Once more\r")
        terminal.wait_for(r"\(/more continues\)")
        terminal.wait_for("\n> ?")
        terminal.press("\x04")
        assert terminal.process.wait(timeout=30) == 0


@pytest.mark.slow
def test_a_person_walks_through_the_repl_with_nano_and_a_line_editor(tmp_path: Path) -> None:
    pytest.importorskip("prompt_toolkit")
    walk("nano", {"XDG_STATE_HOME": str(tmp_path)})
    history = (tmp_path / "toolformer" / "infer_history").read_text()
    assert "+The capital of France is\n" in history


def test_the_same_walk_works_without_the_line_editor(tmp_path: Path) -> None:
    (tmp_path / "prompt_toolkit.py").write_text("raise ImportError")  # as if it were not installed
    (tmp_path / "script.py").write_text(MODEL)
    root = Path(__file__).parents[2]
    walk(f"{tmp_path}/script.py:model", {"PYTHONPATH": f"{tmp_path}{os.pathsep}{root}"})


def test_answers_that_go_to_a_file_are_all_that_goes_there(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(MODEL)
    command = ("infer", f"{tmp_path}/script.py:model", "--max-new-tokens", "4", "--no-tools")
    with (
        (tmp_path / "out.txt").open("wb") as out,
        at_terminal(*command, env={}, stdout=out) as terminal,
    ):
        terminal.wait_for("\n> ")
        terminal.press("On\n\x04")
        assert terminal.process.wait(timeout=30) == 0
    assert (tmp_path / "out.txt").read_text() == "and on and on\n"
