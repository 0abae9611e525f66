"""Run directories that were damaged or edited: refused in a sentence, or read as before.

A small run of the embedded model is made once. Each trial damages a copy of it and then shows it,
and resumes it or tunes a model on it.
"""

import json
import os
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.campaigns.campaign import Ended, Trial, fault_of, run_here
from toolformer.config import fingerprint

TRIALS = 300
_PATIENCE_S = 300  # with work that is done, on a machine that has other things to do

_HOSTILE: tuple[object, ...] = (
    *(None, True, -1, 0, 10**9, 10**400, -0.0, 1e308, float("nan"), float("inf")),
    *("", "x" * 5000, "\x1b[2J", "\ud800", "../../etc/passwd", "a\0b", [], [[]], {}, {"a": {}}, 5),
)
# Fields of a shard and values that no run of this corpus has there.
_WRONG: dict[str, tuple[object, ...]] = {
    "meta": ("[]", "null", "{", "1", '{"a": ' * 5000, "[" * 100_000, "", "\x00"),
    "tried": ([], ["Nobody"], ["Calculator", "Nobody"], ["calculator"]),
    "skipped": ("empty", ""),
    "plain_text": ("", "short", "So [Calculator(1 + 1) -> 2] it is."),
    "position": (-1, 2**31 - 1, 10_000, -(2**31)),
    "tool": ("Nobody", "", "calculator", "\x1b[2J", "Calculator "),
    "arguments": (None, "1\n2", "((", ")", " [Calculator(1"),
    "start_prob": (float("nan"), float("inf"), -0.5, 1.5),
    "count": (-1,),
    "output": (None, "", "1\n2", "]", " [Calculator(1) -> 2]"),
    "error": ("bad", ""),
    "loss_no_call": (None, float("nan"), float("inf"), -float("inf"), 77.0),
    "loss_no_output": (None, float("nan"), float("inf"), 0.0),
    "loss_with_output": (None, float("nan"), float("inf"), 77.0),
    "gain": (None, float("nan"), float("inf"), 77.0, -1.0),
    "verdict": ("outbid", "", "KEPT", "peeks", "pruned", "tool_error", "unreadable"),
    "token": (-1, -(2**31)),
}


def campaign(draw: random.Random, trials: int, folder: Path) -> Iterator[Trial]:
    """Yields what became of each damage."""
    whole = _Whole(folder)
    for number in range(trials):
        kind = draw.choice(list(_DAMAGES))
        run = folder / f"damaged-{number}"
        shutil.copytree(whole.run, run)
        what = _DAMAGES[kind](draw, run)
        faults = [
            f"show {' '.join(options)}: {fault}"
            for options in whole.shown
            if (fault := whole.fault_of_showing(run, options))
        ]
        again = draw.choice(["annotate", "finetune"])
        fault = whole.fault_of_resuming(run) if again == "annotate" else whole.fault_of_tuning(run)
        faults += [f"{again}: {fault}"] if fault else []
        yield Trial(kind, f"{what} (damaged-{number})", "; ".join(faults))
        shutil.rmtree(run)


class _Whole:
    """The run without damage, and what the commands make of it."""

    def __init__(self, folder: Path) -> None:
        self.corpus = folder / "corpus.jsonl"
        self.run = folder / "run"
        self.tuned = folder / "tuned"
        texts = [
            f"In the hall are {n + 303} red and {7 * n + 453} blue balloons. Together that is "
            f"{n + 303} + {7 * n + 453} = {8 * n + 756} balloons in the room, said the teacher."
            for n in range(6)
        ]
        lines = (json.dumps({"text": text, "page": n}) for n, text in enumerate(texts))
        self.corpus.write_text("\n".join(lines), encoding="utf-8")
        made = self._annotate(self.run)
        assert made.code == 0, made.stderr
        options: list[tuple[str, ...]] = [(), ("--table",), ("--json",), ("--table", "--json")]
        self.shown = {each: run_here("show", str(self.run), *each).stdout for each in options}
        self.files = {
            path.relative_to(self.run): path.read_bytes()
            for path in self.run.rglob("*")
            if path.is_file()
        }
        self.losses = self._losses(self._tune(self.run))

    def fault_of_showing(self, run: Path, options: tuple[str, ...]) -> str:
        ended = run_here("show", str(run), *options, timeout_s=20)
        same = ended.code == 0 and ended.stdout == self.shown[options]
        return _fault(ended, run, same=same)

    def fault_of_resuming(self, run: Path) -> str:
        ended = self._annotate(run)
        same = ended.code == 0 and all(
            (run / name).read_bytes() == content for name, content in self.files.items()
        )
        return _fault(ended, run, same=same)

    def fault_of_tuning(self, run: Path) -> str:
        ended = self._tune(run)
        return _fault(ended, run, same=ended.code == 0 and self._losses(ended) == self.losses)

    def _annotate(self, run: Path) -> Ended:
        settings = ("--documents-per-shard", "2", "--samples", "1", "--max-positions", "1")
        corpus = ("annotate", str(self.corpus), "--tool", "calculator")
        return run_here(*corpus, "--out", str(run), *settings, "--json", timeout_s=_PATIENCE_S)

    def _tune(self, run: Path) -> Ended:
        shutil.rmtree(self.tuned, ignore_errors=True)
        settings = ("--steps", "1", "--batch-size", "1", "--dev-texts", "0", "--dtype", "float32")
        command = ("finetune", str(run), "--out", str(self.tuned), *settings, "--json")
        return run_here(*command, timeout_s=_PATIENCE_S)

    @staticmethod
    def _losses(ended: Ended) -> object:
        return json.loads(ended.stdout)["losses"]


