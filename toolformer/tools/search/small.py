"""A small corpus in one file, indexed whenever it is opened; a large one has an index on disk."""

import json
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from toolformer.errors import ConfigError
from toolformer.plain_files import read_plain
from toolformer.tools.search.build import build_index
from toolformer.tools.search.index import SearchIndex
from toolformer.tools.search.passages import Page

MOST_BYTES = 64 << 20


def open_small(path: Path) -> SearchIndex:
    """Returns an index of a .jsonl file (a `text` a line, maybe a `title`) or a .txt file's lines.

    It lies in a temporary directory, which goes when the index does.

    Raises:
        ConfigError: there is no such file, or it is another kind, damaged, or too large.
    """
    pages = list(_read(path))
    with ExitStack() as stack:
        made = tempfile.TemporaryDirectory(prefix="toolformer-index-", ignore_cleanup_errors=True)
        folder = Path(stack.enter_context(made))
        build_index(pages, folder / "index")
        index = SearchIndex(folder / "index")
        weakref.finalize(index, stack.pop_all().close)
    return index


def _read(path: Path) -> Iterator[Page]:
    if path.suffix not in (".jsonl", ".txt"):
        raise ConfigError(
            f"'{path}' is neither .jsonl nor .txt; toolformer index {path} --out DIR reads more."
        )
    try:
        content = read_plain(path, most_bytes=MOST_BYTES).decode("utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(f"There is no file '{path}' to be searched.") from None
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"'{path}' cannot be searched ({error}); toolformer index {path} --out DIR reads more."
        ) from None
    for number, line in enumerate(content.split("\n"), start=1):
        if not line.strip():
            continue
        if path.suffix == ".txt":
            yield Page("", line.strip())
            continue
        try:
            row = json.loads(line)
            yield Page(str(row.get("title") or ""), str(row["text"]))
        except (ValueError, KeyError, AttributeError, RecursionError):
            raise ConfigError(f"'{path}', line {number}: not an object with a `text`.") from None
