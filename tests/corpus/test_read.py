"""Documents come out of any file a corpus may be; what cannot be read is reported."""

import gzip
import hashlib
import json
import lzma
import os
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from toolformer.corpus import CorpusProblem, describe_corpus, read_corpus
from toolformer.corpus.sources import CorpusFile, HubDataset, parse_dataset
from toolformer.errors import CorpusError
from toolformer.records import Document

ROWS = [{"id": "a", "text": "one"}, {"id": 7, "text": "two\nlines é"}, {"text": "three", "n": 3}]
DOCUMENTS = [
    Document("a", "one"),
    Document("7", "two\nlines é"),
    Document("{name}:3", "three", {"n": 3}),
]


def jsonl(rows: Sequence[object]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def zstd(content: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(content)
    return bytes(sink.getvalue())


def write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def read(
    source: Path | str,
    *,
    text_column: str = "text",
    date_column: str | None = None,
    max_documents: int | None = None,
    strict: bool = False,
) -> tuple[list[Document], list[str]]:
    problems: list[CorpusProblem] = []
    documents = list(
        read_corpus(
            source,
            text_column=text_column,
            date_column=date_column,
            max_documents=max_documents,
            strict=strict,
            on_problem=problems.append,
        )
    )
    return documents, [str(problem) for problem in problems]


@pytest.mark.parametrize(
    ("suffix", "pack"),
    [
        (".jsonl", bytes),
        (".jsonl.gz", gzip.compress),
        (".jsonl.xz", lzma.compress),
        (".jsonl.zst", zstd),
        (".JSONL", bytes),
    ],
)
def test_json_lines_are_read_plain_and_packed(
    tmp_path: Path, suffix: str, pack: Callable[[bytes], bytes]
) -> None:
    path = write(tmp_path / f"c{suffix}", pack(jsonl(ROWS)))
    expected = [
        Document(each.id.format(name=path.name), each.text, each.meta) for each in DOCUMENTS
    ]
    assert read(path) == (expected, [])


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress, zstd])
def test_a_file_packed_in_several_parts_is_read_to_its_end(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    suffix = {gzip.compress: "gz", lzma.compress: "xz", zstd: "zst"}[pack]
    path = write(tmp_path / f"c.jsonl.{suffix}", pack(jsonl(ROWS[:1])) + pack(jsonl(ROWS[1:2])))
    assert [each.text for each in read(path)[0]] == ["one", "two\nlines é"]


def test_parquet_rows_are_documents_with_the_other_columns_as_meta(tmp_path: Path) -> None:
    table = pa.table({"content": ["one", "two"], "score": [1.5, 2.5], "tags": [["a"], None]})
    pq.write_table(table, tmp_path / "c.parquet")
    assert read(tmp_path / "c.parquet", text_column="content")[0] == [
        Document("c.parquet:1", "one", {"score": 1.5, "tags": ["a"]}),
        Document("c.parquet:2", "two", {"score": 2.5, "tags": None}),
    ]


def test_a_line_of_a_text_file_is_a_document_and_blank_lines_are_none(tmp_path: Path) -> None:
    path = write(tmp_path / "c.txt", "\ufeffone\r\n\n  two \n".encode())
    assert read(path, text_column="ignored")[0] == [
        Document("c.txt:1", "one"),
        Document("c.txt:3", "  two "),
    ]


def test_a_directory_is_read_in_the_order_of_its_file_names(tmp_path: Path) -> None:
    write(tmp_path / "b.txt", b"two\n")
    write(tmp_path / "a" / "deep.jsonl", jsonl([{"text": "one"}]))
    write(tmp_path / "notes.md", b"ignored\n")
    write(tmp_path / ".cache" / "x.txt", b"ignored\n")
    assert [each.id for each in read(tmp_path)[0]] == ["a/deep.jsonl:1", "b.txt:1"]


def test_an_unusable_file_of_a_directory_is_reported_and_the_others_are_read(
    tmp_path: Path,
) -> None:
    write(tmp_path / "a.txt", b"")
    write(tmp_path / "b.jsonl", b"\x00\x01")
    write(tmp_path / "c.txt", b"three\n")
    documents, problems = read(tmp_path)
    assert [each.text for each in documents] == ["three"]
    assert problems == [
        "a.txt: the file is empty",
        "b.jsonl: the file is binary (or UTF-16), not UTF-8 text",
    ]


BAD_LINES = (
    b'{"text": "one"}\n{"text": \n[1]\n{"text": 5}\n{"txt": "x"}\n{"text": " "}\n\xff\n'
    b'{"text": "two"}\n'
)
BAD_LINES_SAID = [
    "c.jsonl, line 2: not JSON (Expecting value at character 10)",
    "c.jsonl, line 3: not a JSON object",
    "c.jsonl, line 4: 'text' is 5, not text",
    "c.jsonl, line 5: no column 'text'",
    "c.jsonl, line 6: 'text' is empty",
    "c.jsonl, line 7: not UTF-8 (byte 1 of the line)",
]


def test_a_bad_line_is_named_with_its_number_and_reading_goes_on(tmp_path: Path) -> None:
    documents, problems = read(write(tmp_path / "c.jsonl", BAD_LINES))
    assert [each.text for each in documents] == ["one", "two"]
    assert problems == BAD_LINES_SAID


def test_strict_stops_at_the_first_problem(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=re.escape(BAD_LINES_SAID[0])):
        read(write(tmp_path / "c.jsonl", BAD_LINES), strict=True)


@pytest.mark.parametrize("line", [b"[" * 100_000, b'{"text": ' + b"1" * 10_000 + b"}"])
def test_json_that_python_refuses_to_read_is_a_problem(tmp_path: Path, line: bytes) -> None:
    documents, problems = read(write(tmp_path / "c.jsonl", line + b'\n{"text": "two"}\n'))
    assert [each.text for each in documents] == ["two"]
    assert len(problems) == 1
    assert problems[0].startswith("c.jsonl, line 1: not readable as JSON")


def test_half_a_surrogate_pair_is_a_problem(tmp_path: Path) -> None:
    path = write(tmp_path / "c.jsonl", b'{"text": "\\ud800"}\n{"text": "two"}\n')
    assert read(path)[1] == ["c.jsonl, line 1: 'text' contains an unpaired surrogate"]


def test_a_missing_column_lists_the_available_ones(tmp_path: Path) -> None:
    path = write(tmp_path / "c.jsonl", jsonl([{"body": "x", "id": 1}]))
    with pytest.raises(CorpusError) as raised:
        read(path)
    assert str(raised.value) == "'c.jsonl' has no column 'text'. Available: body, id."


def test_a_missing_date_column_lists_the_available_ones(tmp_path: Path) -> None:
    path = write(tmp_path / "c.jsonl", jsonl(ROWS))
    with pytest.raises(CorpusError, match=r"no column 'when'\. Available: id, text"):
        read(path, date_column="when")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "c.jsonl: the file is empty."),
        (b"PK\x03\x04\x00\x00", "c.jsonl: the file is binary (or UTF-16), not UTF-8 text."),
        ("{}".encode("utf-16"), "c.jsonl: the file is binary (or UTF-16), not UTF-8 text."),
        (b"\n \n", "There is no document in '{path}'."),
        (b"x\ny\n", "There is no document in '{path}'. The first problem: c.jsonl, line 1: not "
                    "JSON (Expecting value at character 1)."),
    ],
)  # fmt: skip
def test_a_file_without_documents_is_an_error(tmp_path: Path, content: bytes, said: str) -> None:
    path = write(tmp_path / "c.jsonl", content)
    with pytest.raises(CorpusError) as raised:
        read(path)
    assert str(raised.value) == said.format(path=path)


