"""An index is built: pages are cut into passages, these are written down and their words counted.

Passages come first, in a file that grows; a build that was killed continues behind the last page
whose passages are whole. The words are counted over that file in one go.
"""

import json
import os
import sys
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from toolformer.errors import ConfigError
from toolformer.files import json_text, locked, parse_json, read_json, write_whole
from toolformer.tools.search.passages import WORDS, Page, passages_of
from toolformer.tools.search.words import words_of

VERSION = 1
STATE = "index.json"  # last: a directory that has it holds a whole index
PASSAGES = "passages.jsonl"
OFFSETS = "passages.offsets"  # where each line begins, 64 bits each, and where the last one ends
SCORES = "bm25"
_PROGRESS = "building.json"
_PAGES_A_STEP = 1000  # between two notes of what is done


@dataclass(frozen=True, slots=True)
class IndexProgress:
    """How far a build is."""

    pages: int
    passages: int
    is_counting: bool = False  # whether all are written, and their words are being counted


def build_index(
    pages: Iterable[Page],
    out: Path,
    *,
    source: Mapping[str, Any] | None = None,
    on_progress: Callable[[IndexProgress], None] | None = None,
) -> IndexProgress:
    """Builds an index over pages and returns how much is in it.

    Args:
        pages: in an order that is the same the next time, if a build is to be continued.
        out: the directory of the index.
        source: what the pages come from; a build of other ones is not continued.
        on_progress: called every thousand pages.

    Raises:
        ConfigError: the directory holds an index, or the beginning of one, over something else, or
            there is nothing to be found in the pages.
    """
    out.mkdir(parents=True, exist_ok=True)
    # As it will be read back.
    stated = parse_json(json_text({"version": VERSION, "words": WORDS, "source": source or {}}))
    with locked(out):
        if (out / STATE).exists():
            return _finished(out, stated)
        progress = _write_passages(pages, out, stated, on_progress)
        if not progress.passages:
            raise ConfigError("There is no text in the corpus, so nothing could be found.")
        if on_progress is not None:
            on_progress(IndexProgress(progress.pages, progress.passages, is_counting=True))
        _count_words(out)
        counts = {"pages": progress.pages, "passages": progress.passages}
        write_whole(out / STATE, json_text(stated | counts))
        (out / _PROGRESS).unlink(missing_ok=True)
    return progress


def _finished(out: Path, stated: Mapping[str, Any]) -> IndexProgress:
    state = read_json(out / STATE)
    if {name: state.get(name) for name in stated} != stated:
        raise ConfigError(
            f"'{out}' holds an index over something else, or of another version. Choose another "
            "directory, or delete it."
        )
    return IndexProgress(state["pages"], state["passages"])


def _write_passages(
    pages: Iterable[Page],
    out: Path,
    stated: Mapping[str, Any],
    on_progress: Callable[[IndexProgress], None] | None,
) -> IndexProgress:
    done = _begun(out, stated)
    progress = IndexProgress(done["pages"], done["passages"])
    source = iter(pages)
    for _ in islice(source, progress.pages):
        pass  # an earlier try wrote them
    with (out / PASSAGES).open("ab") as file:
        file.truncate(done["bytes"])  # what the note does not know of may be half a line
        while step := list(islice(source, _PAGES_A_STEP)):
            passages = [passage for page in step for passage in passages_of(page)]
            lines = [
                json.dumps({"title": each.title, "text": each.text}, ensure_ascii=False) + "\n"
                for each in passages
            ]
            file.write("".join(lines).encode())
            file.flush()
            os.fsync(file.fileno())
            progress = IndexProgress(progress.pages + len(step), progress.passages + len(passages))
            note = {
                "pages": progress.pages,
                "passages": progress.passages,
                "bytes": file.tell(),
                "stated": dict(stated),
            }
            write_whole(out / _PROGRESS, json_text(note))
            if on_progress is not None:
                on_progress(progress)
    return progress


def _begun(out: Path, stated: Mapping[str, Any]) -> dict[str, int]:
    """Returns how much an earlier try wrote."""
    if not (out / _PROGRESS).exists():
        return {"pages": 0, "passages": 0, "bytes": 0}
    note: dict[str, Any] = read_json(out / _PROGRESS)
    if note.pop("stated") != stated:
        raise ConfigError(
            f"'{out}' holds the beginning of an index over something else. Choose another "
            "directory, or delete it."
        )
    return note


def _count_words(out: Path) -> None:
    import bm25s

    vocabulary: dict[str, int] = {}
    offsets = array("Q", [0])

    def numbered() -> Iterator[list[int]]:
        with (out / PASSAGES).open("rb") as lines:
            for line in lines:
                offsets.append(offsets[-1] + len(line))
                stated = json.loads(line)
                words = words_of(f"{stated['title']}\n{stated['text']}")
                yield [vocabulary.setdefault(word, len(vocabulary)) for word in words]

    ids = list(numbered())
    counted = bm25s.BM25(k1=1.2, b=0.75)
    counted.index(bm25s.tokenization.Tokenized(ids=ids, vocab=vocabulary), show_progress=False)
    counted.save(str(out / SCORES), show_progress=False)
    if sys.byteorder == "big":
        offsets.byteswap()
    (out / OFFSETS).write_bytes(offsets.tobytes())
