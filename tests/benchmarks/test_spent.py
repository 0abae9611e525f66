"""Time spent is summed over tries, killed ones too."""

import os
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.spent import Spent


def test_tries_add_up_and_time_between_them_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "spent.json"
    for _ in range(2):
        with Spent(path) as each:
            time.sleep(0.2)
            busy = time.process_time() + 0.1
            while time.process_time() < busy:
                pass
        time.sleep(0.3)
    again = Spent(path)
    assert again.clock == each.clock
    assert again.clock >= 0.6
    assert 0.2 <= again.core <= again.clock


def test_a_killed_try_counts_to_its_last_tick(tmp_path: Path) -> None:
    program = """
import os, signal, sys
from pathlib import Path
from benchmarks import spent

spent._EVERY_S = 0.0
with spent.Spent(Path(sys.argv[1])) as each:
    while each.core < 0.3:
        each.tick()
    os.kill(os.getpid(), signal.SIGKILL)
"""
    path = tmp_path / "spent.json"
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
    )
    assert done.returncode == -9
    assert Spent(path).core >= 0.29
