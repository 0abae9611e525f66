"""An index: built once, continued after a kill, refused when it is another's or damaged."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolformer.errors import ConfigError, ToolError
from toolformer.tools.builtin.search import search
from toolformer.tools.search import IndexProgress, Page, SearchIndex, build, build_index
from toolformer.tools.search.passages import passages_of
from toolformer.tools.search.words import words_of

PAGES = [
    Page("Canberra", "Canberra is the capital of Australia. It was planned from 1912 on."),
    Page("Reel", "A spinning reel holds the line on a spool that stands still."),
    Page("Zürich", "Zürich lies at the northern end of a lake. Its river is the Limmat."),
    Page("Tokyo", "東京は日本の首都です。"),
]


@pytest.fixture
def index(tmp_path: Path) -> Path:
    build_index(PAGES, tmp_path / "index", source={"name": "pages"})
    return tmp_path / "index"


def titles(index: Path, query: str, *, most: int = 5) -> list[str]:
    return [each.passage.title for each in SearchIndex(index).search(query, most=most)]


@pytest.mark.parametrize(
    ("query", "best"),
    [
        ("What is the capital of Australia?", "Canberra"),
        ("spinning reels", "Reel"),
        ("zurich LAKE", "Zürich"),
        ("日本の首都", "Tokyo"),
    ],
)
def test_the_passage_with_the_words_is_found(index: Path, query: str, best: str) -> None:
    assert titles(index, query)[0] == best


def test_only_what_has_one_of_the_words_is_found(index: Path) -> None:
    assert titles(index, "lake") == ["Zürich"]
    assert titles(index, "volcano") == titles(index, "") == titles(index, "?!") == []
    assert titles(index, "spool capital lake", most=2) != titles(index, "spool capital lake")[:1]


@given(
    st.lists(st.text(alphabet="abc .!?\n", max_size=60), max_size=5),
    st.integers(min_value=1, max_value=8),
)
def test_passages_hold_every_word_once_and_in_order(texts: list[str], words: int) -> None:
    for text in texts:
        passages = list(passages_of(Page("t", text), words=words))
        assert " ".join(each.text for each in passages).split() == text.split()
        assert all(0 < len(each.text.split()) <= words for each in passages)


@given(st.text(max_size=40))
def test_words_of_words_are_the_same(text: str) -> None:
    assert words_of(text.upper()) is not None
    for word in words_of(text):
        assert word
        assert not set(word) & set(" \n\t.,!?_")


class KilledError(Exception):
    """Stands for a kill."""


def test_a_build_that_was_killed_continues_to_the_same_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "_PAGES_A_STEP", 1)
    read: list[str] = []

    def pages(until: int | None = None) -> Iterator[Page]:
        for number, page in enumerate(PAGES):
            if number == until:
                raise KilledError
            read.append(page.title)
            yield page

    out = tmp_path / "index"
    with pytest.raises(KilledError):
        build_index(pages(until=2), out, source={"name": "pages"})
    with (out / build.PASSAGES).open("ab") as file:
        file.write(b'{"title": "half a li')
    seen: list[IndexProgress] = []
    build_index(pages(), out, source={"name": "pages"}, on_progress=seen.append)
    assert [each.pages for each in seen] == [3, 4, 4]
    whole = tmp_path / "whole"
    build_index(PAGES, whole, source={"name": "pages"})
    for path in sorted(whole.rglob("*")):
        if path.is_file() and path.name != ".lock":
            assert path.read_bytes() == (out / path.relative_to(whole)).read_bytes(), path


def test_a_finished_index_is_not_built_again(index: Path) -> None:
    def never() -> Iterator[Page]:
        raise AssertionError("it was read")
        yield

    built = build_index(never(), index, source={"name": "pages"})
    assert (built.pages, built.passages) == (4, 4)


@pytest.mark.parametrize("is_whole", [True, False])
def test_an_index_over_something_else_is_not_continued(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_whole: bool
) -> None:
    def failing() -> Iterator[Page]:
        yield PAGES[0]
        raise KilledError

    monkeypatch.setattr(build, "_PAGES_A_STEP", 1)
    if is_whole:
        build_index(PAGES, tmp_path, source={"name": "pages"})
    else:
        with pytest.raises(KilledError):
            build_index(failing(), tmp_path, source={"name": "pages"})
    with pytest.raises(ConfigError, match=r"over something else"):
        build_index(PAGES, tmp_path, source={"name": "others"})


def test_a_corpus_without_text_gives_no_index(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="There is no text in the corpus"):
        build_index([Page("empty", " \n")], tmp_path)
    with pytest.raises(ConfigError, match=r"There is no index in .*toolformer index CORPUS --out"):
        SearchIndex(tmp_path)


def damage(index: Path, name: str, content: bytes | None) -> None:
    path = index / name
    path.unlink() if content is None else path.write_bytes(content)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (build.STATE, b"{", "is damaged"),
        (build.STATE, b"[]", "of another version than 1"),
        (build.STATE, b'{"version": 2}', "of another version than 1: build it again"),
        (build.STATE, b'{"version": 1}', "how many passages"),
        (build.PASSAGES, None, "is damaged"),
        (build.PASSAGES, b"", "is damaged"),
        (build.OFFSETS, b"\0" * 8, "another number of passages"),
        (f"{build.SCORES}/data.csc.index.npy", None, "is damaged"),
        (f"{build.SCORES}/data.csc.index.npy", b"not an array", "is damaged"),
        (f"{build.SCORES}/vocab.index.json", b"{", "is damaged"),
    ],
)
def test_a_damaged_index_is_refused(
    index: Path, name: str, content: bytes | None, said: str
) -> None:
    damage(index, name, content)
    with pytest.raises(ConfigError, match=said):
        SearchIndex(index)


def test_a_damaged_line_is_refused_where_it_is_found(index: Path) -> None:
    lines = (index / build.PASSAGES).read_bytes()
    damage(index, build.PASSAGES, b"x" * len(lines))
    with pytest.raises(ConfigError, match="is damaged"):
        SearchIndex(index).search("lake", most=1)


def shown(index: Path, query: str, **options: int) -> str:
    return search(index, **options).execute(query)


def test_an_answer_has_the_title_first_and_is_cut_to_its_budget(index: Path) -> None:
    assert shown(index, "lake") == f"Zürich > {PAGES[2].text}"
    assert shown(index, "lake", characters=40) == "Zürich > Zürich lies at the northern…"
    both = shown(index, "lake Australia", results=2, characters=90)
    assert len(both) <= 90
    assert both.count(" > ") == 2
    assert " | " in both


def test_nothing_found_is_an_error_that_the_model_sees(index: Path) -> None:
    with pytest.raises(ToolError, match="Nothing was found for 'volcano'"):
        shown(index, "volcano")


@pytest.mark.parametrize("options", [{"results": 0}, {"characters": 5}])
def test_an_answer_has_room(index: Path, options: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match="one result or more, and 20 characters or more"):
        search(index, **options)


def test_another_index_in_its_place_is_another_state(index: Path, tmp_path: Path) -> None:
    before = search(index).state
    assert before is not None
    first = before()
    (index / build.STATE).write_text(json.dumps({"version": 1, "passages": 9}))
    assert before() != first


def test_texts_of_all_kinds_can_be_found(tmp_path: Path) -> None:
    pages: Sequence[Page] = [Page("a\nb", 'quotes " and \\ and \u2028'), Page("", "untitled words")]
    build_index(pages, tmp_path)
    assert shown(tmp_path, "quotes").startswith("a b > quotes")
    assert shown(tmp_path, "untitled") == "untitled words"


def test_a_small_file_is_searched_without_an_index(tmp_path: Path) -> None:
    rows = [{"title": page.title, "text": page.text} for page in PAGES]
    file = tmp_path / "pages.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)) + "\n\n")
    made = search(path=file)
    assert made.execute("capital of Australia").startswith("Canberra > Canberra is the capital")
    (tmp_path / "lines.txt").write_text("Tea is a drink.\nCoffee is another one.\n")
    assert search(path=tmp_path / "lines.txt").execute("coffee") == "Coffee is another one."


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.jsonl", '{"text": "x"}\n{"no": 1}', "line 2: not an object with a `text`"),
        ("a.jsonl", "[1]", "line 1: not an object"),
        ("a.txt", "\n", "There is no text"),
        ("a.csv", "text\nx", "neither .jsonl nor .txt"),
        ("a.txt", b"\xff\xfe", "cannot be searched"),
    ],
)
def test_a_file_that_cannot_be_searched_is_refused(
    tmp_path: Path, name: str, content: str | bytes, reason: str
) -> None:
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ConfigError, match=reason):
        search(path=tmp_path / name)
    with pytest.raises(ConfigError, match="There is no file"):
        search(path=tmp_path / "nowhere.txt")
