"""Which files the URL of a corpus stands for: one, those below a folder, or those of a pattern."""

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from toolformer.corpus.formats import ENDINGS, format_of
from toolformer.corpus.json_files import holds_records
from toolformer.errors import CorpusError
from toolformer.urls import Remote, RemoteError, UrlFile, shown_url

_PATTERN = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class FoundAtUrl:
    """What one URL stands for."""

    name: str  # of the file or the folder
    base: str  # by `url_path`, all files are below it
    files: Sequence[UrlFile]
    passed_over: Sequence[str] = ()


def url_path(url: str) -> str:
    """Returns a URL as a path, in which files can be told by their folders.

    >>> url_path("s3://bucket/corpus/a.jsonl")
    's3/bucket/corpus/a.jsonl'
    """
    protocol, _, path = url.partition("://")
    return f"{protocol}/{path.strip('/')}"


def find_at_url(url: str) -> FoundAtUrl:
    """Returns what a corpus at a URL is read from, in order.

    Raises:
        CorpusError: there is nothing, or it cannot be asked for.
        ConfigError: a library is missing that knows the protocol.
    """
    try:
        remote = Remote(url)
        if _PATTERN.search(remote.path):
            return _of_pattern(remote)
        if remote.is_file():
            return _of_file(remote)
        return _of_folder(remote)
    except RemoteError as error:
        raise CorpusError(f"'{shown_url(url)}' cannot be read ({error.strerror}).") from None


def _of_file(remote: Remote) -> FoundAtUrl:
    file = remote.file(remote.path)
    if format_of(file) is None:
        raise CorpusError(
            f"The name of '{file}' does not say what it holds: it has to end in {ENDINGS}."
        )
    return FoundAtUrl(file.name, url_path(file.url).rpartition("/")[0], [file])


def _of_folder(remote: Remote) -> FoundAtUrl:
    names = list(remote.files())
    if not names:
        raise CorpusError(f"There is no file or folder '{shown_url(remote.url)}'.")
    root = remote.path.rstrip("/")
    if "manifest.json" in names and "." in _runs_in(remote, names, root):
        raise CorpusError(f"'{shown_url(remote.url)}' is a run, not a corpus.")
    found = _chosen(remote, [f"{root}/{name}" for name in names], root)
    if not found.files:
        raise CorpusError(
            f"There is no corpus file in '{shown_url(remote.url)}'; one ends in {ENDINGS}."
        )
    return found


def _of_pattern(remote: Remote) -> FoundAtUrl:
    parts = remote.path.split("/")
    first = next(at for at, part in enumerate(parts) if _PATTERN.search(part))
    root = "/".join(parts[:first])
    paths: set[str] = set()
    for path in remote.glob():
        below = Remote(remote.file(path).url)
        if below.is_file():
            paths.add(path)
        else:
            paths.update(f"{path.rstrip('/')}/{name}" for name in below.files())
    found = _chosen(remote, sorted(paths), root, is_pattern=True)
    if not found.files:
        raise CorpusError(f"No file fits '{shown_url(remote.url)}'.")
    return found


def _chosen(
    remote: Remote, paths: Sequence[str], root: str, *, is_pattern: bool = False
) -> FoundAtUrl:
    """Returns those of some files that hold records; no hidden ones, and none of a run.

    A run is passed over without a word where a pattern leads into it.
    """
    below = {path: os.path.relpath(path, root or "/") for path in paths}
    runs = _runs_in(remote, below.values(), root)
    files, passed_over = [], []
    for path, name in sorted(below.items(), key=lambda each: each[1]):
        folders = [str(each) for each in PurePosixPath(name).parents]
        if any(part.startswith(".") for part in name.split("/")):
            continue
        if within := next((each for each in folders if each in runs), None):
            passed_over += [] if is_pattern else [f"{within} (a run)"]
            continue
        file = remote.file(path)
        kind = format_of(file)
        if kind is not None and (kind != ".json" or holds_records(file)):
            files.append(file)
        else:
            passed_over.append(name)
    base = url_path(remote.file(root).url)
    return FoundAtUrl(base.rpartition("/")[2], base, files, list(dict.fromkeys(passed_over)))


def _runs_in(remote: Remote, names: Iterable[str], root: str) -> set[str]:
    """Returns the folders among some files that are runs, whose shards are no corpus."""
    tops = set()
    for name in names:
        *above, folder, _ = ["", *name.split("/")]
        if folder == "shards":
            tops.add("/".join(above).strip("/"))
    return {
        top or "."
        for top in tops
        if Remote(remote.file("/".join(filter(None, (root, top, "manifest.json")))).url).is_file()
    }
