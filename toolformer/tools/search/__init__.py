"""Search by BM25: passages of a corpus, an index over them on disk, and what is found in it."""

from toolformer.tools.search.build import IndexProgress, build_index
from toolformer.tools.search.index import Found, SearchIndex
from toolformer.tools.search.passages import Page, Passage
from toolformer.tools.search.small import open_small

__all__ = ["Found", "IndexProgress", "Page", "Passage", "SearchIndex", "build_index", "open_small"]
