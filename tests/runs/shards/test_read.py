"""What a shard cannot hold is refused by file, row and field, whoever wrote it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.runs.test_directory import DOCUMENTS, KEPT, without_digests, write_all
from toolformer.errors import RunError
from toolformer.runs.directory import Run
from toolformer.runs.shards.read import read_shard
from toolformer.runs.shards.write import shard_bytes

NAN, INF = float("nan"), float("inf")


def edit(path: Path, change: Callable[[list[dict[str, Any]]], object]) -> None:
    table = pq.read_table(path)
    rows = table.to_pylist()
    change(rows)
    pq.write_table(pa.Table.from_pylist(rows, table.schema), path, compression="zstd")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", None),
        ("plain_text", None),
        ("plain_text", "x"),
        ("plain_text", "So [Calculator(1 + 1) -> 2] it is."),
        ("meta", None),
        ("meta", "[]"),
        ("meta", '{"a": ' * 5000),
        ("meta", "{"),
        ("tried", [None]),
        ("tried", ["Nobody"]),
        ("skipped", "empty"),
        ("candidates.0.position", -1),
        ("candidates.0.position", 10**9),
        ("candidates.0.position", None),
        ("candidates.0.tool", "Nobody"),
        ("candidates.0.tool", None),
        ("candidates.0.arguments", None),
        ("candidates.0.arguments", "1\n2"),
        ("candidates.0.start_prob", NAN),
        ("candidates.0.start_prob", 1.5),
        ("candidates.0.count", -1),
        ("candidates.0.output", "]"),
        ("candidates.0.output", None),
        ("candidates.0.error", "bad"),
        ("candidates.1.error", None),
        ("candidates.0.loss_no_call", NAN),
        ("candidates.0.loss_no_call", None),
        ("candidates.0.loss_no_output", INF),
        ("candidates.0.loss_with_output", -INF),
        ("candidates.0.gain", 9.0),
        ("candidates.0.gain", NAN),
        ("candidates.0.gain", None),
        ("candidates.0.verdict", "nice"),
        ("candidates.0.verdict", "low_gain"),
        ("candidates.0.verdict", "pruned"),
        ("candidates.1.verdict", "kept"),
        ("candidates.0.token", -1),
        ("candidates.0.start_gain", NAN),
        ("candidates.0.start_gain", INF),
        ("candidates.0.placebo_output", None),
        ("candidates.0.placebo_output", "]"),
        ("candidates.0.placebo_loss", NAN),
        ("candidates.0.placebo_loss", None),
        ("candidates.2.placebo_loss", 1.0),
        ("untried.0.position", -1),
        ("untried.0.position", 10**9),
        ("untried.0.position", None),
        ("untried.0.tool", "Nobody"),
        ("untried.0.tool", None),
        ("untried.0.start_prob", 1.5),
        ("untried.0.start_gain", NAN),
    ],
)
def test_a_value_that_no_run_has_is_refused_by_row_and_field(
    tmp_path: Path, field: str, value: object
) -> None:
    run = write_all(tmp_path).finish()
    without_digests(tmp_path)
    *steps, name = field.split(".")

    def change(rows: list[dict[str, Any]]) -> None:
        where: Any = rows[0]
        for step in steps:
            where = where[int(step)] if step.isdecimal() else where[step]
        where[name] = value

    path = tmp_path / "shards" / "00000.parquet"
    edit(path, change)
    own = {"plain_text": r"((plain_)?text|(candidates|untried)\.0\.position)"}
    named = own.get(field, rf"[a-z0-9.]*{name}")
    if field == "candidates.0.loss_no_call":
        named = r"candidates\.0\.(loss_no_call|gain)"
    if field.startswith("candidates.0.loss_") and value is None:
        named = r"candidates\.0\.(loss_no_call|gain)"
    if field == "candidates.1.verdict":
        named = r"candidates\.1\.(error|verdict)"
    if field in ("candidates.0.placebo_loss", "candidates.0.placebo_output"):
        named = r"candidates\.0\.placebo_(loss|output)"
    if field == "candidates.0.gain":
        named = r"candidates\.0\.gain"
    with pytest.raises(RunError, match=rf"00000\.parquet' cannot be read \(row 0, {named}"):
        list(run.documents())


def test_the_row_is_counted_over_the_whole_shard(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(shard_bytes([DOCUMENTS[0]] * 150))

    def change(rows: list[dict[str, Any]]) -> None:
        rows[130]["candidates"][2]["start_prob"] = 2.0

    edit(path, change)
    with pytest.raises(RunError, match=r"\(row 130, candidates\.2\.start_prob: it is 2\)"):
        read_shard(path)


@pytest.mark.parametrize("way", ["gone", "renamed", "cast", "another", "twice", "swapped"])
def test_columns_that_are_not_a_shards_are_named(tmp_path: Path, way: str) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(shard_bytes(DOCUMENTS))
    table = pq.read_table(path)
    edited = {
        "gone": lambda: table.drop_columns(["meta"]),
        "renamed": lambda: table.rename_columns(["x", *table.column_names[1:]]),
        "cast": lambda: table.set_column(1, "plain_text", pa.array([1.5] * 3)),
        "another": lambda: table.append_column("x", pa.array([1] * 3)),
        "twice": lambda: table.append_column("meta", table["meta"]),
        "swapped": lambda: table.select(table.column_names[::-1]),
    }[way]()
    pq.write_table(edited, path)
    with pytest.raises(RunError, match=r"does not have the columns of a shard: .+"):
        read_shard(path)


ADDED = ("start_gain", "placebo_output", "placebo_loss")


def named_as_before(table: pa.Table) -> pa.Table:
    """Returns a shard as it was written when its texts were called `text`."""
    return table.rename_columns({"plain_text": "text"})


def as_older(table: pa.Table, *, without: tuple[str, ...] = ADDED) -> pa.Table:
    """Returns a shard as it was written before some fields of a candidate were added."""
    [number] = [i for i, name in enumerate(table.column_names) if name == "candidates"]
    fields = list(table.schema.field(number).type.value_type)
    kind = pa.list_(pa.struct([each for each in fields if each.name not in without]))
    rows = table["candidates"].to_pylist()
    kept = [[{k: v for k, v in each.items() if k not in without} for each in row] for row in rows]
    older = table.set_column(number, pa.field("candidates", kind), pa.array(kept, kind))
    return named_as_before(older)


def test_a_shard_from_before_untried_places_were_kept_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(shard_bytes(DOCUMENTS))
    older = pq.read_table(path).drop_columns(["untried"])
    pq.write_table(named_as_before(older), path)
    assert read_shard(path) == [replace(each, untried=()) for each in DOCUMENTS]


def test_no_trainer_takes_the_rows_of_a_run_for_texts_to_be_trained_on(tmp_path: Path) -> None:
    from datasets import load_dataset
    from trl.data_utils import is_conversational

    path = tmp_path / "a.parquet"
    path.write_bytes(shard_bytes(DOCUMENTS))
    found = load_dataset("parquet", data_files=str(path), split="train", cache_dir=str(tmp_path))
    # By which trainers know what a dataset is: plain texts, pairs, conversations.
    assert not {"text", "prompt", "completion", "messages", "input_ids"} & set(found.column_names)
    assert not is_conversational(found[0])


def test_a_shard_from_before_placebos_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(shard_bytes(DOCUMENTS))
    pq.write_table(as_older(pq.read_table(path)).drop_columns(["untried"]), path)
    [kept, *_] = read_shard(path)[0].candidates
    assert kept == replace(KEPT, start_gain=None, placebo=None)


@pytest.mark.parametrize("gone", ADDED)
def test_a_shard_has_the_older_columns_or_all(tmp_path: Path, gone: str) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(shard_bytes(DOCUMENTS))
    pq.write_table(as_older(pq.read_table(path), without=(gone,)), path)
    with pytest.raises(RunError, match=r"does not have the columns of a shard: 'candidates' is"):
        read_shard(path)


NO_GAIN = {"loss_no_output": None, "gain": None}


def test_a_placebo_of_a_call_that_cannot_gain_was_not_scored(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(shard_bytes(DOCUMENTS))

    def change(rows: list[dict[str, Any]]) -> None:
        rows[0]["candidates"][0] |= NO_GAIN | {"placebo_loss": None}

    edit(path, change)
    [found, *_] = read_shard(path)[0].candidates
    assert found.placebo is not None
    assert found.placebo.with_output is None


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        (NO_GAIN, r"placebo_loss: it does not go with placebo_output and gain"),
        ({"placebo_loss": None}, r"placebo_loss: it does not go with placebo_output and gain"),
        ({"placebo_output": None}, r"placebo_loss: it does not go with placebo_output and gain"),
        (
            NO_GAIN | {"loss_with_output": None, "placebo_loss": None},
            r"placebo_output: the call itself was not scored",
        ),
    ],
)
def test_a_scored_placebo_is_that_of_a_scored_call(
    tmp_path: Path, changed: dict[str, Any], named: str
) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(shard_bytes(DOCUMENTS))

    def change(rows: list[dict[str, Any]]) -> None:
        rows[0]["candidates"][0] |= changed

    edit(path, change)
    with pytest.raises(RunError, match=rf"candidates\.0\.{named}"):
        read_shard(path)


def test_text_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    content = shard_bytes(DOCUMENTS)
    table = pq.read_table(pa.BufferReader(content))
    broken = pa.array([b"\xff\xfe", b"a", b"b"]).view(pa.string())
    pq.write_table(table.set_column(1, "plain_text", broken), path)
    with pytest.raises(RunError, match="cannot be read"):
        read_shard(path)


def test_a_small_file_that_would_be_a_large_memory_is_refused_or_shared(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(shard_bytes(DOCUMENTS))

    def many(rows: list[dict[str, Any]]) -> None:
        rows[0]["candidates"] *= 100_000

    edit(path, many)
    with pytest.raises(RunError, match=r"bytes cannot hold 300,00. rows"):
        read_shard(path)
    path.write_bytes(shard_bytes(DOCUMENTS))

    def long(rows: list[dict[str, Any]]) -> None:
        rows[0]["candidates"] = [rows[0]["candidates"][1] | {"error": "x" * 500_000}] * 2000

    edit(path, long)
    assert path.stat().st_size < 20_000
    errors = [each.error for each in read_shard(path)[0].candidates]
    assert len({id(each) for each in errors}) < 100  # a gigabyte, were they not shared


@pytest.mark.parametrize("documents", [[], DOCUMENTS])
def test_a_shard_has_as_many_documents_as_its_run_allows(
    tmp_path: Path, documents: list[Any]
) -> None:
    write_all(tmp_path, [1])
    (tmp_path / "shards" / "00000.parquet").write_bytes(shard_bytes(documents))
    with pytest.raises(RunError, match="and a shard of this run 1 to 2"):
        list(Run.open(tmp_path, incomplete=True).documents())
