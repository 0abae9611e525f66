"""Kills and signals at random moments: the same command continues, and ends with the same bytes.

Each trial starts a command in a process of its own, stops it once or several times, and lets it
end. Hash seed, locale and time zone are drawn anew for every process. Compared is every file that a
run in one go leaves, but for the one that tells how long things took.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tests.campaigns.campaign import Ended, Trial, fault_of

TRIALS = 200
AT_ONCE = 2  # trials side by side
PATIENCE_S = 300
# SIGKILL leaves no time for anything; the others are what people and schedulers send first.
SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# How a process may end that was sent a signal: by it, in its own words, or before it came.
ENDINGS = {0, 130, 143, 129, *(-number for number in set(SIGNALS))}
LOCALES = ("C", "C.UTF-8", "POSIX", "")
ZONES = ("UTC", "Asia/Tokyo", "America/Los_Angeles")

SUMS = "There are {a} + {b} = {sum} balloons in the room, and {c} of them, or {c}/{sum}, are red."
FACTS = (
    "Vilnius is the capital of Lithuania, and {a} people of {b} know it since March {day}, 2021."
)


@dataclass(frozen=True, slots=True)
class Command:
    """A command that can be continued, and the files it is to leave."""

    name: str
    arguments: tuple[str, ...]  # OUT stands for its output
    files: Callable[[Path], Mapping[str, bytes]]
    ends: dict[str, float] = field(default_factory=dict)  # how long a whole run takes: seconds


def campaign(draw: random.Random, trials: int, folder: Path) -> Iterator[Trial]:
    """Yields a trial for each kill, the commands in turn."""
    write_inputs(folder, draw)
    commands = [
        Command("annotate", ("annotate", "texts.jsonl", *RUN, "--out", "OUT"), whole_tree),
        Command("infer", ("infer", "nano", *ANSWERS, "--out", "OUT"), one_file),
        Command("evaluate", ("evaluate", "nano", *EVALUATION, "--out", "OUT"), whole_tree),
        Command("finetune", ("finetune", "annotate-0", *TUNING, "--out", "OUT"), whole_tree),
    ]
    wanted = {}
    for command in commands:
        start = time.monotonic()
        ended = finish(command, folder, f"{command.name}-0", draw)
        if fault := fault_of(ended, codes=(0,)):
            yield Trial(f"{command.name}, in one go", " ".join(command.arguments), fault)
            return
        command.ends["in one go"] = time.monotonic() - start
        wanted[command.name] = command.files(folder / f"{command.name}-0")
    with ThreadPoolExecutor(max_workers=AT_ONCE) as threads:

        def trial(number: int) -> Trial:
            mine = random.Random(f"{seed} {number}")
            command = commands[number % len(commands)]
            return killed(command, folder, f"{command.name}-{number + 1}", wanted, mine)

        seed = draw.random()
        yield from threads.map(trial, range(trials))


RUN = (
    *("--model", "nano", "--tool", "calculator", "--tool", "calendar", "--tool", "database"),
    *("--set", "documents_per_shard=4", "--device", "cpu"),
)
# The day is named: that of the clock follows the zone, which is drawn here.
ANSWERS = (
    *("--input", "prompts.jsonl", "--max-new-tokens", "24", "--streams", "4", "--device", "cpu"),
    *("--today", "2026-11-21"),
)
EVALUATION = (
    *("--task", "arithmetic", "--task", "dates", "--limit", "24", "--streams", "8"),
    *("--max-new-tokens", "16", "--no-base", "--device", "cpu"),
)
TUNING = ("--steps", "12", "--batch-size", "4", "--set", "evaluate_every=3", "--device", "cpu")


def write_inputs(folder: Path, draw: random.Random) -> None:
    texts, prompts = [], []
    for number in range(24):
        a, b, c = (draw.randint(2, 700) for _ in range(3))
        values = {"a": a, "b": b, "c": c, "sum": a + b, "day": number % 28 + 1}
        texts.append({"id": number, "text": (FACTS if number % 4 == 3 else SUMS).format(**values)})
        prompts.append({"prompt": f"The sum of {a} and {b} is"})
    for name, lines in (("texts.jsonl", texts), ("prompts.jsonl", prompts)):
        (folder / name).write_text("".join(json.dumps(each) + "\n" for each in lines))


def killed(
    command: Command,
    folder: Path,
    out: str,
    wanted: Mapping[str, Mapping[str, bytes]],
    draw: random.Random,
) -> Trial:
    """Stops a command one to three times, lets it end, and compares what it leaves."""
    kinds, whole_s = [], command.ends["in one go"]
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        number = draw.choice(SIGNALS)
        after_s = whole_s * draw.uniform(0.2, 1.0)
        kinds.append(f"{signal.Signals(number).name} after {after_s:.1f} s")
        if fault := stopped(command, folder, out, draw, number=number, after_s=after_s):
            return Trial(command.name, f"{out}: {', '.join(kinds)}", fault)
    fault = fault_of(finish(command, folder, out, draw), codes=(0,))
    if not fault:
        fault = difference(wanted[command.name], command.files(folder / out))
    return Trial(command.name, f"{out}: {', '.join(kinds)}", fault)


def stopped(
    command: Command, folder: Path, out: str, draw: random.Random, *, number: int, after_s: float
) -> str:
    """Sends a signal to a command and returns what was wrong with its end."""
    process = start(command, folder, out, draw)
    began = time.monotonic()
    try:
        _, err = process.communicate(timeout=after_s)
    except subprocess.TimeoutExpired:
        process.send_signal(number)
        try:
            _, err = process.communicate(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return f"alive {PATIENCE_S} s after {signal.Signals(number).name}"
    seconds = time.monotonic() - began
    ended = Ended(process.returncode, "", err.decode(errors="replace") or "-", seconds)
    return fault_of(ended, codes=tuple(ENDINGS))


def finish(command: Command, folder: Path, out: str, draw: random.Random) -> Ended:
    process = start(command, folder, out, draw)
    began = time.monotonic()
    code: int | None
    try:
        text, err = process.communicate(timeout=PATIENCE_S)
        code = process.returncode
    except subprocess.TimeoutExpired:
        process.kill()
        text, err = process.communicate()
        code = None
    seconds = time.monotonic() - began
    return Ended(code, text.decode(errors="replace"), err.decode(errors="replace"), seconds)


def start(
    command: Command, folder: Path, out: str, draw: random.Random
) -> "subprocess.Popen[bytes]":
    arguments = [out if each == "OUT" else each for each in command.arguments]
    if command.name == "finetune" and (folder / out).exists():
        arguments.append("--resume")
    varied = {
        "PYTHONHASHSEED": str(draw.randrange(1 << 32)),
        "LC_ALL": draw.choice(LOCALES),
        "TZ": draw.choice(ZONES),
        "OMP_NUM_THREADS": "1",
    }
    return subprocess.Popen(
        [sys.executable, "-m", "toolformer", *arguments],
        cwd=folder,
        env=os.environ | varied,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def whole_tree(out: Path) -> dict[str, bytes]:
    """Returns every file below a directory by its path in it."""
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file() and path.name != "timing.json"
    }


def one_file(out: Path) -> dict[str, bytes]:
    return {"": out.read_bytes()} if out.is_file() else {}


def difference(wanted: Mapping[str, bytes], found: Mapping[str, bytes]) -> str:
    """Returns which files differ, or an empty text."""
    names = [name for name in wanted | found if wanted.get(name) != found.get(name)]
    return f"unequal bytes: {', '.join(sorted(names))}" if names else ""
