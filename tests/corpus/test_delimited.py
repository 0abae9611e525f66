"""Tables in text are read row by row, and a bad row costs itself."""

from pathlib import Path

import pytest

from tests.corpus.corpora import read, texts, write
from toolformer.corpus import read_corpus
from toolformer.errors import CorpusError
from toolformer.records import Document


def test_a_table_is_read_with_its_values_as_they_are_written(tmp_path: Path) -> None:
    content = (
        '\ufeffid,text,date,n\r\n007,"one, ""two""\r\nthree",2023-03-03,1e5\r\n\r\n8,four,,\r\n'
    )
    assert read(write(tmp_path / "c.csv", content.encode())) == (
        [
            Document("007", 'one, "two"\r\nthree', {"date": "2023-03-03", "n": "1e5"}),
            Document("8", "four", {"n": ""}),
        ],
        [],
    )


def test_tabs_part_the_values_of_a_tsv(tmp_path: Path) -> None:
    path = write(tmp_path / "c.tsv", b"text\tn\none, two\t3\n")
    assert read(path)[0] == [Document("c.tsv:2", "one, two", {"n": "3"})]


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (b'2,"open', "unexpected end of data"),
        (b"2", "1 values for 2 columns"),
        (b"2,a,b", "3 values for 2 columns"),
        (b"2,\xff", "not UTF-8 (byte 3 of the line)"),
        (b'2,"a"b', "',' expected after '\"'"),
        (b"2,", "'text' is empty"),
    ],
)
def test_a_bad_row_costs_itself_alone(tmp_path: Path, bad: bytes, said: str) -> None:
    path = write(tmp_path / "c.csv", b"id,text\n1,one\n" + bad + b"\n3,three\n4,four\n")
    assert texts(path) == ["one", "three", "four"]
    assert read(path)[1] == [f"c.csv, line 3: {said}"]


def test_many_open_quotes_are_read_in_one_go(tmp_path: Path) -> None:
    rows = b'1,"a\n' * 20_000 + b'1,""\n' * 20_000 + b"2,two\n"
    documents = list(read_corpus(write(tmp_path / "c.csv", b"id,text\n" + rows), on_problem=id))
    assert documents[-1].text == "two"


def test_a_long_value_is_read_and_one_too_long_costs_itself(tmp_path: Path) -> None:
    long = "x" * 200_000  # more than the library reads by itself
    path = write(tmp_path / "c.csv", f"id,text\n1,{long}\n2,{'y' * (65 << 20)}\n3,z\n".encode())
    assert texts(path) == [long, "z"]
    assert "longer than 64 MiB" in read(path)[1][0]


def test_a_table_with_no_row_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="There is no document in"):
        read(write(tmp_path / "c.csv", b"id,text\n"))


@pytest.mark.parametrize("head", [b"id;text\n", b'\n"id";"text"\r\n', b"\xef\xbb\xbfid;text\n"])
def test_semicolons_part_the_values_where_the_first_row_has_them_and_no_comma(
    tmp_path: Path, head: bytes
) -> None:
    path = write(tmp_path / "c.csv", head + b"1;He has 1,5.\n2;Two\n")
    assert read(path)[0] == [Document("1", "He has 1,5.", {}), Document("2", "Two", {})]
    path = write(tmp_path / "d.csv", b"id,text;s\n1,a;b\n")
    assert [each.text for each in read_corpus(path, text_column="text;s")] == ["a;b"]


def test_columns_of_one_name_are_all_kept(tmp_path: Path) -> None:
    path = write(tmp_path / "c.csv", b"text,text,text.1,,\na,b,c,,\n")
    assert read(path)[0] == [
        Document("c.csv:2", "a", {"text.1": "b", "text.1.1": "c", "": "", ".1": ""})
    ]


def test_a_line_end_of_its_own_kind_is_told_without_advice_to_programmers(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"\(new-line character seen in unquoted field\)\.$"):
        texts(write(tmp_path / "c.csv", b"text,id\ra,1\r"))
