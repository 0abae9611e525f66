"""Outputs that are somebody else's, are no files, are the input, or are written to by two at once.

No byte of anybody's file may be lost, and every refusal is a sentence.
"""

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.campaigns.campaign import Trial, fault_of, run_here

TRIALS = 200
_TWICE = 10  # so many trials of one kind to one of two processes, which take seconds

_MODEL = """
import time
from toolformer.sidecar import Sidecar, SidecarTool
from toolformer.lm.scripted import Continuation, ScriptedCall, ScriptedLanguageModel

class Slow(ScriptedLanguageModel):
    def streams(self):
        time.sleep(0.3)
        return super().streams()

calls = [ScriptedCall("Calculator", after="303 + 453 =", writes=("303 + 453)",))]
said = [Continuation("is", " 4."), Continuation("Day", " [Calendar(weekday)")]
sidecar = Sidecar(tools=(SidecarTool("Calendar", "calendar"),))
model = ScriptedLanguageModel(calls, continuations=said, sidecar=sidecar)
slow = Slow(calls, continuations=said, sidecar=sidecar)
"""
_PROMPTS = ["2 + 2 is", "Day", "4 is"]
_CORPUS = {"text": "There are 303 + 453 = 756 balloons in the whole room."}
_PRETRAIN = """
mixture: [{name: texts, weight: 1, corpus: p.txt}]
model: {hidden_size: 32, intermediate_size: 64, layers: 1, heads: 2, context: 32}
stages: [{steps: 1, rows: 1, length: 16}]
"""


def campaign(draw: random.Random, trials: int, folder: Path) -> Iterator[Trial]:
    """Tries outputs of all commands."""
    before = Path.cwd()
    for number in range(trials):
        here = folder / str(number)
        here.mkdir()
        os.chdir(here)
        try:
            prepare()
            if number % _TWICE == _TWICE - 1:
                yield two_at_once(draw)
            else:
                yield one(draw)
        finally:
            os.chdir(before)
            shutil.rmtree(here)


def prepare() -> None:
    """Writes the models and inputs that the commands need into the current directory."""
    Path("script.py").write_text(_MODEL)
    rows = (json.dumps({"prompt": each}) + "\n" for each in _PROMPTS)
    Path("p.jsonl").write_text("".join(rows))
    Path("p.txt").write_text("".join(f"{each}\n" for each in _PROMPTS))
    Path("corpus.jsonl").write_text(json.dumps(_CORPUS) + "\n")
    Path("pretrain.yaml").write_text(_PRETRAIN)


def commands(out: str) -> dict[str, list[str]]:
    """Returns each command that writes, with an output."""
    model = "script.py:model"
    return {
        "infer": ["infer", model, "--input", "p.jsonl", "--out", out],
        "evaluate": [
            *("evaluate", model, "--task", "arithmetic", "--limit", "2", "--no-base"),
            *("--out", out),
        ],
        "annotate": [
            *("annotate", "corpus.jsonl", "--model", model, "--tool", "calculator", "--out", out)
        ],
        "pretrain": ["pretrain", "pretrain.yaml", "--out", out],
        "finetune": ["finetune", "run", "--model", "nano", "--out", out, "--steps", "1"],
    }


def one(draw: random.Random) -> Trial:
    """Gives one command an output that it may not have."""
    kind, spoil = draw.choice(list(_SPOILED.items()))
    names = ["infer", "evaluate", "annotate", "pretrain"]
    command = draw.choice(["infer"] if kind == "the input itself" else names)
    if command == "evaluate" and kind == "a directory of somebody":
        kind, spoil = "a results.json of somebody", _results
    out = spoil(draw)
    before = _contents()
    ended = run_here(*commands(out)[command])
    fault = fault_of(ended, codes=(1, 2)) or _lost(before)
    return Trial(kind, f"{command} --out {out!r}", fault)


