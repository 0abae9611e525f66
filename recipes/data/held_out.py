"""The articles no training text may come from: the sample corpus and the fact sentences that benchmarks annotate.

`held_out.txt` lists them, one id a line; `python -m recipes.data.sample` writes it. A model that was trained on an
article knows its words already, and what a tool's result is worth in it cannot be measured any more.
"""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

_LIST = Path(__file__).with_name("held_out.txt")


@cache
def articles() -> frozenset[str]:
    """Returns the ids of the Wikipedia and Wikinews articles that are held out.

    >>> "enwiki/3354" in articles()  # Berlin, in the sample corpus
    True
    """
    return frozenset(_LIST.read_text(encoding="utf-8").split())


def is_held_out(article_id: str) -> bool:
    """Says whether training texts must leave an article out; of the web pages (C4) they leave out all.

    >>> is_held_out("c4/17"), is_held_out("enwiki/0")
    (True, False)
    """
    return article_id.startswith("c4/") or article_id in articles()


def write(record_ids: Iterable[str]) -> None:
    """Writes the list from ids of articles or of excerpts (`enwiki/3354#7dafbd`)."""
    ids = {record_id.split("#")[0] for record_id in record_ids}
    kept = sorted(name for name in ids if name.startswith(("enwiki/", "wikinews/")))
    _LIST.write_text("".join(f"{name}\n" for name in kept), encoding="utf-8")
