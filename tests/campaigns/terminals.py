"""Names, texts and arguments that would steer a terminal; streams that are closed, full or odd."""

import json
import os
import random
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tests.campaigns.campaign import Ended, Trial, fault_of, run_here
from toolformer.cli.display.gate import clean

TRIALS = 120

_STEERING = (
    "\x1b[2J", "\x9b2J", "\x1b]0;title\x07", "\x1b]8;;http://x\x1b\\", "\r", "\b\b", "\x7f",
    "\u202e", "\u2066", "\u200f", "[/red]", "[bold]", "[/]", ":smile:", "{x}", "%s", "\x85", "\x00"
)  # fmt: skip
_STREAMS = (
    ">&-",
    "2>&-",
    "<&-",
    "<&- >&- 2>&-",
    ">/dev/full",
    "2>/dev/full",
    ">/dev/full 2>&1",
    "",
)
_COLUMNS = ("", "0", "1", "20", "-5", "²", "9" * 30)
_ENCODINGS = ("ascii", "cp1252", "koi8-r", "utf-8", "utf-16")


def campaign(draw: random.Random, trials: int, folder: Path) -> Iterator[Trial]:
    """Four of five in this process with hostile names, the fifth in a shell with odd streams."""
    run = folder / "run"
    corpus = folder / "corpus.jsonl"
    texts = [f"{each} There are 303 + 453 = 756 {each} balloons." for each in _STEERING]
    corpus.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    run_here("annotate", str(corpus), "--tool", "calculator", "--out", str(run))
    for number in range(trials):
        if number % 5 == 4:
            yield _with_streams(draw, run)
        else:
            yield _with_names(draw, run)


def _hostile(draw: random.Random) -> str:
    return "".join(draw.choices([*_STEERING, "a", " "], k=draw.randint(1, 5)))


def _commands(draw: random.Random, run: Path) -> list[str]:
    name = _hostile(draw)
    return draw.choice(
        [
            [name],
            ["annotate", name, "--out", str(run.parent / "no")],
            ["annotate", "--set", f"{name}=1", "--out", str(run.parent / "no")],
            ["annotate", "--tool", name],
            ["show", name],
            ["show", str(run), "--tool", name],
            ["show", str(run)],
            ["show", str(run), "--json"],
            ["show", str(run), "--verdict", "low_gain"],
            ["finetune", name, "--out", str(run.parent / "no")],
            ["infer", "nano", name, "--max-new-tokens", "2", "--json"],
            ["infer", name, "It is"],
            ["infer", "nano", "--input", name],
            ["evaluate", "nano", "--task", name],
            ["evaluate", "nano", "--task", "dates", "--column", f"{name}={name}", "--no-base"],
            ["evaluate", "--show", "wrong", "--out", name],
            ["tools", name],
            ["tools", "calculator", name],
            ["tools", "calculator", name, "--json"],
            ["pretrain", name, "--out", str(run.parent / "no")],
            ["help", name],
            [draw.choice(["show", "tools", "infer"]), f"--{name}"],
        ]
    )


def _with_names(draw: random.Random, run: Path) -> Trial:
    arguments = _commands(draw, run)
    ended = run_here(*arguments)
    # With --json the answer itself says what failed.
    told = replace(ended, stderr=ended.stderr + ended.stdout)
    return Trial(
        "a hostile name or text", repr(arguments), fault_of(told) or _raw(ended, arguments)
    )


def _raw(ended: Ended, arguments: list[str]) -> str:
    for name, text in (("stdout", ended.stdout), ("stderr", ended.stderr)):
        if clean(text) != text:
            return f"raw on {name}: {text!r}"
    if "--json" in arguments and ended.code == 0:
        try:
            for line in ended.stdout.splitlines():
                json.loads(line)
        except ValueError:
            return f"no JSON: {ended.stdout!r}"
    return ""


def _with_streams(draw: random.Random, run: Path) -> Trial:
    streams, encoding = draw.choice(_STREAMS), draw.choice(_ENCODINGS)
    columns = draw.choice(_COLUMNS)
    command = draw.choice(
        ["tools", "tools --json", f"show {run} --table", "--help", "show /no", "-x"]
    )
    program = f"{shlex.quote(sys.executable)} -m toolformer"
    ended = subprocess.run(
        ["bash", "-c", f"{program} {command} {streams}"],
        capture_output=True,
        env=os.environ | {"PYTHONIOENCODING": encoding, "COLUMNS": columns},
    )
    said = ended.stdout + ended.stderr
    fault = ""
    if ended.returncode not in (0, 1, 2):
        fault = f"exit code {ended.returncode}"
    if b"Traceback" in said.replace(b"\0", b"") or b"Exception" in said.replace(b"\0", b""):
        fault = f"{said[-300:]!r}"
    if ">/dev/full" in streams.split() and ended.returncode == 0:
        fault = "exit code 0, and nothing was printed"
    return Trial("streams", f"{command} {streams} {encoding} COLUMNS={columns}", fault)
