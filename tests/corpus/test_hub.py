"""The rows of a Hugging Face dataset, streamed."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tests.corpus.corpora import jsonl, write
from toolformer.corpus.files import CorpusProblem, Record
from toolformer.corpus.hub import HubDataset


def test_the_rows_of_a_dataset_are_streamed_from_the_split_that_is_named(tmp_path: Path) -> None:
    write(tmp_path / "train.jsonl", jsonl([{"text": "one"}]))
    write(tmp_path / "validation.jsonl", jsonl([{"text": "two"}, {"text": "three"}]))
    records = HubDataset(str(tmp_path), None, "validation").records()
    assert list(records) == [Record(1, {"text": "two"}), Record(2, {"text": "three"})]


def test_a_dataset_that_breaks_off_is_told_and_what_was_read_stays(tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": ["one", "two"]}), tmp_path / "train-0.parquet")
    write(tmp_path / "train-1.parquet", b"PAR1 and nothing more PAR1")
    *records, problem = HubDataset(str(tmp_path), None, "train").records()
    assert [each.fields for each in records if not isinstance(each, CorpusProblem)] == [
        {"text": "one"},
        {"text": "two"},
    ]
    assert isinstance(problem, CorpusProblem)
    assert problem.message.startswith("breaks off after row 2 (")
