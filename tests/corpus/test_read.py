"""Documents come out of any file a corpus may be; what cannot be read is reported."""

import bz2
import gzip
import hashlib
import json
import lzma
import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.corpus.corpora import jsonl, read, texts, write
from toolformer.corpus import CorpusProblem, read_corpus
from toolformer.errors import CorpusError
from toolformer.records import Document

ROWS = [{"id": "a", "text": "one"}, {"id": 7, "text": "two\nlines é"}, {"text": "three", "n": 3}]
DOCUMENTS = [
    Document("a", "one"),
    Document("7", "two\nlines é"),
    Document("{name}:3", "three", {"n": 3}),
]


def zstd(content: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(content)
    return bytes(sink.getvalue())


@pytest.mark.parametrize(
    ("suffix", "pack"),
    [
        (".jsonl", bytes),
        (".jsonl.gz", gzip.compress),
        (".jsonl.xz", lzma.compress),
        (".jsonl.zst", zstd),
        (".jsonl.bz2", bz2.compress),
        (".ndjson", bytes),
        (".json.gz", gzip.compress),
        (".json", lambda content: b"[" + b",".join(content.splitlines()) + b"]"),
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


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress, zstd, bz2.compress])
def test_a_file_packed_in_several_parts_is_read_to_its_end(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    suffix = {gzip.compress: "gz", lzma.compress: "xz", bz2.compress: "bz2"}.get(pack, "zst")
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
        (b"PK\x03\x04\x00\x00", "c.jsonl: the file holds ZIP data, which its name does not say."),
        (b"\x89\0\0\x01", "c.jsonl: the file is binary (or UTF-16), not UTF-8 text."),
        ("{}".encode("utf-16-be"), "c.jsonl: the file is binary (or UTF-16), not UTF-8 text."),
        ("{}".encode("utf-16"), "c.jsonl: the file is UTF-16, not UTF-8: convert it with iconv "
                                "-f utf-16 -t utf-8."),
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


def test_a_number_of_documents_that_cannot_be_is_one_sentence(tmp_path: Path) -> None:
    path = write(tmp_path / "c.txt", b"one\ntwo\n")
    assert len(read(path, max_documents=10**30)[0]) == 2
    assert read(path, max_documents=0)[0] == []
    with pytest.raises(CorpusError, match="max_documents=-1: it is at least 0"):
        read(path, max_documents=-1)


@pytest.mark.parametrize("suffix", ["gz", "bz2", "xz"])
def test_a_short_file_with_something_behind_its_end_is_read_to_there(
    tmp_path: Path, suffix: str
) -> None:
    pack = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}[suffix]
    content = pack(b"one\n") + pack(b"two\n" * 50_000)[:-20]
    documents, [problem] = read(write(tmp_path / f"c.txt.{suffix}", content))
    assert documents[0].text == "one"
    assert "cannot be read after line" in problem


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


def test_no_record_decides_for_the_others_which_columns_there_are(tmp_path: Path) -> None:
    rows = [{"t": "x"}, {"text": "one"}, {"t": "y"}, {"text": "two", "when": "2023-03-03"}]
    path = write(tmp_path / "c.jsonl", jsonl(rows))
    assert read(path, date_column="when") == (
        [
            Document("c.jsonl:2", "one"),
            Document("c.jsonl:4", "two", {"when": "2023-03-03", "date": "2023-03-03"}),
        ],
        [
            "c.jsonl, line 1: no column 'text'",
            "c.jsonl, line 2: no date in 'when'; the text is read without one",
            "c.jsonl, line 3: no column 'text'",
        ],
    )  # fmt: skip


def test_a_file_without_the_column_costs_itself_alone(tmp_path: Path) -> None:
    pq.write_table(pa.table({"body": ["x", "y"]}), tmp_path / "a.parquet")
    write(tmp_path / "b.jsonl", jsonl([{"text": "two"}]))
    assert read(tmp_path) == (
        [Document("b.jsonl:1", "two")],
        ["a.parquet: no column 'text'"],
    )


def test_a_column_in_another_case_is_offered(tmp_path: Path) -> None:
    with pytest.raises(
        CorpusError, match=r"no column 'text'\. Did you mean 'Text'\? Available: Text"
    ):
        read(write(tmp_path / "c.csv", b"Text\nx\n"))


def test_documents_pass_on_when_many_have_no_date_yet(tmp_path: Path) -> None:
    rows: list[object] = [{"text": "x"}] * 1500 + [{"text": "y", "when": "2023-03-03"}]
    documents, problems = read(write(tmp_path / "c.jsonl", jsonl(rows)), date_column="when")
    assert (len(documents), len(problems)) == (1501, 1500)


def test_only_what_costs_a_record_counts_as_a_loss(tmp_path: Path) -> None:
    write(
        tmp_path / "a.jsonl",
        b'{"text": "x", "date": "soon"}\n{"text": 5}\n{"text": "y", "date": ""}\n',
    )
    write(tmp_path / "b.txt", b"")
    write(tmp_path / "notes.md", b"x")
    problems: list[CorpusProblem] = []
    assert len(list(read_corpus(tmp_path, on_problem=problems.append))) == 2
    assert [(each.source, each.is_loss) for each in problems] == [
        (tmp_path.name, False), ("a.jsonl", False), ("a.jsonl", True), ("b.txt", False),
    ]  # fmt: skip


def test_what_json_has_no_word_for_is_null_or_described_in_the_meta(tmp_path: Path) -> None:
    deep = "[" * 900 + "]" * 900
    line = f'{{"text": "x", "a": NaN, "b": [-Infinity, 1e999, 1], "deep": {deep}}}'
    [document], problems = read(write(tmp_path / "c.jsonl", line.encode()))
    assert problems == []
    assert document.meta["a"] is None
    assert document.meta["b"] == [None, None, 1]
    assert "nested too deeply" in json.dumps(document.meta["deep"], allow_nan=False)


def test_nesting_that_nobody_follows_costs_its_record(tmp_path: Path) -> None:
    line = b'{"text": "x", "deep": ' + b'{"a":' * 5000 + b"1" + b"}" * 5001 + b"\n"
    documents, problems = read(write(tmp_path / "c.jsonl", line + b'{"text": "two"}\n'))
    assert [each.text for each in documents] == ["two"]
    assert problems == ["c.jsonl, line 1: not readable as JSON (it is nested too deeply)"]


SECOND = 1677801600  # the first of 2023-03-03


@pytest.mark.parametrize(
    ("text", "known", "day", "id_read"),
    [
        (pa.array(["x"], pa.large_string()), [7], [date(2023, 3, 3)], "7"),
        (pa.array(["x"]).dictionary_encode(), [7.0], [datetime(2023, 3, 3)], "7"),
        (pa.array([b"x"]), [b"7"], [b"2023-03-03"], "7"),
        (["x"], [Decimal("7.5")], pa.array([19419], pa.date32()), "7.5"),
        (["x"], pa.array(["7"]).dictionary_encode(), ["March 3, 2023"], "7"),
        (["x"], [b"\xff\x00"], pa.array([SECOND * 10**9 + 1], pa.timestamp("ns")), "ff00"),
        (["x"], [None], pa.array([SECOND], pa.timestamp("s", "+02:00")), "c.parquet:1"),
        (["x"], [["7"]], pa.array([SECOND * 1000], pa.date64()), "c.parquet:1"),
    ],
)
def test_no_parquet_type_loses_a_text_an_id_or_a_day(
    tmp_path: Path, text: object, known: object, day: object, id_read: str
) -> None:
    pq.write_table(pa.table({"text": text, "id": known, "date": day}), tmp_path / "c.parquet")
    assert read(tmp_path / "c.parquet") == ([Document(id_read, "x", {"date": "2023-03-03"})], [])


@pytest.mark.parametrize("number", [20230303, 20230303.0, 1677801600, True])
def test_a_number_is_not_a_date(tmp_path: Path, number: object) -> None:
    pq.write_table(pa.table({"text": ["x"], "date": [number]}), tmp_path / "c.parquet")
    documents, [problem] = read(tmp_path / "c.parquet")
    assert documents == [Document("c.parquet:1", "x")]
    assert "is not a date; the text is read without one" in problem


@pytest.mark.parametrize("suffix", ["gz", "zst"])
def test_a_line_of_any_length_costs_itself_alone(tmp_path: Path, suffix: str) -> None:
    pack = {"gz": gzip.compress, "zst": zstd}[suffix]
    content = b"one\n" + b"x" * (70 << 20) + b"\ntwo\n"
    documents, problems = read(write(tmp_path / f"c.txt.{suffix}", pack(content)))
    assert [each.text for each in documents] == ["one", "two"]
    assert problems == [
        f"c.txt.{suffix}, line 2: longer than 64 MiB, the most that is read of one record"
    ]


@pytest.mark.parametrize("suffix", ["gz", "bz2", "xz", "zst"])
def test_what_was_read_before_the_damage_stays(tmp_path: Path, suffix: str) -> None:
    pack = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress, "zst": zstd}[suffix]
    lines = jsonl([{"text": hashlib.sha512(b"%d" % n).hexdigest()} for n in range(12_000)])
    whole = pack(lines)
    cut = write(tmp_path / f"c.jsonl.{suffix}", whole[: len(whole) * 3 // 4])
    documents, [problem] = read(cut)
    assert 4_000 < len(documents) < 10_000
    assert f"c.jsonl.{suffix}: cannot be read after line {len(documents)} (" in problem


def test_a_null_byte_is_a_character_and_costs_nothing(tmp_path: Path) -> None:
    lines = b'{"text": "a\\u0000b"}\n{"text": "a\0b"}\n{"text": "two"}\n'
    assert texts(write(tmp_path / "c.jsonl", lines)) == ["a\0b", "two"]
    assert texts(write(tmp_path / "c.txt", b"a\0b but few of them\ntwo\n")) == [
        "a\0b but few of them",
        "two",
    ]


def test_ids_may_come_twice(tmp_path: Path) -> None:
    path = write(tmp_path / "c.jsonl", jsonl([{"id": 1, "text": "a"}, {"id": 1, "text": "b"}]))
    assert read(path) == ([Document("1", "a"), Document("1", "b")], [])


def test_what_a_problem_says_can_be_printed() -> None:
    problem = CorpusProblem("a\x1b[31m.txt", 3, "'\u009b' and \udcff")
    assert str(problem) == "a\\x1b[31m.txt, line 3: '\\x9b' and \\udcff"


def test_a_first_line_like_the_mark_of_utf16_costs_itself(tmp_path: Path) -> None:
    path = write(tmp_path / "c.jsonl", b'\xff\xfe\n{"text": "one"}\n')
    assert texts(path) == ["one"]
