"""A corpus at a URL is read as the same files on this machine are."""

import gzip
import json
from pathlib import Path

import pytest

pytest.importorskip("moto")
pytest.importorskip("s3fs")

import pyarrow as pa
import pyarrow.parquet as pq

from tests.s3 import Bucket
from toolformer.corpus import Corpora, describe_corpus, read_corpus
from toolformer.corpus.sources import find_sources
from toolformer.errors import CorpusError

pytestmark = pytest.mark.slow  # a server starts


@pytest.fixture
def folder(tmp_path: Path, bucket: Bucket) -> Path:
    """A corpus of several formats, here and in the bucket."""
    lines = "".join(json.dumps({"text": f"text {n}", "day": n}) + "\n" for n in range(5))
    table = pa.table({"text": ["one", "two"], "id": [1, 2]})
    corpus = tmp_path / "corpus"
    (corpus / "more").mkdir(parents=True)
    (corpus / "a.jsonl").write_text(lines + "nonsense\n")
    (corpus / "b.jsonl.gz").write_bytes(gzip.compress(lines.encode(), mtime=0))
    (corpus / "more" / "c.txt").write_text("A line.\nAnother.\n")
    (corpus / ".hidden.txt").write_text("Nothing.\n")
    (corpus / "settings.json").write_text('{"depth": 3}')
    (corpus / "notes.md").write_text("Nothing.\n")
    pq.write_table(table, corpus / "more" / "d.parquet")
    with pa.ipc.new_file(corpus / "e.arrow", table.schema) as writer:
        writer.write_table(table)
    run = corpus / "run" / "shards"
    run.mkdir(parents=True)
    (run / "00000.parquet").write_bytes((corpus / "more" / "d.parquet").read_bytes())
    (run.parent / "manifest.json").write_text('{"documents_per_shard": 3}')
    for path in corpus.rglob("*"):
        if path.is_file():
            bucket.put(path.relative_to(tmp_path).as_posix(), path.read_bytes())
    return corpus


@pytest.mark.parametrize("name", ["", "/a.jsonl", "/*.jsonl*", "/**/*.parquet", "/e.arrow"])
def test_it_gives_the_documents_the_problems_and_the_identity_of_the_files(
    folder: Path, name: str
) -> None:
    told_here: list[object] = []
    told_there: list[object] = []
    here = list(read_corpus(f"{folder}{name}", on_problem=told_here.append))
    there = list(read_corpus(f"s3://bucket/corpus{name}", on_problem=told_there.append))
    assert there == here
    assert len(told_there) == len(told_here)
    assert describe_corpus(f"s3://bucket/corpus{name}") == describe_corpus(f"{folder}{name}")


def test_several_urls_are_named_below_the_folder_that_they_share(folder: Path) -> None:
    names = ("a.jsonl", "more/c.txt", "*.jsonl")
    here = find_sources(Corpora(tuple(f"{folder}/{name}" for name in names)))
    there = find_sources(Corpora(tuple(f"s3://bucket/corpus/{name}" for name in names)))
    assert [each.name for each in there.files] == [each.name for each in here.files]
    assert there.name == here.name


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("corpus/nothing.jsonl", "There is no file or folder 's3://bucket/corpus/nothing.jsonl'"),
        ("corpus/nothing/*", "No file fits 's3://bucket/corpus/nothing/\\*'"),
        ("corpus/notes.md", "does not say what it holds"),
        ("corpus/run", "is a run, not a corpus"),
    ],
)
def test_what_is_no_corpus_is_a_sentence(folder: Path, name: str, said: str) -> None:
    with pytest.raises(CorpusError, match=said):
        list(read_corpus(f"s3://bucket/{name}"))


def test_a_file_that_a_server_does_not_give_to_its_end_ends_the_reading(bucket: Bucket) -> None:
    line = json.dumps({"text": "a" * 1000}) + "\n"
    bucket.put("large.jsonl", line * 8000)  # more than is read ahead
    documents = read_corpus("s3://bucket/large.jsonl")
    next(documents)
    bucket.put("large.jsonl", line)
    with pytest.raises(CorpusError, match=r"could not be read to its end .* run the same command"):
        list(documents)