def _fault(ended: Ended, run: Path, *, same: bool) -> str:
    """Returns what was wrong with how a command took a damaged run."""
    if fault := fault_of(ended, codes=(0, 2)):
        return fault
    if ended.code == 0 and not same and not (run / "edited-throughout").exists():
        return "done with another result and without a word"
    lines = filter(str.strip, ended.stderr.splitlines())
    said = [line for line in lines if not line.startswith(("Annotating", "Loading"))]
    if ended.code != 0 and len(said) > 1:
        return f"more than a sentence: {said[0]}"
    return ""


# ---- Damages: each returns what it did


def _edit_manifest(draw: random.Random, run: Path) -> str:
    return _edit_json(draw, run / "manifest.json")


def _edit_manifest_and_its_fingerprint(draw: random.Random, run: Path) -> str:
    path = run / "manifest.json"
    what = _edit_json(draw, path)
    values = json.loads(path.read_text(encoding="utf-8"))
    if isinstance(values, dict):
        values.pop("fingerprint", None)
        try:
            values["fingerprint"] = fingerprint(values)
        except UnicodeEncodeError:
            values["fingerprint"] = "0123456789abcdef"
        path.write_text(json.dumps(values), encoding="utf-8")
    (run / "edited-throughout").touch()
    return what


def _edit_stats(draw: random.Random, run: Path) -> str:
    path = run / "stats.json"
    values = json.loads(path.read_text(encoding="utf-8"))
    name = draw.choice(["documents", "problems", "skipped", "tools", "shards", "more", ""])
    value = draw.choice(
        [-1, "x", 1.5, None, float("nan"), [1], {"a": -1}, {"Calculator": {"x": 1}}]
    )
    if name in ("shards", "skipped") and value is None:
        value = [None]
    path.write_text(json.dumps(values | {name: value}), encoding="utf-8")
    return f"stats.json: {name} is {value!r}"


def _edit_json(draw: random.Random, path: Path) -> str:
    """Puts a hostile value at some place of a JSON file."""
    values = json.loads(path.read_text(encoding="utf-8"))
    where: Any = values
    steps = [draw.choice(list(where))]
    while draw.random() < 0.6:
        inner = where[steps[-1]]
        if not isinstance(inner, dict | list) or not inner:
            break
        where = inner
        steps.append(draw.choice(list(where) if isinstance(where, dict) else range(len(where))))
    value = draw.choice([each for each in _HOSTILE if each != where[steps[-1]]])
    if draw.random() < 0.1 and isinstance(where, dict):
        del where[steps[-1]]
        value = "gone"
    else:
        where[steps[-1]] = value
    path.write_text(json.dumps(values), encoding="utf-8")
    return f"{path.name}: {'.'.join(map(str, steps))} is {str(value)[:40]!r}"


def _replace_json(draw: random.Random, run: Path) -> str:
    name = draw.choice(["manifest.json", "stats.json"])
    content = draw.choice(
        [b"", b"[]", b"null", b"{", b"\xff\xfe", b"{}" * 2, b"[" * 200_000, b'{"a":' * 3000, b"7"]
    )
    (run / name).write_bytes(content)
    return f"{name} is {content[:20]!r}"


def _edit_cells(draw: random.Random, run: Path) -> str:
    path = _shard(draw, run)
    table = pq.read_table(path)
    rows = table.to_pylist()
    field = draw.choice(list(_WRONG))
    value = draw.choice(_WRONG[field])
    candidates = [(row, each) for row in rows for each in row["candidates"]]
    row, candidate = draw.choice([each for each in candidates if each[1]["verdict"] == "kept"])
    (row if field in row else candidate)[field] = value
    pq.write_table(pa.Table.from_pylist(rows, table.schema), path, compression="zstd")
    return f"{path.name}: {field} is {str(value)[:40]!r}" + _forget_digests(draw, run)


