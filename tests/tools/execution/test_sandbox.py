"""A worker process does not outlive the program, and does not run its main module again."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

HOSTILE = Path(__file__).parents[1] / "hostile.py"

PROGRAM = f"""
print("main module runs", flush=True)
from toolformer.calls import ToolCall
from toolformer.tools import Toolbox, load_tool
file = {str(HOSTILE)!r}
toolbox = Toolbox([load_tool(file + ":process"), load_tool(file + ":spins")], timeout_s=60)
[result] = toolbox.execute([ToolCall("process", "x")])
print(result.output, flush=True)
"""


def test_a_program_without_a_main_guard_runs_once_and_leaves_no_process(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(program)], capture_output=True, text=True, timeout=60, check=True
    )
    first, worker = done.stdout.splitlines()
    assert first == "main module runs"
    assert done.stderr == ""
    assert _ends(int(worker))


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_worker_in_the_middle_of_a_call_ends_when_the_program_is_killed(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    busy = 'toolbox.execute([ToolCall("spins", "x")])\n'
    program.write_text(PROGRAM + busy, encoding="utf-8")
    running = subprocess.Popen([sys.executable, str(program)], stdout=subprocess.PIPE, text=True)
    assert running.stdout is not None
    with running.stdout:
        running.stdout.readline()
        idle = int(running.stdout.readline())
        workers = _wait_for_children(running.pid, count=2)
        running.kill()
        running.wait()
    assert idle in workers
    assert all(_ends(worker) for worker in workers)


def _wait_for_children(pid: int, *, count: int) -> set[int]:
    children: set[int] = set()
    for _ in range(100):
        path = Path(f"/proc/{pid}/task")
        children = {
            int(child)
            for task in path.iterdir()
            for child in (task / "children").read_text().split()
        }
        if len(children) == count:
            break
        time.sleep(0.05)
    time.sleep(0.5)  # until the tool spins
    return children


def _ends(pid: int) -> bool:
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False
