"""What the documentation shows is what happens."""

import doctest
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.test_architecture import PACKAGE

ROOT = Path(__file__).parents[1]
PAGES = [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md"]


def sessions() -> Iterator[doctest.DocTest]:
    """Yields the interactive sessions of each page, as one test a page."""
    for page in PAGES:
        # A closing fence would be taken for printed text.
        text = re.sub(r"^```.*$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
        test = doctest.DocTestParser().get_doctest(text, {}, page.name, str(page), 0)
        if test.examples:
            yield test


@pytest.mark.parametrize("session", list(sessions()), ids=lambda session: session.name)
def test_a_session_prints_what_the_page_says(
    session: doctest.DocTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said: list[str] = []
    failed = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(session, out=said.append)
    assert failed.failed == 0, "".join(said)


def test_the_architecture_page_draws_every_part_of_the_package() -> None:
    drawn = re.findall(
        r"^  (\w+)(?:\.py|/)  ", (ROOT / "docs" / "architecture.md").read_text(), flags=re.MULTILINE
    )
    parts = {
        path.stem
        for path in PACKAGE.iterdir()
        if path.suffix == ".py" or (path.is_dir() and path.name != "__pycache__")
    }
    assert sorted(drawn) == sorted(parts - {"__main__", "_version"})


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)[^)]*\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []
