"""JSON is read as lines, as a list or as one object."""

import json
from pathlib import Path

import pytest

from tests.corpus.corpora import read, texts, write
from toolformer.corpus.json_files import holds_records

HARD = ['a "quote" \\ and \\"', "[1, {2}, 3]", "\u2028 \\\\", "}{][,,", "x" * 70_000 + '\\"']


@pytest.mark.parametrize("indent", [None, 2])
def test_a_list_is_read_object_by_object(tmp_path: Path, indent: int | None) -> None:
    rows = [
        {"text": text, "id": number, "deep": [[{"a": [text]}]]} for number, text in enumerate(HARD)
    ]
    path = write(tmp_path / "c.json", b"\xef\xbb\xbf" + json.dumps(rows, indent=indent).encode())
    documents, problems = read(path)
    assert [(each.text, each.id) for each in documents] == [(t, str(n)) for n, t in enumerate(HARD)]
    assert problems == []
    assert holds_records(path)


@pytest.mark.parametrize("shift", range(8))
def test_a_mark_may_lie_on_the_edge_of_a_block(tmp_path: Path, shift: int) -> None:
    rows = [{"text": "x" * (65536 - 20 + shift) + '\\"' * 9}, {"text": "two"}]
    path = write(tmp_path / "c.json", json.dumps(rows).encode())
    assert texts(path) == [row["text"] for row in rows]


def test_what_is_wrong_in_a_list_costs_its_own_record(tmp_path: Path) -> None:
    content = b'[{"text": "one"}, {"text": }, 5, {"text": "\xff"}, {"text": "two"},]'
    assert read(write(tmp_path / "c.json", content))[1] == [
        "c.json, line 2: not JSON (Expecting value at character 11)",
        "c.json, line 3: not a JSON object",
        "c.json, line 4: not UTF-8 (byte 12 of the line)",
    ]
    assert texts(tmp_path / "c.json") == ["one", "two"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'[{"text": "one"}, {"text": "tw', "the file ends inside its list (after record 1)"),
        (b'[{"text": "one"}]\n[2]', "something follows the end of the list (after record 1)"),
    ],
)
def test_a_list_that_breaks_off_gives_what_is_whole(
    tmp_path: Path, content: bytes, said: str
) -> None:
    path = write(tmp_path / "c.json", content)
    assert texts(path) == ["one"]
    assert read(path)[1] == [f"c.json: {said}"]


def test_an_item_of_any_length_costs_itself(tmp_path: Path) -> None:
    content = b'[{"text": "one"}, {"text": "' + b"x" * (65 << 20) + b'"}, {"text": "two"}]'
    assert texts(write(tmp_path / "c.json", content)) == ["one", "two"]


def test_lines_in_a_json_file_are_read_and_no_line_decides_for_the_others(tmp_path: Path) -> None:
    path = write(tmp_path / "c.json", b'{"text": \n{"text": "one"}\n\n{"text": "two"}\n')
    assert texts(path) == ["one", "two"]


def test_one_object_is_one_record(tmp_path: Path) -> None:
    path = write(tmp_path / "c.json", b'{\n  "text": "one"\n}\n')
    assert texts(path) == ["one"]
    assert not holds_records(path)
