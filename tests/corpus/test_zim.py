"""A ZIM file as Kiwix has them: its pages are texts, and can be indexed."""

from pathlib import Path

import pytest
from libzim.writer import Creator, Hint, Item, StringProvider

from toolformer.corpus.read import read_corpus
from toolformer.corpus.zim import text_of
from toolformer.errors import CorpusError

PAGE = """<html><head><title>no</title><style>p {{}}</style></head><body>
<h1>{title}</h1><p>It is <b>the capital</b>
of Australia.<sup>[1]</sup></p><table><tr><td>1913</td></tr></table><p>Second.</p></body></html>"""


class Page(Item):  # type: ignore[misc]  # libzim has no types
    def __init__(self, path: str, title: str, content: str, kind: str = "text/html") -> None:
        super().__init__()
        self.path, self.title, self.content, self.kind = path, title, content, kind

    def get_path(self) -> str:
        return self.path

    def get_title(self) -> str:
        return self.title

    def get_mimetype(self) -> str:
        return self.kind

    def get_contentprovider(self) -> StringProvider:
        return StringProvider(self.content)

    def get_hints(self) -> dict[Hint, int]:
        return {Hint.FRONT_ARTICLE: True}


@pytest.fixture
def zim(tmp_path: Path) -> Path:
    path = tmp_path / "wiki.zim"
    with Creator(path) as creator:
        for title in ("Canberra", "Tea"):
            creator.add_item(Page(title.lower(), title, PAGE.format(title=title)))
        creator.add_item(Page("empty", "Empty", "<html></html>"))
        creator.add_item(Page("s.css", "s.css", "p {}", "text/css"))
        creator.add_redirection("capital", "Capital", "canberra", {})
    return path


def test_pages_are_texts_with_titles(zim: Path) -> None:
    documents = list(read_corpus(zim))
    assert [each.meta["title"] for each in documents] == ["Canberra", "Tea"]
    assert documents[0].text == "Canberra\nIt is the capital of Australia.\nSecond."


def test_a_file_that_is_none_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "a.zim").write_bytes(b"nothing of the kind")
    with pytest.raises(CorpusError, match="the file is not ZIM"):
        list(read_corpus(tmp_path / "a.zim"))


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("", ""),
        ("<p>One<br>two</p>", "One\ntwo"),
        ("<p>A &amp; b &lt;c&gt;", "A & b <c>"),
        ("<ul><li>one<li>two</ul>", "one\ntwo"),
        ("plain", "plain"),
    ],
)
def test_html_is_read_as_paragraphs(page: str, text: str) -> None:
    assert text_of(page) == text
