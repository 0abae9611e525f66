"""Which files below a directory, or behind a pattern, are a corpus's; what is passed over."""

import os
import re
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from toolformer.corpus.formats import format_of
from toolformer.corpus.json_files import holds_records
from toolformer.corpus.lines import reason_of
from toolformer.corpus.outputs import output_kind, saved_tables
from toolformer.errors import CorpusError, clipped

_PATTERN = re.compile(r"[*?\[]")


def is_pattern(name: str) -> bool:
    """Returns whether a name is a pattern of names.

    >>> is_pattern("texts/*.jsonl"), is_pattern("texts.jsonl")
    (True, False)
    """
    return _PATTERN.search(name) is not None


def files_below(folder: Path, passed_over: list[str]) -> list[Path]:
    """Returns the corpus files below a directory, in order.

    Args:
        folder: an absolute path.
        passed_over: gets what is not read, by its path below the folder.
    """
    return _in_order(_walk(folder, folder, passed_over))


def files_that_fit(pattern: Path, passed_over: list[str]) -> tuple[Path, list[Path]]:
    """Returns the files that a pattern fits and those in the directories that it fits, in order.

    Args:
        pattern: with a star, a question mark or a bracket in one of its parts.
        passed_over: gets what is not read, by its path below the folder.

    Returns:
        The folder that all of them are below, and the files.

    Raises:
        CorpusError: no file fits.
    """
    first = next(at for at, part in enumerate(pattern.parts) if is_pattern(part))
    base = Path(os.path.abspath(Path(*pattern.parts[:first])))  # noqa: PTH100
    paths: set[Path] = set()
    kinds: dict[Path, str | None] = {}
    try:
        for each in base.glob(str(Path(*pattern.parts[first:]))):
            below = each.relative_to(base)
            if any(part.startswith(".") for part in below.parts):
                continue
            for parent in below.parents:
                if parent not in kinds:
                    kinds[parent] = output_kind(base / parent, names_in(base / parent))
            if any(kinds[parent] for parent in below.parents):
                continue
            if each.is_dir() and not each.is_symlink():
                paths.update(_walk(each, base, passed_over))
            elif each.is_file() and format_of(each) is not None:
                paths.add(each)
            else:
                passed_over.append(below.as_posix())
    except (OSError, ValueError, NotImplementedError) as error:
        raise CorpusError(
            f"'{shown(str(pattern))}' is not a pattern of files ({reason_of(error)})."
        ) from None
    if not paths:
        raise CorpusError(f"No file fits '{shown(str(pattern))}'.")
    return base, _in_order(paths)


def refuse_output(folder: Path) -> None:
    """Refuses a directory that is a run, a model or an evaluation, or the part that holds texts."""
    for each in [folder, *([folder.parent] if folder.name in ("shards", "cells") else [])]:
        if kind := output_kind(each, names_in(each)):
            raise CorpusError(f"'{shown(str(folder))}' is {kind}, not a corpus.")


def mode_of(path: Path) -> int | None:
    """Returns what a path leads to, None for nothing, as where its name is too long to be one."""
    try:
        return path.stat().st_mode
    except (OSError, ValueError):
        return None


def names_in(folder: Path) -> list[str]:
    """Returns the names in a directory, none where it cannot be read."""
    try:
        return sorted(os.listdir(folder))  # noqa: PTH208 (names are enough)
    except (OSError, ValueError):
        return []


def spelled(name: str) -> str:
    r"""Returns a name as text that can be written; what is not UTF-8 in it as escapes.

    >>> spelled("caf\udce9.jsonl")
    'caf\\udce9.jsonl'
    """
    return name.encode(errors="backslashreplace").decode()


def shown(name: str) -> str:
    """Returns a name as messages show it."""
    return clipped(spelled(name), 200)


def _walk(top: Path, root: Path, passed_over: list[str]) -> Iterator[Path]:
    """Yields the corpus files below a directory, and notes what it passes over.

    What is hidden is not mentioned. Links to directories are not followed: they may lead in a ring.
    """
    pending = [top]
    while pending:
        folder = pending.pop()
        below = folder.relative_to(root).as_posix()
        try:
            names = os.listdir(folder)  # noqa: PTH208 (names are enough)
        except OSError as error:
            passed_over.append(f"{below} ({error.strerror})")
            continue
        if kind := output_kind(folder, names):
            passed_over.append(f"{below} ({kind})")
            continue
        tables = saved_tables(folder) if "state.json" in names else None
        for name in names:
            path = folder / name
            mode = mode_of(path)
            if name.startswith("."):
                continue
            if mode is not None and stat.S_ISDIR(mode) and not path.is_symlink():
                pending.append(path)
            elif mode is not None and stat.S_ISREG(mode) and _is_of_corpus(path, tables):
                yield path
            else:
                passed_over.append(path.relative_to(root).as_posix())


def _in_order(paths: Iterable[Path]) -> list[Path]:
    return sorted(paths, key=Path.as_posix)


def _is_of_corpus(path: Path, tables: frozenset[str] | None) -> bool:
    """Returns whether a file of a directory is read: not settings, nor a table of a cache."""
    kind = format_of(path)
    if kind == ".arrow" and tables is not None:
        return path.name in tables
    return holds_records(path) if kind == ".json" else kind is not None