@pytest.mark.parametrize("name", ["c.jsonl.gz", "c.jsonl.xz", "c.jsonl.zst", "c.parquet"])
def test_a_file_that_is_not_what_its_name_says_is_an_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(CorpusError, match=rf"^{name}: .*(cannot be read|not Parquet)"):
        read(write(tmp_path / name, b'{"text": "plain"}\n'))


def test_a_file_that_was_cut_off_gives_what_is_left_and_is_reported(tmp_path: Path) -> None:
    whole = gzip.compress(
        jsonl([{"text": hashlib.sha256(b"%d" % n).hexdigest()} for n in range(5000)])
    )
    documents, problems = read(write(tmp_path / "c.jsonl.gz", whole[: len(whole) // 2]))
    assert 1000 < len(documents) < 4000
    assert len(problems) == 1
    assert f"cannot be read after line {len(documents)}" in problems[0]


def test_a_missing_file_offers_the_near_one(tmp_path: Path) -> None:
    write(tmp_path / "corpus.jsonl", jsonl(ROWS))
    with pytest.raises(CorpusError) as raised:
        read(tmp_path / "corpsu.jsonl")
    assert str(raised.value) == (
        f"There is no file or directory '{tmp_path}/corpsu.jsonl'. "
        f"Did you mean '{tmp_path}/corpus.jsonl'?"
    )


def test_a_name_that_says_nothing_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=re.escape(".txt, .jsonl, .parquet (the first two also")):
        read(write(tmp_path / "c.csv", b"text\nx\n"))


def test_a_directory_without_corpus_files_is_an_error(tmp_path: Path) -> None:
    write(tmp_path / "notes.md", b"x")
    with pytest.raises(CorpusError, match="There is no corpus file in"):
        read(tmp_path)


def test_a_dataset_that_cannot_be_had_is_one_sentence() -> None:
    with pytest.raises(CorpusError) as raised:
        read("nobody/nothing:en:validation")
    assert str(raised.value).startswith(
        "There is no file 'nobody/nothing', and it cannot be loaded as a Hugging Face dataset "
        "with the split 'validation' ("
    )
    assert "\n" not in str(raised.value)


def test_a_ten_megabyte_line_passes_through_whole(tmp_path: Path) -> None:
    text = "So 5 is é. " * 1_000_000
    documents, problems = read(write(tmp_path / "c.txt", text.encode()))
    assert [each.text for each in documents] == [text]
    assert problems == []


def test_only_as_many_documents_are_read_as_are_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path / "c.jsonl", jsonl(ROWS) + b"not json\n")
    documents, problems = read(path, max_documents=2)
    assert [each.id for each in documents] == ["a", "7"]
    assert problems == []


def test_a_field_called_date_dates_a_document(tmp_path: Path) -> None:
    path = write(tmp_path / "c.jsonl", jsonl([{"text": "x", "date": "March 3, 2023"}]))
    assert read(path)[0][0].meta == {"date": "2023-03-03"}


def test_the_named_column_dates_a_document_before_a_field_called_date(tmp_path: Path) -> None:
    row = {"text": "x", "date": "2001-01-01", "timestamp": "2019-04-25T12:57:54Z"}
    path = write(tmp_path / "c.jsonl", jsonl([row]))
    assert read(path, date_column="timestamp")[0][0].meta == {
        "timestamp": "2019-04-25T12:57:54Z",
        "date": "2019-04-25",
    }


def test_a_date_that_is_none_is_reported_and_the_text_is_read_without_it(tmp_path: Path) -> None:
    path = write(tmp_path / "c.jsonl", jsonl([{"text": "x", "date": "soon"}]))
    assert read(path) == (
        [Document("c.jsonl:1", "x")],
        ["c.jsonl, line 1: 'soon' is not a date; the text is read without one"],
    )


def test_a_parquet_time_dates_a_document_and_bytes_are_described(tmp_path: Path) -> None:
    table = pa.table({"text": ["x"], "at": [datetime(2023, 3, 3, 12)], "raw": [b"abc"]})
    pq.write_table(table, tmp_path / "c.parquet")
    assert read(tmp_path / "c.parquet", date_column="at")[0][0].meta == {
        "at": "2023-03-03T12:00:00",
        "raw": "3 bytes",
        "date": "2023-03-03",
    }


def test_a_problem_is_logged_when_nobody_listens(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = write(tmp_path / "c.jsonl", b'x\n{"text": "one"}\n')
    assert len(list(read_corpus(path))) == 1
    assert "c.jsonl, line 1: not JSON" in caplog.text


def test_a_description_names_files_sizes_and_hashes_but_not_where_they_lie(
    tmp_path: Path,
) -> None:
    for place in ("here", "there"):
        write(tmp_path / place / "corpus" / "a.txt", b"one\n")
    here = describe_corpus(tmp_path / "here" / "corpus")
    assert here == describe_corpus(tmp_path / "there" / "corpus")
    assert here.name == "corpus"
    assert here.files == (CorpusFile("a.txt", 4, hashlib.sha256(b"one\n").hexdigest()),)
    assert here.to_dict()["files"][0]["size"] == 4


def test_a_document_is_read_before_the_next_one_is_there(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "c.jsonl")
    writer = os.open(tmp_path / "c.jsonl", os.O_RDWR)
    os.write(writer, jsonl(ROWS[:1]))
    documents = read_corpus(tmp_path / "c.jsonl")
    assert next(documents) == DOCUMENTS[0]
    os.write(writer, jsonl(ROWS[1:2]))
    assert next(documents) == DOCUMENTS[1]
    os.close(writer)


def test_the_rows_of_a_dataset_are_streamed_from_the_split_that_is_named(tmp_path: Path) -> None:
    write(tmp_path / "train.jsonl", jsonl([{"text": "one"}]))
    write(tmp_path / "validation.jsonl", jsonl([{"text": "two"}, {"text": "three"}]))
    rows = HubDataset(str(tmp_path), None, "validation").rows()
    assert list(rows) == [{"text": "two"}, {"text": "three"}]


@pytest.mark.parametrize(
    ("source", "dataset"),
    [
        ("imdb", HubDataset("imdb", None, "train")),
        ("allenai/c4:en", HubDataset("allenai/c4", "en", "train")),
        ("allenai/c4:en:validation", HubDataset("allenai/c4", "en", "validation")),
        ("imdb::test[:1%]", HubDataset("imdb", None, "test[:1%]")),
    ],
)
def test_a_dataset_is_named_with_its_configuration_and_split(
    source: str, dataset: HubDataset
) -> None:
    assert parse_dataset(source) == dataset
