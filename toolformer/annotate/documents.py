"""The documents of whatever a caller calls a corpus: files by their names, or rows in the program.

What stands in a row or a file is read in `corpus/`.
"""

import hashlib
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from toolformer.annotate.config import AnnotateConfig
from toolformer.corpus import Corpora, CorpusProblem, describe_corpus, read_corpus, read_rows
from toolformer.corpus.sources import find_sources
from toolformer.errors import ConfigError, clipped
from toolformer.records import Document
from toolformer.urls import is_url

# Names of what `read_corpus` reads; or texts, rows of fields and documents.
Corpus = str | Path | Corpora | Iterable[Document | str | Mapping[str, object] | Path]

_WAYS = (
    "a list of texts, of rows such as {'text': '2 + 2 is 4.'} or of documents, a dataset, a file"
)
_log = logging.getLogger(__name__)


class Reading:
    """One reading of a corpus, and what is counted on the way."""

    def __init__(
        self,
        corpus: Corpus,
        *,
        config: AnnotateConfig,
        strict: bool,
        on_problem: Callable[[CorpusProblem], None] | None,
    ) -> None:
        """Reads nothing yet, but for a list of rows.

        Raises:
            ConfigError: it is nothing that has documents.
            CorpusError: a list has no document.
        """
        self.problems = 0  # records that could not be read, so far
        self._on_problem = on_problem
        corpus = _checked(corpus)
        self.is_of_files = isinstance(corpus, str | Path | Corpora)
        read: Callable[..., Iterator[Document]] = read_corpus if self.is_of_files else read_rows
        documents: Iterable[Document] = read(
            corpus,
            text_column=config.text_column,
            date_column=config.date_column,
            strict=strict,
            on_problem=self._count,
        )
        if isinstance(corpus, list | tuple):
            documents = list(documents)
        self._corpus = corpus if self.is_of_files else documents
        self.documents: Iterator[Document] = islice(documents, config.max_documents)

    @property
    def is_sized(self) -> bool:
        """Whether it is known to end: a list, or local files."""
        if isinstance(self._corpus, str | Path | Corpora):
            sources = find_sources(self._corpus)
            return len(sources.files) == len(sources.parts) > 0
        return isinstance(self._corpus, list)

    def describe(self) -> dict[str, Any]:
        """Returns what identifies the corpus; a stream of documents has no identity."""
        if isinstance(self._corpus, str | Path | Corpora):
            return describe_corpus(self._corpus).to_dict()
        described: dict[str, Any] = {"name": "documents", "files": []}
        if isinstance(self._corpus, list):
            digest = hashlib.sha256()
            for each in self._corpus:
                digest.update(repr((each.id, each.text, sorted(each.meta.items()))).encode())
            described["sha256"] = digest.hexdigest()
        return described

    def _count(self, problem: CorpusProblem) -> None:
        self.problems += problem.is_loss
        if self._on_problem is None:
            _log.warning("%s", problem)
        else:
            self._on_problem(problem)


def _checked(corpus: Any) -> Any:
    """Returns a corpus; a list of paths as the files they are.

    Raises:
        ConfigError: it is something else, and there is a way to hand it over.
    """
    if isinstance(corpus, Corpora | Path):
        return corpus
    if isinstance(corpus, str):
        is_name = corpus.strip() and "\n" not in corpus
        is_pattern = any(each in corpus for each in "*?[")
        is_known = is_pattern or is_url(corpus) or os.path.exists(corpus)
        if not is_name or (" " in corpus and not is_known):
            raise ConfigError(
                f"There is no file {clipped(corpus)!r}: a text is annotated in a list, as [text]."
            )
        return corpus
    if isinstance(corpus, Document):
        raise ConfigError("A single document is annotated in a list, as [document].")
    if isinstance(corpus, Mapping):
        splits = ", ".join(map(repr, corpus))
        raise ConfigError(
            f"A mapping with {clipped(splits)} is not a corpus: choose the split of a dataset, as "
            "corpus['train'], or put a row in a list, as [row]."
        )
    if hasattr(corpus, "columns"):
        raise ConfigError(
            "A table is annotated as its rows: table.to_dict('records') of pandas, to_dicts() of "
            "polars, to_pylist() of pyarrow."
        )
    if isinstance(corpus, bytes) or not isinstance(corpus, Iterable):
        said = f"{type(corpus).__name__} {clipped(repr(corpus))}"
        raise ConfigError(f"A corpus is {_WAYS} or a directory, not {said}.")
    if not isinstance(corpus, list | tuple) or not corpus:
        return corpus
    if all(isinstance(each, Path) for each in corpus):
        return Corpora(tuple(map(str, corpus)))
    first = corpus[0]
    if (
        isinstance(first, str)
        and "\n" not in first
        and Path(first).suffix
        and os.path.exists(first)
    ):
        raise ConfigError(
            f"{first!r} is taken for a text, and there is a file of this name: name files as "
            f"[Path({first!r}), ...]."
        )
    return corpus
