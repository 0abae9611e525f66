"""Hostile corpora: every format, damaged in every way, with hostile records among good ones.

A corpus is a folder with one bad file between two good ones, or one file with bad records among
good ones. Whatever is bad, nothing but a CorpusError comes out, and the good records do.
"""

import bz2
import csv
import gzip
import io
import json
import lzma
import os
import random
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.campaigns.campaign import Trial, fault_of, run_here
from toolformer.corpus import CorpusProblem, read_corpus
from toolformer.errors import CorpusError

TRIALS = 400
_ANNOTATED = 25  # one trial of so many goes through the command
_MOST_S = 20.0

_SCRIPTS = (
    *("Итого 7", "合計は7", "รวม 7", "المجموع 7", "Σ=7", "🎈🎈7", "e\u0301\u0327 7", "a\u202eb"),
    *("\u0000", "\u2028"),
)

# Lines of a .jsonl file that are no document, or are one with something wrong beside its text.
_BAD_LINES: tuple[bytes, ...] = (
    *(b"", b"null", b"[]", b"5", b'"text"', b"{", b'{"text": ', b"\xff\xfe", b"\0\0", b"{}" * 9),
    *(
        b'{"text": 5}',
        b'{"text": null}',
        b'{"text": ["a"]}',
        b'{"text": ""}',
        b'{"text": "\\ud800"}',
    ),
    *(b'{"txt": "x"}', b'{"TEXT": "x"}', b'{"text": NaN}', b'{"text": "a\0b"}', b"\r", b"\x1b[31m"),
    *(b"[" * 100_000, b'{"a":' * 3000 + b"1" + b"}" * 3000, b"1" * 100_000, b'{"text": 1e999}'),
)
_ODD_FIELDS: tuple[str, ...] = (
    *('"n": NaN', '"n": -Infinity', '"n": 1e999', '"date": NaN', '"date": 20230303', '"date": ""'),
    *('"date": "soon"', '"date": "99999999999"', '"date": {"a": []}', '"id": null', '"id": []'),
    *('"id": true', '"id": 1e400', '"id": "\\ud800"', '"id": ""', '"\\ud800": 1', '"": ""'),
    *('"n": ' + "[" * 900 + "]" * 900, '"n": ' + "9" * 4000, '"id": "same"', '"text": "again"'),
)


def campaign(draw: random.Random, trials: int, folder: Path) -> Iterator[Trial]:
    """Yields one trial for each corpus."""
    kinds = (_among_lines, _in_a_list, _in_a_table, _odd_columns, _damaged, _not_files)
    for number in range(trials):
        make = kinds[number % len(kinds)]
        here = folder / str(number)
        here.mkdir()
        corpus = make(draw, here)
        fault = _read(corpus)
        is_short = max(map(len, corpus.good)) < 1000  # for the model's sake
        if not fault and number % _ANNOTATED == 0 and is_short:
            fault = _annotate(corpus, here)
        yield Trial(make.__doc__ or "", corpus.what, fault)


@dataclass(frozen=True, slots=True)
class _Corpus:
    path: Path
    what: str
    good: tuple[str, ...]  # texts that have to come out, in order
    others: bool = True  # whether others may come out too


def _among_lines(draw: random.Random, here: Path) -> _Corpus:
    """bad lines among good ones"""
    good, lines, what = [], [], []
    for number in range(draw.randrange(1, 8)):
        bad = draw.choice(_BAD_LINES)
        odd = draw.choice(_ODD_FIELDS)
        text = f"{number} {draw.choice(_SCRIPTS)}"
        fields = f'{{"text": {json.dumps(text)}, {odd}}}' if '"text"' not in odd else None
        lines += [bad, (fields or json.dumps({"text": text})).encode()]
        good.append(text)
        what += [repr(bad[:20]), odd[:20]]
    if draw.random() < 0.2:
        lines.append(b'{"text": "cut o')
    end = draw.choice([b"\n", b"\r\n"])
    start = draw.choice([b"", b"\xef\xbb\xbf"])
    suffix, pack = draw.choice(_PACKS)
    path = here / f"c.jsonl{suffix}"
    path.write_bytes(pack(start + end.join(lines) + draw.choice([b"", end])))
    return _Corpus(path, ", ".join(what), tuple(good), others=False)


