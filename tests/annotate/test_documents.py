"""Whatever has documents is a corpus, and what has none is told how to be one."""

import re
from collections.abc import Iterator
from pathlib import Path

import datasets
import pytest

from toolformer.annotate.config import AnnotateConfig
from toolformer.annotate.documents import Reading
from toolformer.corpus import Corpora, CorpusProblem
from toolformer.errors import ConfigError, CorpusError
from toolformer.records import Document

ROWS = [{"text": "It is 5.", "id": 7, "date": "March 3, 2023"}, {"text": "So 7."}]
READ = [
    Document("7", "It is 5.", {"date": "2023-03-03"}),
    Document("documents:2", "So 7.", {}),
]


def read(corpus: object, *, strict: bool = False, **settings: object) -> list[Document]:
    return list(reading(corpus, strict=strict, **settings).documents)


def reading(corpus: object, *, strict: bool = False, **settings: object) -> Reading:
    config = AnnotateConfig(**settings)
    return Reading(corpus, config=config, strict=strict, on_problem=None)  # type: ignore[arg-type]


def without_nulls(documents: list[Document]) -> list[Document]:
    """A table has a null where a row has no field."""
    return [
        Document(each.id, each.text, {k: v for k, v in each.meta.items() if v is not None})
        for each in documents
    ]


@pytest.mark.parametrize(
    "corpus",
    [
        ROWS,
        tuple(ROWS),
        (row for row in ROWS),
        datasets.Dataset.from_list(ROWS),
        datasets.Dataset.from_list(ROWS).to_iterable_dataset(),
        READ,
        [READ[0], ROWS[1]],
    ],
    ids=["list", "tuple", "generator", "dataset", "iterable dataset", "documents", "mixed"],
)
def test_rows_are_documents_wherever_they_stand(corpus: object) -> None:
    assert without_nulls(read(corpus)) == READ


def test_texts_are_documents() -> None:
    texts = ["It is 5.", "So 7."]
    wanted = [Document("documents:1", texts[0]), Document("documents:2", texts[1])]
    assert read(texts) == wanted
    assert read(iter(texts)) == wanted
    assert read(datasets.Dataset.from_dict({"text": texts})["text"]) == wanted


def test_files_are_named_by_a_string_a_path_or_several_paths(tmp_path: Path) -> None:
    files = [tmp_path / "my texts a.txt", tmp_path / "b.txt"]
    for each in files:
        each.write_text(f"{each.stem}\n")
    for one in (str(files[0]), files[0], str(tmp_path / "my tex*.txt"), [files[0]]):
        assert [each.text for each in read(one)] == ["my texts a"]
    for several in (files, Corpora(tuple(map(str, files)))):
        assert [each.text for each in read(several)] == ["my texts a", "b"]


def test_another_column_is_read_and_the_first_documents_only() -> None:
    rows = ({"body": f"It is {n}."} for n in range(10))
    found = read(rows, text_column="body", max_documents=2)
    assert [each.text for each in found] == ["It is 0.", "It is 1."]
    assert next(rows)["body"] == "It is 2."


def test_a_row_that_cannot_be_read_costs_itself() -> None:
    rows = [None, 5, {"text": 3}, {"t": "x"}, {"text": "a\ud83d"}, Document("1", "b\ud83d"), *ROWS]
    problems: list[CorpusProblem] = []
    found = Reading(rows, config=AnnotateConfig(), strict=False, on_problem=problems.append)  # type: ignore[arg-type]
    assert [each.text for each in found.documents] == ["It is 5.", "So 7."]
    assert [each.line for each in problems] == [1, 2, 3, 4, 5, 6]
    assert found.problems == 6
    with pytest.raises(CorpusError, match=r"documents, line 1: it is None, not a text"):
        read(rows, strict=True)
    with pytest.raises(CorpusError, match=r"has no column 'text'\. .*Available: body"):
        read([{"body": "a"}])
    with pytest.raises(CorpusError, match=r"There is no document in 'documents'.*it is 5, not a"):
        read([5])


def test_what_a_document_of_a_program_holds_can_be_stored() -> None:
    from datetime import date

    meta = {"date": date(2023, 3, 3), "score": float("nan"), 5: {1, 2}, "deep": (1, None)}
    [found] = read([Document(7, "a", meta)])  # type: ignore[arg-type]
    assert found.id == "7"
    assert found.meta == {"date": "2023-03-03", "score": None, "5": "{1, 2}", "deep": [1, None]}


class Frame:
    columns = ("text",)

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)


@pytest.mark.parametrize(
    ("corpus", "said"),
    [
        ("There are 3 + 4 = 7 apples.", "There is no file 'There are 3 + 4 = 7 apples.': a text"),
        ("It is 5.\nSo 7.", "in a list, as [text]"),
        ("", "in a list, as [text]"),
        (Document("1", "a"), "in a list, as [document]"),
        ({"text": "a"}, "put a row in a list, as [row]"),
        ({"train": [], "test": []}, "'train', 'test' is not a corpus: choose the split"),
        (datasets.DatasetDict({"train": datasets.Dataset.from_list(ROWS)}), "as corpus['train']"),
        (Frame(), "table.to_dict('records') of pandas"),
        (None, "not NoneType None"),
        (5, "A corpus is a list of texts, of rows"),
        (b"It is 5.", "not bytes b'It is 5.'"),
    ],
)
def test_what_is_no_corpus_is_told_how_to_be_one(corpus: object, said: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(said)) as raised:
        read(corpus)
    assert str(raised.value).count(". ") == 0


def test_names_of_files_in_a_list_are_not_taken_for_texts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.txt").write_text("a\n")
    with pytest.raises(ConfigError, match=r"name files as \[Path\('a\.txt'\), \.\.\.\]"):
        read(["a.txt", "b.txt"])
    assert len(read(["b.txt"])) == 1


def test_a_list_is_identified_by_what_is_in_it_and_a_stream_is_not() -> None:
    assert reading(ROWS).describe() == reading(READ).describe()
    assert reading(ROWS).describe() != reading(ROWS[:1]).describe()
    assert reading(iter(ROWS)).describe() == {"name": "documents", "files": []}
