"""BM25 over the documentation of APIs: a search that learns nothing."""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from toolformer.studies.tool_tokens.catalog.records import Api
from toolformer.tools.search import Page, SearchIndex, build_index


def search_bm25(
    apis: Sequence[Api], queries: Iterable[str], *, most: int = 5
) -> Iterator[tuple[str, ...]]:
    """Yields for each query the ids of the APIs that fit it, the best first."""
    with tempfile.TemporaryDirectory(prefix="toolformer-apis-") as folder:
        build_index((Page(api.id, api.documentation) for api in apis), Path(folder) / "index")
        index = SearchIndex(Path(folder) / "index")
        for query in queries:
            # A long documentation is several passages.
            found = index.search(query, most=4 * most)
            yield tuple(dict.fromkeys(each.passage.title for each in found))[:most]