def _in_a_list(draw: random.Random, here: Path) -> _Corpus:
    """bad items in a list"""
    bad = [b"", b"null", b"5", b'{"text": }', b'"a, b] }"', b'{"x": [[]]}', b"\xff", b'{"text": 5}']
    good, items = [], []
    for number in range(draw.randrange(1, 8)):
        text = draw.choice(['"', "\\", "],", "}{", "[", '\\"', "x" * 65530]) + str(number)
        items += [draw.choice(bad), json.dumps({"text": text}).encode()]
        good.append(text)
    suffix, pack = draw.choice(_PACKS)
    path = here / f"c.json{suffix}"
    glue = draw.choice([b",", b" ,\n "])
    path.write_bytes(pack(b"[" + glue.join(items) + draw.choice([b"]", b"\n]\n", b",]"])))
    return _Corpus(path, repr(items)[:80], tuple(good), others=False)


def _in_a_table(draw: random.Random, here: Path) -> _Corpus:
    """bad rows in a .csv"""
    bad = ['"open', "a", "a,b,c", '"a"b,c', "\x00", "", '"",""']
    out = io.StringIO()
    writer = csv.writer(out, lineterminator=draw.choice(["\n", "\r\n"]))
    writer.writerow(["id", "text"])
    good = []
    for number in range(draw.randrange(1, 8)):
        text = draw.choice(["a, b", "plain", "line", "Итого", "x" * 200_000]) + str(number)
        writer.writerow([number, text])
        good.append(text)
        out.write(draw.choice(bad) + "\n")
    suffix, pack = draw.choice(_PACKS)
    path = here / f"c.csv{suffix}"
    path.write_bytes(pack(out.getvalue().encode()))
    return _Corpus(path, repr(out.getvalue())[:120], tuple(good))


def _odd_columns(draw: random.Random, here: Path) -> _Corpus:
    """odd columns of a Parquet or Arrow file"""
    count = draw.randrange(1, 200)
    columns: dict[str, Any] = {"text": pa.array([f"text {n}" for n in range(count)])}

    def whole(least: int, bits: int) -> list[int]:
        return [draw.randrange(least, 2**bits) for _ in range(count)]

    kinds: list[Callable[[], Any]] = [
        lambda: pa.array(whole(-(2**31), 31), pa.date32()),
        lambda: pa.array(whole(-(2**62), 62), pa.timestamp("us")),
        lambda: pa.array(whole(0, 62), pa.timestamp("ns", "No/Where")),
        lambda: pa.array([draw.random() * 10 ** draw.randrange(300) for _ in range(count)]),
        lambda: pa.array([bytes([255 - n % 9]) for n in range(count)]).view(pa.string()),
        lambda: pa.array([[{"d": draw.randrange(2**31)}] for _ in range(count)],
                         pa.list_(pa.struct([("d", pa.date32())]))),
        lambda: pa.array([f"k{n % 3}" for n in range(count)]).dictionary_encode(),
        lambda: pa.nulls(count),
    ]  # fmt: skip
    names = draw.sample(["id", "date", "more", "Text", ""], draw.randrange(1, 5))
    columns |= {name: draw.choice(kinds)() for name in names}
    table = pa.table(columns)
    if draw.random() < 0.3:
        columns["text"] = table["text"].combine_chunks().dictionary_encode()
    path = here / draw.choice(["c.parquet", "c.arrow"])
    if path.suffix == ".parquet":
        pq.write_table(table, path, row_group_size=draw.randrange(1, 100))
    else:
        make = draw.choice([pa.ipc.new_stream, pa.ipc.new_file])
        with make(str(path), table.schema) as writer:
            writer.write_table(table, max_chunksize=draw.randrange(1, 100))
    what = f"{path.name}: {', '.join(f'{name} {table.schema.field(name).type}' for name in names)}"
    return _Corpus(path, what, tuple(f"text {n}" for n in range(count)), others=False)