def _edit_columns(draw: random.Random, run: Path) -> str:
    path = _shard(draw, run)
    table = pq.read_table(path)
    name = draw.choice(table.column_names)
    way = draw.choice(["gone", "renamed", "another", "cast", "twice", "no rows", "many rows"])
    if way == "gone":
        table = table.drop_columns([name])
    elif way == "renamed":
        table = table.rename_columns(["x" if each == name else each for each in table.column_names])
    elif way == "another":
        table = table.append_column("x", pa.array([1] * len(table)))
    elif way == "cast":
        place = table.column_names.index(name)
        table = table.set_column(place, name, pa.array([1.5] * len(table)))
    elif way == "twice":
        table = table.append_column(name, table[name])
    elif way == "no rows":
        table = table.slice(0, 0)
    else:
        table = pa.concat_tables([table] * 500)
    pq.write_table(table, path, compression="zstd")
    return f"{path.name}: {name}, {way}" + _forget_digests(draw, run)


def _swell(draw: random.Random, run: Path) -> str:
    """Writes a small shard that would take a great deal of memory."""
    path = _shard(draw, run)
    table = pq.read_table(path)
    rows = table.to_pylist()
    if draw.random() < 0.5:
        rows[0]["candidates"] = rows[0]["candidates"][:1] * 300_000
    else:
        rows[0]["candidates"] = [rows[0]["candidates"][0] | {"error": "x" * 500_000}] * 2000
    pq.write_table(pa.Table.from_pylist(rows, table.schema), path, compression="zstd")
    return f"{path.name}: {len(rows[0]['candidates'])} calls in a text" + _forget_digests(draw, run)


def _flip(draw: random.Random, run: Path) -> str:
    path = _shard(draw, run)
    content = bytearray(path.read_bytes())
    places = [draw.randrange(len(content)) for _ in range(draw.choice([1, 1, 3, 20]))]
    for place in places:
        content[place] ^= 1 << draw.randrange(8)
    path.write_bytes(bytes(content))
    return f"{path.name}: bits at {places}" + _forget_digests(draw, run, share=0.0)


def _truncate(draw: random.Random, run: Path) -> str:
    path = draw.choice([_shard(draw, run), run / "manifest.json", run / "stats.json"])
    content = path.read_bytes()
    size = draw.randrange(len(content) - 1)
    path.write_bytes(content[:size] + (b"\0" * 100 if draw.random() < 0.3 else b""))
    return f"{path.name}: cut after {size}"


def _remove(draw: random.Random, run: Path) -> str:
    files = [*sorted((run / "shards").iterdir()), run / "stats.json"]
    gone = draw.sample(files, draw.randrange(1, len(files) + 1))
    for path in gone:
        path.unlink()
    return f"{', '.join(path.name for path in gone)} removed"


def _move(draw: random.Random, run: Path) -> str:
    shards = sorted((run / "shards").iterdir())
    one, other = draw.sample(shards, 2)
    name = draw.choice(
        ["00003", "0", "000001", "-1", "٣", "1e3", "00007", "x", "99999999999999999999", other.stem]
    )
    target = run / "shards" / f"{name}.parquet"
    way = draw.choice(["copied", "moved", "swapped"])
    if way == "copied":
        shutil.copy(one, target)
    elif way == "moved":
        one.rename(target)
    else:
        target, content = other, one.read_bytes()
        one.write_bytes(other.read_bytes())
        other.write_bytes(content)
    return f"{one.name} {way} to {target.name}"


def _special(draw: random.Random, run: Path) -> str:
    path = draw.choice([_shard(draw, run), run / "manifest.json", run / "stats.json"])
    path.unlink()
    way = draw.choice(["pipe", "folder", "nowhere", "itself", "/dev/zero", "/etc/passwd"])
    if way == "pipe":
        os.mkfifo(path)
    elif way == "folder":
        path.mkdir()
    else:
        path.symlink_to({"nowhere": "gone", "itself": path.name}.get(way, way))
    return f"{path.name}: {way}"


def _shard(draw: random.Random, run: Path) -> Path:
    return draw.choice(sorted((run / "shards").glob("*.parquet")))


def _forget_digests(draw: random.Random, run: Path, *, share: float = 0.5) -> str:
    """Makes it, at times, a run that does not know its shards' digests, as one before them."""
    if draw.random() >= share:
        return ""
    path = run / "stats.json"
    values = json.loads(path.read_text(encoding="utf-8"))
    del values["shards"]
    path.write_text(json.dumps(values), encoding="utf-8")
    return ", no digests"


_DAMAGES: dict[str, Callable[[random.Random, Path], str]] = {
    "a manifest edited": _edit_manifest,
    "a manifest edited with its fingerprint": _edit_manifest_and_its_fingerprint,
    "stats edited": _edit_stats,
    "another JSON file in their place": _replace_json,
    "a shard's cell edited": _edit_cells,
    "a shard's columns edited": _edit_columns,
    "a shard swollen": _swell,
    "bits flipped": _flip,
    "a file cut": _truncate,
    "files removed": _remove,
    "shards moved": _move,
    "special files": _special,
}
