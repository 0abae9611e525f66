"""Anybody's words in Markdown are shown and change nothing, by a renderer that is not ours."""

import re

import pytest
from markdown_it import MarkdownIt

from toolformer.hub.cards.markdown import block, code, escaped, table

HOSTILE = [
    "<script>alert(1)</script>",
    "[click](https://evil.example) ![x](https://evil.example/a.png)",
    "a | b | c",
    "`code` ``` and ~~~",
    "**bold** _under_ # heading",
    "</code></td></tr></table>",
    "&lt;b&gt; &amp; \\| \\`",
    "https://evil.example @somebody :smile: $x$",
    "<!-- comment --> -->",
]
RENDERER = MarkdownIt("gfm-like", {"linkify": False})


def shown(rendered: str) -> str:
    """Returns the text of rendered HTML."""
    text = re.sub(r"<[^>]+>", "", rendered).strip()
    return (
        text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&amp;", "&")
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_a_cell_shows_the_text_and_the_table_stays_a_table(text: str) -> None:
    rendered = RENDERER.render(table(["tool", "spec"], [[escaped(text), code(text)]]))
    cells = re.findall(r"<td[^>]*>(.*?)</td>", rendered, re.S)
    assert [shown(cell) for cell in cells] == [text, text]
    tags = set(re.findall(r"<(\w+)", rendered))
    assert tags <= {"table", "thead", "tbody", "tr", "th", "td", "code"}


@pytest.mark.parametrize("text", HOSTILE)
def test_a_block_shows_the_text(text: str) -> None:
    rendered = RENDERER.render(block(f"first\n{text}\n# last"))
    assert set(re.findall(r"<(\w+)", rendered)) == {"pre", "code"}
    assert shown(rendered) == f"first\n{text}\n# last"


def test_what_steers_a_reader_is_replaced() -> None:
    assert escaped("a\u202eb\x1b[31mc\nd") == "a�b�&#91;31mc d"
    assert escaped("کتاب‌ها") == "کتاب‌ها"
