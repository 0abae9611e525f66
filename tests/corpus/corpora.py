"""Corpora on disk, and what is read of them."""

import json
from collections.abc import Sequence
from pathlib import Path

from toolformer.corpus import Corpora, CorpusProblem, read_corpus
from toolformer.records import Document


def jsonl(rows: Sequence[object]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def read(
    source: Path | str | Corpora | Sequence[Path | str],
    *,
    text_column: str = "text",
    date_column: str | None = None,
    max_documents: int | None = None,
    strict: bool = False,
) -> tuple[list[Document], list[str]]:
    problems: list[CorpusProblem] = []
    documents = list(
        read_corpus(
            source,
            text_column=text_column,
            date_column=date_column,
            max_documents=max_documents,
            strict=strict,
            on_problem=problems.append,
        )
    )
    return documents, [str(problem) for problem in problems]


def texts(source: Path | str | Corpora | Sequence[Path | str]) -> list[str]:
    return [each.text for each in read(source)[0]]
