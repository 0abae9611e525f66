"""WikiSearch: the passages of a corpus that fit some words, by BM25."""

from pathlib import Path

from toolformer.errors import ConfigError, ToolError, clipped
from toolformer.tools.base import Tool
from toolformer.tools.decorator import tool
from toolformer.tools.exemplar import Exemplar
from toolformer.tools.search import Found, SearchIndex, open_small

# The paper's have this shape (appendix A.2): a few words, and what follows is told by a passage.
_EXEMPLARS = (
    Exemplar(
        "The flag of Jamaica has three colours: the green stands for",
        "flag of Jamaica colours meaning",
        " hope and agriculture, the black for hardship.",
    ),
    Exemplar(
        "A fixed-spool reel does not turn when one casts, because",
        "fixed-spool fishing reel casting",
        " the line slips over the edge of its spool.",
    ),
    Exemplar(
        "Doctors give vitamin K to newborn children, since",
        "vitamin K newborn",
        " they have little of it and could bleed.",
    ),
)


def search(
    index: Path | None = None,
    path: Path | None = None,
    name: str = "WikiSearch",
    results: int = 1,
    characters: int = 400,
) -> Tool:
    """Makes a search over an index that `toolformer index` wrote, or over one small file.

    Args:
        index: The directory of the index.
        path: A .jsonl or .txt file of a few megabytes, instead; it is indexed now.
        name: What calls it is by.
        results: How many passages an answer has.
        characters: How long an answer is at most, titles included.

    Raises:
        ConfigError: There is no such index, or an answer could hold nothing.
    """
    if (index is None) == (path is None):
        raise ConfigError(
            "Searches in a corpus of yours: search:index=DIR, after toolformer index CORPUS --out "
            "DIR; or search:path=corpus.jsonl, if it is small."
        )
    if results < 1 or characters < 20:
        raise ConfigError(
            "An answer of a search has one result or more, and 20 characters or more."
        )
    opened = SearchIndex(index) if index is not None else open_small(path or Path())

    def run(query: str) -> str:
        """Finds what an encyclopedia says.

        Args:
            query: A few words that the passage would have.
        """
        return found_passages(query, opened, results=results, characters=characters)

    def state() -> tuple[int, ...]:
        if path is None:
            return opened.state()
        stat = path.stat()
        return stat.st_size, stat.st_mtime_ns

    return tool(run, name=name, exemplars=_EXEMPLARS, state=state, free_text="query")


def found_passages(query: str, index: SearchIndex, *, results: int, characters: int) -> str:
    """Returns the passages that fit best, each behind the title of its page.

    Raises:
        ToolError: None fits.
    """
    found = index.search(query, most=results)
    if not found:
        raise ToolError(f"Nothing was found for {clipped(query)!r}.")
    share = characters // len(found) - (len(found) > 1) * 3
    return " | ".join(_shown(each, share) for each in found)


def _shown(found: Found, characters: int) -> str:
    """Returns a title and as much of its passage as fits, in whole words."""
    title = f"{found.passage.title} > " if found.passage.title else ""
    text = " ".join(f"{title}{found.passage.text}".split())
    if len(text) <= characters:
        return text
    cut = text[: characters - 1]
    return f"{cut.rpartition(' ')[0] or cut}…"
