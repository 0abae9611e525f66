"""`toolformer index`: a corpus goes in, an index that the search tool reads comes out."""

import time
from dataclasses import asdict
from pathlib import Path
from shlex import quote
from typing import Annotated

from typer import Argument, Option

from toolformer.cli.display.console import Console, answer_console
from toolformer.cli.display.gate import print_json
from toolformer.cli.display.progress import counting_bar, spell_seconds
from toolformer.cli.settings import STRICT
from toolformer.cli.stopped import CONTINUED, stopped_with
from toolformer.corpus import Corpora, CorpusProblem, describe_corpus, read_corpus
from toolformer.errors import ConfigError
from toolformer.records import Document
from toolformer.tools.search import IndexProgress, Page, build_index


def index(
    corpus: Annotated[
        list[str],
        Argument(help="Files, directories, patterns such as 'data/*.jsonl', or Hub datasets."),
    ],
    out: Annotated[Path, Option("--out", "--output-dir", help="The directory of the index.")],
    title_column: Annotated[
        str, Option(help="The field with what a text is about; its id where there is none.")
    ] = "title",
    text_column: Annotated[str, Option(help="The field with the text.")] = "text",
    max_documents: Annotated[int | None, Option(min=1, help="Stop after so many texts.")] = None,
    strict: STRICT = False,
    as_json: Annotated[bool, Option("--json", help="Print what was built as JSON.")] = False,
) -> int:
    """Index a corpus for the search tool: search:index=DIR.

    Texts are cut into passages of about a hundred words, which BM25 ranks. After a kill the same
    command continues.
    """
    if "-" in corpus:
        raise ConfigError("Standard input cannot be read again after a kill: name a file.")
    notes = Console(stderr=True)
    source = Corpora(tuple(corpus))
    described = asdict(describe_corpus(source)) | {
        "title_column": title_column,
        "text_column": text_column,
        "max_documents": max_documents,
    }
    documents = read_corpus(
        source,
        text_column=text_column,
        max_documents=max_documents,
        strict=strict,
        on_problem=lambda problem: _tell(notes, problem),
    )
    began = time.monotonic()
    with (
        stopped_with(CONTINUED),
        counting_bar(notes, "Indexing", "texts", total=max_documents) as move,
    ):

        def show(progress: IndexProgress) -> None:
            said = f"{progress.passages:,} passages"
            move(progress.pages, 0, f"{said}, counting words" if progress.is_counting else said)

        built = build_index(
            (_page(document, title_column) for document in documents),
            out,
            source=described,
            on_progress=show,
        )
    seconds = time.monotonic() - began
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    if as_json:
        print_json(
            {
                "index": str(out),
                "texts": built.pages,
                "passages": built.passages,
                "bytes": size,
                "seconds": round(seconds, 3),
            }
        )
    else:
        answer_console().print(
            f"{built.pages:,} texts, {built.passages:,} passages, {size / 1e6:.0f} MB in "
            f"{spell_seconds(seconds)}. Try it: toolformer tools search:index={quote(str(out))} "
            "'some words'",
            markup=False,
            soft_wrap=True,
        )
    return 0


def _page(document: Document, title_column: str) -> Page:
    title = document.meta.get(title_column)
    return Page(document.id if title is None else str(title), document.text)


def _tell(notes: Console, problem: CorpusProblem) -> None:
    notes.print(f"Skipped: {problem}", markup=False)