def _damaged(draw: random.Random, here: Path) -> _Corpus:
    """a damaged file between good ones"""
    rows = [{"text": f"text {n} {draw.random()}"} for n in range(400)]
    sink = io.BytesIO()
    name = draw.choice(
        ["b.parquet", "b.arrow", "b.json", *(f"b.jsonl{suffix}" for suffix, _ in _PACKS)]
    )
    if name == "b.parquet":
        pq.write_table(pa.Table.from_pylist(rows), sink, row_group_size=100)
    elif name == "b.arrow":
        table = pa.Table.from_pylist(rows)
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table, max_chunksize=50)
    elif name == "b.json":
        sink.write(json.dumps(rows).encode())
    else:
        pack = dict(_PACKS)[name.removeprefix("b.jsonl")]
        sink.write(pack("".join(json.dumps(row) + "\n" for row in rows).encode()))
    content = bytearray(sink.getvalue())
    for _ in range(draw.randrange(4)):
        content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
    cut = draw.choice([len(content), draw.randrange(len(content))])
    (here / name).write_bytes(content[:cut])
    (here / "a.txt").write_text("first\n")
    (here / "z.txt").write_text("last\n")
    return _Corpus(here, f"{name}, cut at {cut} of {len(content)}", ("first", "last"))


def _not_files(draw: random.Random, here: Path) -> _Corpus:
    """pipes, rings, runs and odd names beside good files"""
    (here / "a.txt").write_text("first\n")
    os.mkfifo(here / "b.jsonl")
    (here / "c.txt").symlink_to("/dev/zero")
    (here / "d").symlink_to(here)
    (here / "e.txt").symlink_to("e.txt")
    (here / "f.txt").write_bytes(
        draw.choice([b"", b"\0" * 99, "x".encode("utf-16"), b"PK\x03\x04"])
    )
    (here / "g\udce9\x1b[31m\n.txt").write_text("odd\n")
    run = here / draw.choice(["h", "i/j/k", "run"]) / "shards"
    run.mkdir(parents=True)
    (run.parent / "manifest.json").write_text(draw.choice(['{"documents_per_shard": 1}', "{"]))
    (run / "00000.jsonl").write_text('{"text": "annotated"}\n')
    (here / "z.txt").write_text("last\n")
    return _Corpus(here, run.parent.name, ("first", "odd", "last"), others=False)


def _zstd(content: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(content)
    return bytes(sink.getvalue())


_PACKS: tuple[tuple[str, Callable[[bytes], bytes]], ...] = (
    ("", bytes),
    (".gz", gzip.compress),
    (".xz", lambda content: lzma.compress(content, preset=0)),
    (".bz2", bz2.compress),
    (".zst", _zstd),
)


class _TooLongError(BaseException):
    """Passes through whatever catches exceptions."""


def _read(corpus: _Corpus) -> str:
    """Returns what did not hold when a corpus was read."""

    def too_long(*_: object) -> None:
        raise _TooLongError

    problems: list[CorpusProblem] = []
    texts: list[str] = []
    before = signal.signal(signal.SIGALRM, too_long)
    signal.setitimer(signal.ITIMER_REAL, _MOST_S)
    try:
        for document in read_corpus(corpus.path, on_problem=problems.append):
            texts.append(document.text)
            json.dumps(dict(document.meta), allow_nan=False)
            document.id.encode()
        for problem in problems:
            str(problem).encode()
    except _TooLongError:
        return f"not read after {_MOST_S:.0f} s"
    except CorpusError as error:
        return f"refused: {error}" if corpus.good else ""
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    wanted = iter(texts)
    missing = [text for text in corpus.good if text not in wanted]
    if missing:
        return f"lost {missing[0][:40]!r} with {len(problems)} problems"
    if not corpus.others and len(texts) != len(corpus.good):
        return f"{len(texts)} texts where {len(corpus.good)} were good"
    return ""


def _annotate(corpus: _Corpus, here: Path) -> str:
    """Returns what did not hold when a few texts of a corpus were annotated, twice."""
    out = str(here / "out")
    command = ("annotate", str(corpus.path), "--out", out, "--max-documents", "3", "--json")
    first = run_here(*command)
    fault = fault_of(first, codes=(0,))
    if fault:
        return fault
    counts = json.loads(first.stdout)
    again = run_here(*command)
    if fault := fault_of(again, codes=(0,)):
        return f"again: {fault}"
    same = {name: value for name, value in json.loads(again.stdout).items() if name != "seconds"}
    return "" if same.items() <= counts.items() else "the second time it counts otherwise"
