"""Workers on a Ray cluster, and who hands them shards, killed at random: equal bytes in the end.

In a trial a worker, or the driver, or one after the other gets SIGKILL at a random moment. A driver
that was killed is started again by the same command.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.campaigns.campaign import Ended, Trial, fault_of, run_command
from tests.campaigns.kills import difference, whole_tree

TRIALS = 20
FEW = 2  # a cluster is slow to start
NEEDS = ("ray",)
PATIENCE_S = 240

MODEL = """
import os, time
from pathlib import Path
from toolformer.lm.scripted import ScriptedCall, ScriptedLanguageModel

class Slow(ScriptedLanguageModel):
    def read(self, requests, **options):
        Path("workers", str(os.getpid())).touch()
        time.sleep(0.2)
        return super().read(requests, **options)

model = Slow([ScriptedCall("Calculator", after=" =", writes=("3 + 2)", "4 + 2)", "open"))])
"""
COMMAND = (
    *("annotate", "texts.jsonl", "--model", "script.py:model", "--tool", "calculator"),
    *("--threshold", "0.5", "--documents-per-shard", "2"),
)
WORKERS = ("--runner", "ray", "--workers", "2")


def campaign(draw: random.Random, trials: int, folder: Path) -> Iterator[Trial]:
    """Yields a trial for each kill: of a worker, of the driver, of both."""
    from toolformer.annotate.workers.cluster import ADDRESS, connected

    texts = [f"{n} has {a} + 2 = {a + 2} pears" for n in range(20) for a in (3, 4)]
    lines = "".join(json.dumps({"text": each}) + "\n" for each in texts)
    (folder / "texts.jsonl").write_text(lines)
    (folder / "script.py").write_text(MODEL)
    (folder / "workers").mkdir()
    ended = run_command(*COMMAND, "--out", "whole", folder=folder)
    if fault := fault_of(ended, codes=(0,)):
        yield Trial("in one process", " ".join(COMMAND), fault)
        return
    wanted = whole_tree(folder / "whole")
    with connected(cpus=4) as ray:
        environment = os.environ | {ADDRESS: ray.get_runtime_context().gcs_address}
        for number in range(trials):
            kind = ("worker", "driver", "worker, then driver")[number % 3]
            out = f"run-{number}"
            fault, what = killed(kind, folder, out, draw, environment)
            if not fault:
                fault = difference(wanted, whole_tree(folder / out))
            yield Trial(f"{kind} killed", f"{out}: {what}", fault)


def killed(
    kind: str, folder: Path, out: str, draw: random.Random, environment: dict[str, str]
) -> tuple[str, str]:
    """Kills whom the kind names and lets the run end; returns what was wrong, and what was done."""
    process = start(folder, out, environment)
    done = []
    try:
        for whom in kind.split(", then "):
            after_s = draw.uniform(0.1, 1.5)
            done.append(f"{whom} {after_s:.1f} s after it was seen to work")
            victim = seen_working(folder, process)
            if victim is None:
                break
            time.sleep(after_s)
            try:
                os.kill(victim if whom == "worker" else process.pid, signal.SIGKILL)
            except ProcessLookupError:
                done[-1] += ", which it no longer was"
            forget(folder)
            if whom == "driver":
                process.communicate()
                process = start(folder, out, environment)
        began = time.monotonic()
        text, err = process.communicate(timeout=PATIENCE_S)
    except subprocess.TimeoutExpired:
        return f"not ended after {PATIENCE_S} s", "; ".join(done)
    finally:
        process.kill()
        process.communicate()
        forget(folder)
    seconds = time.monotonic() - began
    ended = Ended(process.returncode, text.decode(), err.decode(errors="replace"), seconds)
    return fault_of(ended, codes=(0,)), "; ".join(done)


def seen_working(folder: Path, process: "subprocess.Popen[bytes]") -> int | None:
    """Waits for a worker to read a text, and returns its process; None where the run has ended."""
    while process.poll() is None:
        for each in (folder / "workers").iterdir():
            return int(each.name)
        time.sleep(0.02)
    return None


def forget(folder: Path) -> None:
    for each in (folder / "workers").iterdir():
        each.unlink(missing_ok=True)


def start(folder: Path, out: str, environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "toolformer", *COMMAND, *WORKERS, "--out", out],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
