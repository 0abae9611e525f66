"""Commands on a disk that fills up: a sentence; with room again, the same command ends as ever.

The disk is a small file system in memory, which only root can mount; otherwise one trial says so.
"""

import hashlib
import json
import random
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.campaigns.campaign import Trial, fault_of, run_here

TRIALS = 24
_ROOM = 512 << 20  # bytes, of which a file takes all but a few


def campaign(draw: random.Random, trials: int, folder: Path) -> Iterator[Trial]:
    """Yields how each command took a disk with less and less room."""
    disk = folder / "disk"
    disk.mkdir()
    with _mounted(disk) as is_mounted:
        if not is_mounted:
            yield Trial("no disk", "a file system could not be mounted: only root may", "")
            return
        commands = _commands(folder)
        whole = {}
        for name, command in commands.items():
            ended = run_here(*command, "--out", str(disk / "out"), timeout_s=300)
            assert ended.code == 0, ended.stderr
            whole[name] = _contents(disk / "out"), _size(disk / "out")
            _clear(disk)
        for number in range(trials):
            name = list(commands)[number % len(commands)]
            contents, size = whole[name]
            # A training needs several times the room of what it leaves.
            room = draw.randrange(int(size * (5 if name == "finetune" else 1.2)) + 1)
            yield Trial(name, f"{room} bytes free", _fault(commands[name], disk, room, contents))
            _clear(disk)


def _commands(folder: Path) -> dict[str, tuple[str, ...]]:
    """Returns the commands, and makes what they read."""
    texts = [
        f"In the hall are {n + 303} red and {7 * n + 453} blue balloons. Together that is "
        f"{n + 303} + {7 * n + 453} = {8 * n + 756} balloons in the room, said the teacher."
        for n in range(6)
    ]
    corpus, prompts = folder / "corpus.jsonl", folder / "prompts.jsonl"
    corpus.write_text("\n".join(json.dumps({"text": text}) for text in texts), encoding="utf-8")
    prompts.write_text(
        "\n".join(json.dumps({"prompt": text[:60]}) for text in texts), encoding="utf-8"
    )
    annotate = ("annotate", str(corpus), "--tool", "calculator", "--documents-per-shard", "1")
    annotate += ("--samples", "1", "--max-positions", "1")
    run = folder / "run"
    assert run_here(*annotate, "--out", str(run), timeout_s=300).code == 0
    tune = ("--steps", "3", "--batch-size", "1", "--dev-texts", "0", "--evaluate-every", "1")
    return {
        "annotate": annotate,
        "finetune": ("finetune", str(run), *tune, "--dtype", "float32"),
        "infer": (
            "infer",
            "nano",
            "--input",
            str(prompts),
            "--max-new-tokens",
            "8",
            "--today",
            "2024-01-01",
        ),
        "evaluate": ("evaluate", "nano", "--task", "dates", "--limit", "4"),
    }


def _fault(command: tuple[str, ...], disk: Path, room: int, contents: dict[str, str]) -> str:
    """Returns what did not hold when a command ran in little room, and again in much."""
    out = disk / "out"
    filler = disk / "filler"
    with filler.open("wb") as file:
        try:
            while True:
                file.write(bytes(1 << 16))
                file.flush()
        except OSError:
            pass
    with filler.open("r+b") as file:
        file.truncate(max(0, filler.stat().st_size - room))
    ended = run_here(*command, "--out", str(out), timeout_s=300)
    if fault := fault_of(ended, codes=(0, 1)):
        return fault
    if ended.code == 1 and "No space left" not in ended.stderr:
        return f"it does not say why: {ended.stderr.strip().splitlines()[-1]}"
    filler.unlink()
    again = run_here(*command, "--out", str(out), timeout_s=300)
    if fault := fault_of(again, codes=(0,)):
        return f"with room again: {fault}"
    if (found := _contents(out)) != contents:
        differing = sorted(
            name for name in found | contents if found.get(name) != contents.get(name)
        )
        return f"with room again, others: {', '.join(differing)}"
    return ""


def _contents(out: Path) -> dict[str, str]:
    """Returns the digest of each file, the names alone of those that say how long things took."""
    found = {}
    files = [out] if out.is_file() else sorted(each for each in out.rglob("*") if each.is_file())
    for path in files:
        is_timed = path.parent.name == "cells" or path.name in ("results.json", "timing.json")
        found[path.name] = "" if is_timed else hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def _size(out: Path) -> int:
    return sum(each.stat().st_size for each in [out, *out.rglob("*")] if each.is_file())


def _clear(disk: Path) -> None:
    for each in disk.iterdir():
        shutil.rmtree(each) if each.is_dir() else each.unlink()


@contextmanager
def _mounted(folder: Path) -> Iterator[bool]:
    """Mounts a file system in memory; yields whether that was possible."""
    if shutil.which("mount") is None:
        yield False
        return
    mount = ["mount", "-t", "tmpfs", "-o", f"size={_ROOM}", "tmpfs", str(folder)]
    is_mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    try:
        yield is_mounted
    finally:
        if is_mounted:
            subprocess.run(["umount", str(folder)], check=False)