def two_at_once(draw: random.Random) -> Trial:
    """Starts one command twice: one is refused, or both end with equal bytes."""
    command = draw.choice(["infer", "evaluate", "annotate", "finetune"])
    if command == "finetune":
        run_here(*commands("run")["annotate"])
    arguments = [each.replace(":model", ":slow") for each in commands("out")[command]]
    line = [sys.executable, "-m", "toolformer", *arguments]
    root = str(Path(__file__).parents[2])
    environment = os.environ | {"PYTHONPATH": root, "OMP_NUM_THREADS": "1"}
    both = [
        subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment)
        for _ in range(2)
    ]
    told = [each.communicate(timeout=300)[1].decode(errors="replace") for each in both]
    codes = sorted(each.returncode for each in both)
    fault = ""
    if "Traceback" in "".join(told):
        fault = f"traceback: {''.join(told).strip().splitlines()[-1]}"
    elif codes[0] != 0 or codes[1] not in (0, 2):
        fault = f"exit codes {codes}"
    elif codes[1] == 2 and not any("Another process is writing to" in each for each in told):
        fault = f"refused in other words: {told}"
    elif command == "infer":
        rows = [json.loads(line)["prompt"] for line in Path("out").read_text().splitlines()]
        fault = "" if rows == _PROMPTS else f"rows of {rows}"
    return Trial("two processes on one output", command, fault)


def _foreign(draw: random.Random) -> str:
    content = draw.choice(
        [
            b"my only copy",
            b"my only copy\n",
            b'{"prompt": "2 + 2 is"}',
            b'{"prompt": "2 + 2 is", "text": " 4."}\n',
            b'{"prompt": "2 + 2 is", "settings": "0", "today": "2023-03-03"}\n',
            b'{"schema_version": 1}',
            b"[" * 10_000,
            draw.randbytes(draw.randrange(1, 2000)),
            b"\0" * 5000,
        ]
    )
    Path("precious").write_bytes(content)
    return draw.choice(["precious", "./precious", f"../{Path.cwd().name}/precious"])


def _linked(draw: random.Random) -> str:
    target = _foreign(draw)
    if draw.random() < 0.5:
        Path("link").symlink_to(target)
    else:
        Path("link").hardlink_to(target)
    return "link"


def _folder(draw: random.Random) -> str:
    Path("thesis").mkdir()
    name = draw.choice(["thesis.tex", "config.json", "model.safetensors", ".hidden", "shards"])
    Path("thesis", name).write_text("my only copy")
    return draw.choice(["thesis", "thesis/", "./thesis/."])


def _results(draw: random.Random) -> str:
    Path("thesis").mkdir()
    content = draw.choice(["my only copy", "{}", "[]", '{"schema_version": 9}', "[" * 9999])
    Path("thesis", "results.json").write_text(content)
    return "thesis"


def _no_file(draw: random.Random) -> str:
    os.mkfifo("pipe")
    Path("loop").symlink_to("loop")
    long = "x" * 300
    return draw.choice(["pipe", "loop", "/dev/full", "/dev/null", long, f"{long}/a", "p.txt/a"])


def _input(draw: random.Random) -> str:
    kind = draw.choice(["itself", "symlink", "hard link", "relative", "answers"])
    if kind == "symlink":
        Path("out").symlink_to("p.jsonl")
    elif kind == "hard link":
        Path("out").hardlink_to("p.jsonl")
    elif kind == "answers":  # which are prompts as well
        run_here(*commands("answers")["infer"])
        Path("p.jsonl").write_bytes(Path("answers").read_bytes()[: -draw.randrange(1, 60)])
    name = Path.cwd().name
    return {"symlink": "out", "hard link": "out", "relative": f"../{name}/p.jsonl"}.get(
        kind, "p.jsonl"
    )


_SPOILED: dict[str, Callable[[random.Random], str]] = {
    "a file of somebody": _foreign,
    "a link to a file of somebody": _linked,
    "a directory of somebody": _folder,
    "no plain file": _no_file,
    "the input itself": _input,
}


def _contents() -> dict[str, bytes]:
    """Returns what every plain file below the current directory holds."""
    files = (
        each for each in Path().rglob("*") if each.is_file() and "__pycache__" not in str(each)
    )
    return {str(each): each.read_bytes() for each in files}


def _lost(before: dict[str, bytes]) -> str:
    """Returns which files are no longer what they were."""
    after = _contents()
    lost = [name for name, content in before.items() if after.get(name) != content]
    return f"changed: {', '.join(lost)}" if lost else ""
