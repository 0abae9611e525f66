"""A shard gives back the documents it was made of, whatever they hold."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolformer.records import (
    AnnotatedDocument,
    Candidate,
    Document,
    Losses,
    Placebo,
    UntriedPlace,
    Verdict,
)
from toolformer.runs.shards.read import read_shard
from toolformer.runs.shards.write import shard_bytes

nats = st.floats(0, 1000)
losses = st.builds(Losses, nats, st.none() | nats, st.none() | nats)
plain_candidates = st.builds(
    Candidate,
    position=st.integers(0, 2**31 - 1),
    tool=st.text(min_size=1),
    arguments=st.none() | st.text(),
    start_prob=st.floats(0, 1),
    count=st.integers(0, 20),
    output=st.none() | st.text(),
    error=st.none() | st.text(),
    losses=st.none() | losses,
    verdict=st.sampled_from(Verdict),
    token=st.none() | st.integers(0, 2**31 - 1),
    start_gain=st.none() | st.floats(-100, 100),
)
# With a placebo all losses are known.
candidates = plain_candidates | st.builds(
    replace,
    plain_candidates,
    losses=st.builds(Losses, nats, nats, nats),
    placebo=st.builds(Placebo, st.text(), nats),
)
places = st.builds(
    UntriedPlace,
    st.integers(0, 2**31 - 1),
    st.text(),
    st.floats(0, 1),
    st.none() | st.floats(-100, 100),
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)
documents = st.builds(
    Document, st.text(), st.text(), st.dictionaries(st.text(), json_values, max_size=3)
)
annotated_documents = st.builds(
    AnnotatedDocument,
    documents,
    st.lists(st.text(), max_size=3).map(tuple),
    st.none() | st.text(),
    st.lists(candidates, max_size=3).map(tuple),
    st.lists(places, max_size=3).map(tuple),
)


def write(path: Path, documents: Sequence[AnnotatedDocument]) -> Path:
    path.write_bytes(shard_bytes(documents))
    return path


@given(st.lists(annotated_documents, max_size=3))
def test_a_shard_gives_back_the_documents_it_was_made_of(
    tmp_path_factory: pytest.TempPathFactory, documents: list[AnnotatedDocument]
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.parquet"
    assert list(read_shard(write(path, documents))) == documents


def test_documents_keep_their_own_candidates_beyond_what_is_read_at_once(tmp_path: Path) -> None:
    def candidate(position: int) -> Candidate:
        return Candidate(position, "A", "1", 0.5, 1, verdict=Verdict.LOW_GAIN)

    documents = [
        AnnotatedDocument(
            Document(str(number), "text"),
            candidates=tuple(map(candidate, range(number % 3))),
            tried=("A",),
        )
        for number in range(150)
    ]
    assert list(read_shard(write(tmp_path / "many.parquet", documents))) == documents


def test_a_candidate_without_a_verdict_is_not_written() -> None:
    undecided = Candidate(2, "A", "1", 0.5, 1)
    with pytest.raises(ValueError, match="without a verdict"):
        shard_bytes([AnnotatedDocument(Document("1", "ab"), ("A",), None, (undecided,))])


def test_meta_is_ascii_so_that_it_holds_what_utf_8_cannot(tmp_path: Path) -> None:
    document = Document("1", "a", {"title": "é\ud800"})
    path = write(tmp_path / "one.parquet", [AnnotatedDocument(document, ())])
    [meta] = pq.read_table(path)["meta"].to_pylist()
    assert meta.isascii()
    assert json.loads(meta) == {"title": "é\ud800"}


def test_meta_is_json_whatever_a_caller_put_there(tmp_path: Path) -> None:
    odd = {"nan": float("nan"), "inf": [float("-inf"), 1], "day": date(2023, 3, 3), 5: Path("a")}
    path = write(tmp_path / "one.parquet", [AnnotatedDocument(Document("1", "a", odd), ())])  # type: ignore[arg-type]
    [document] = read_shard(path)
    assert document.document.meta == {
        "nan": None,
        "inf": [None, 1],
        "day": "2023-03-03",
        "5": "a",
    }
