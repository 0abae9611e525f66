"""Articles of a ZIM file, as Kiwix has whole encyclopedias. Knows no Document."""

from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

from toolformer.corpus.lines import MOST_BYTES, TOO_LONG, WholeFileError, reason_of
from toolformer.errors import how_to_install

# What is not read as the text of an article.
_ASIDE = ("script", "style", "table", "sup", "nav", "header", "footer", "figure", "math", "title")
_BLOCKS = ("p", "li", "dd", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "div", "br")


def zim_rows(path: Path) -> Iterator[tuple[int, Mapping[str, object] | str]]:
    """Yields the number of each page, from 1, with its title and text; redirections are left out.

    Raises:
        WholeFileError: the file is not ZIM or is damaged, or what reads it is not installed.
    """
    if find_spec("libzim") is None or find_spec("bs4") is None:
        raise WholeFileError(f"reading ZIM needs an extra: {how_to_install('zim')}")
    from libzim.reader import Archive

    try:
        archive = Archive(path)
        count = archive.entry_count
    except RuntimeError as error:
        raise WholeFileError(f"the file is not ZIM ({reason_of(error)})") from None
    number = 0
    for index in range(count):
        try:
            entry = archive._get_entry_by_id(index)
            if entry.is_redirect:
                continue
            item = entry.get_item()
            if item.mimetype.partition(";")[0] != "text/html":
                continue
            number += 1
            if item.size > MOST_BYTES:
                yield number, TOO_LONG
                continue
            text = text_of(bytes(item.content).decode("utf-8", "replace"))
        except RuntimeError as error:
            number += 1
            yield number, f"cannot be read ({reason_of(error)})"
            continue
        if text:
            yield number, {"title": entry.title, "text": text}


def text_of(page: str) -> str:
    r"""Returns the text of a page of HTML, a line for each of its paragraphs.

    >>> text_of("<h1>Tea</h1><p>A <b>drink</b>.<sup>[1]</sup></p><script>x</script><li>Hot")
    'Tea\nA drink.\nHot'
    """
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(" ".join(page.split()), "html.parser")
    for each in soup(_ASIDE):
        each.decompose()
    for each in soup(_BLOCKS):
        each.insert_before("\n")
        each.insert_after("\n")
    lines = (" ".join(line.split()) for line in soup.get_text().split("\n"))
    return "\n".join(line for line in lines if line)
