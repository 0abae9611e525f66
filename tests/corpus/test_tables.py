"""Cells of Parquet and Arrow files are taken one by one."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.corpus.corpora import read, texts, write
from toolformer.records import Document

HOSTILE = {
    "days": pa.array([3_000_000, 1], pa.date32()),
    "seconds": pa.array([2**60, 1], pa.timestamp("s")),
    "zoned": pa.array([1, 2], pa.timestamp("us", tz="Mars/Olympus")),
    "durations": pa.array([2**60, 1], pa.duration("s")),
    "times": pa.array([1, 2], pa.time64("ns")),
    "nested": pa.array([[{"at": 3_000_000}], None], pa.list_(pa.struct([("at", pa.date32())]))),
    "maps": pa.array([[("k", 3_000_000)], []], pa.map_(pa.string(), pa.date32())),
    "decimals": pa.array([None, 1], pa.decimal256(76, 2)),
    "nothing": pa.nulls(2),
    "halves": pa.array([float("nan"), float("inf")]),
}


@pytest.mark.parametrize("column", HOSTILE)
def test_a_column_that_nobody_asked_for_costs_nothing(tmp_path: Path, column: str) -> None:
    table = pa.table({"text": ["one", "two"], column: HOSTILE[column]})
    with pa.ipc.new_file(str(tmp_path / "c.arrow"), table.schema) as writer:
        writer.write_table(table)
    assert [(each.text, each.id) for each in read(tmp_path / "c.arrow")[0]] == [
        ("one", "c.arrow:1"),
        ("two", "c.arrow:2"),
    ]
    assert read(tmp_path / "c.arrow")[1] == []
    if column not in ("durations", "decimals", "seconds"):
        pq.write_table(table, tmp_path / "c.parquet")
        assert texts(tmp_path / "c.parquet") == ["one", "two"]


def test_a_day_that_python_cannot_hold_costs_the_day(tmp_path: Path) -> None:
    table = pa.table({"text": ["one", "two"], "date": pa.array([3_000_000, 19419], pa.date32())})
    pq.write_table(table, tmp_path / "c.parquet")
    assert read(tmp_path / "c.parquet") == (
        [Document("c.parquet:1", "one"), Document("c.parquet:2", "two", {"date": "2023-03-03"})],
        ["c.parquet, line 1: 'not a date32[day] that Python holds' is not a date; the text is "
         "read without one"],
    )  # fmt: skip


@pytest.mark.parametrize("binary", [pa.binary(), pa.large_binary()])
def test_a_text_that_is_not_utf8_costs_itself(tmp_path: Path, binary: pa.DataType) -> None:
    text = pa.string() if binary == pa.binary() else pa.large_string()
    column = pa.array([b"one", b"\xff", "\u00e9".encode(), None], binary).view(text)
    pq.write_table(pa.table({"text": column, "more": column}), tmp_path / "c.parquet")
    documents, problems = read(tmp_path / "c.parquet")
    assert [(each.text, each.meta) for each in documents] == [
        ("one", {"more": "one"}),
        ("\u00e9", {"more": "\u00e9"}),
    ]
    assert problems == [
        "c.parquet, line 2: 'text' is not UTF-8 at byte 1",
        "c.parquet, line 4: 'text' is null, not text",
    ]


def test_a_cell_of_any_length_costs_itself(tmp_path: Path) -> None:
    long = pa.array(["one", "x" * (65 << 20), "two"])
    pq.write_table(pa.table({"text": long}), tmp_path / "a.parquet", compression="zstd")
    pq.write_table(pa.table({"text": long.dictionary_encode()}), tmp_path / "b.parquet")
    documents, problems = read(tmp_path)
    assert [each.text for each in documents] == ["one", "two"] * 2
    assert problems == [
        f"{name}.parquet, line 2: 'text' is longer than 64 MiB, the most that is read of one record"
        for name in "ab"
    ]


def test_a_text_that_all_rows_share_is_not_held_for_each(tmp_path: Path) -> None:
    shared = pa.DictionaryArray.from_arrays(pa.array([0] * 300, pa.int32()), ["x" * (20 << 20)])
    path = tmp_path / "c.parquet"
    pq.write_table(pa.table({"text": shared}), path, compression="zstd", store_schema=False)
    assert path.stat().st_size < 2000
    code = (
        "import resource, sys\n"
        "from toolformer.corpus.tables import parquet_rows\n"
        "print(sum(1 for _, _ in zip(range(40), parquet_rows(sys.argv[1]))))\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10)\n"
    )
    # What an allocator keeps for later differs between machines: large pieces go back at once.
    allocator = {"ARROW_DEFAULT_MEMORY_POOL": "system", "MALLOC_MMAP_THRESHOLD_": str(1 << 20)}
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        capture_output=True,
        cwd=Path(__file__).parents[2],
        env=os.environ | allocator,
        check=True,
    )
    rows, mebibytes = map(int, done.stdout.split())
    assert rows == 40
    assert mebibytes < 2100  # 1641, and 2640 when 64 rows are read together


def test_no_cell_costs_the_others_of_its_column(tmp_path: Path) -> None:
    day = 86_400_000  # milliseconds; some writers leave the time of day in a date
    table = {
        "text": pa.array(["one", "two"]),
        "id": pa.array([day, day + 1]).view(pa.date64()),
        "date": pa.array([day, day + 1]).view(pa.date64()),
    }
    with pa.ipc.new_file(str(tmp_path / "c.arrow"), pa.table(table).schema) as writer:
        writer.write_table(pa.table(table))
    documents, problems = read(tmp_path)
    assert [(each.id, each.meta) for each in documents] == [
        ("1970-01-02", {"date": "1970-01-02"})
    ] * 2
    assert problems == []


def test_columns_of_one_name_are_all_kept(tmp_path: Path) -> None:
    columns = [pa.array(["one"]), pa.array(["two"]), pa.array([1])]
    pq.write_table(pa.table(columns, names=["text", "text", "id"]), tmp_path / "c.parquet")
    documents, _ = read(tmp_path)
    assert [(each.id, each.text, each.meta) for each in documents] == [
        ("1", "one", {"text.1": "two"})
    ]


def test_a_name_of_a_column_that_is_not_utf_8_is_told(tmp_path: Path) -> None:
    path = tmp_path / "c.arrow"
    table = pa.table({"text": ["one"], "name": ["two"]})
    with pa.ipc.new_stream(str(path), table.schema) as writer:
        writer.write_table(table)
    path.write_bytes(path.read_bytes().replace(b"name", b"n\xffme"))
    write(tmp_path / "z.txt", b"last\n")
    documents, problems = read(tmp_path)
    assert [each.text for each in documents] == ["last"]
    assert len(problems) == 1
    assert problems[0].startswith("c.arrow: cannot be read (")


def test_cells_that_point_beside_their_file_cost_themselves(tmp_path: Path) -> None:
    table = pa.table({"text": ["one", "two", "three"]})
    path = tmp_path / "c.arrow"
    with pa.ipc.new_stream(str(path), table.schema) as writer:
        writer.write_table(table)
    content = bytearray(path.read_bytes())
    offsets = (0).to_bytes(4, "little") + (3).to_bytes(4, "little") + (6).to_bytes(4, "little")
    at = content.index(offsets)
    content[at + 4 : at + 8] = (10**9).to_bytes(4, "little")
    other = write(tmp_path / "d.arrow", bytes(content))
    write(tmp_path / "z.txt", b"last\n")
    path.unlink()
    documents, problems = read(tmp_path)
    assert [each.text for each in documents] == ["three", "last"]
    assert len(problems) == 2
    assert problems[0].startswith("d.arrow, line 1: 'text' is damaged (")
    assert other.exists()


@pytest.mark.parametrize("suffix", ["arrow", "parquet"])
@pytest.mark.parametrize("seed", range(20))
def test_damage_anywhere_is_told(tmp_path: Path, suffix: str, seed: int) -> None:
    draw = random.Random(seed)
    table = pa.table({"id": range(500), "text": [f"text {n} {draw.random()}" for n in range(500)]})
    path = tmp_path / f"c.{suffix}"
    if suffix == "parquet":
        pq.write_table(table, path, row_group_size=100, write_page_checksum=True)
    else:
        with pa.ipc.new_stream(str(path), table.schema) as writer:
            writer.write_table(table, max_chunksize=100)
    content = bytearray(path.read_bytes())
    for _ in range(draw.randrange(1, 6)):
        content[draw.randrange(len(content))] = draw.randrange(256)
    path.write_bytes(content[: draw.choice([len(content), draw.randrange(len(content))])])
    write(tmp_path / "z.txt", b"last\n")
    assert texts(tmp_path)[-1] == "last"
