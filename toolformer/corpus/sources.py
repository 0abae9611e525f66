"""Which files, or which Hugging Face datasets, a corpus's name stands for.

Knows no document: what the files hold is read elsewhere.
"""

import hashlib
import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from io import BufferedReader
from pathlib import Path
from typing import Any, cast

from toolformer.corpus.files import CorpusProblem, Record, read_records
from toolformer.corpus.formats import ENDINGS, format_of
from toolformer.corpus.hub import DATASET_ID, HubDataset
from toolformer.corpus.remote import find_at_url, url_path
from toolformer.corpus.standard_input import standard_input
from toolformer.corpus.walking import (
    files_below,
    files_that_fit,
    is_pattern,
    mode_of,
    names_in,
    refuse_output,
    shown,
    spelled,
)
from toolformer.errors import CorpusError, clipped
from toolformer.plain_files import open_plain
from toolformer.urls import AnyFile, UrlFile, is_url

_STANDARD_INPUT = re.compile(r"(?:(?P<ending>[\w.]+):)?-")
_MOST_NAMED = 5
_LONGEST_ID = 96  # characters that the Hub allows


@dataclass(frozen=True, slots=True)
class CorpusFile:
    """One file of a corpus."""

    name: str  # below the corpus's directory
    size: int  # bytes
    sha256: str  # empty: it cannot be read


@dataclass(frozen=True, slots=True)
class CorpusDescription:
    """The identity of a corpus, wherever it lies."""

    name: str  # a file's or directory's name, or a dataset's id
    files: tuple[CorpusFile, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Returns the description as JSON values."""
        return asdict(self) | {"files": [asdict(file) for file in self.files]}


@dataclass(frozen=True, slots=True)
class Corpora:
    """Several corpora, read as one, in this order."""

    names: tuple[str, ...]

    def __str__(self) -> str:
        return ", ".join(self.names)


def is_standard_input(name: object) -> bool:
    """Returns whether a corpus's name is standard input's, which can be read once.

    >>> is_standard_input("-"), is_standard_input("csv:-"), is_standard_input("my-file")
    (True, True, False)
    """
    return isinstance(name, str) and _STANDARD_INPUT.fullmatch(name) is not None


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file of a corpus, and where it lies."""

    name: str  # as ids, problems and descriptions name it: below the folder of all
    path: AnyFile

    def records(self) -> Iterator[Record | CorpusProblem]:
        """Yields what the file holds; see `read_records`.

        Raises:
            CorpusError: a server did not give it to its end, which is not the end of the corpus.
        """
        for found in read_records(self.path, name=self.name):
            self.check_whole()
            yield found
        self.check_whole()

    def check_whole(self) -> None:
        """Refuses to continue behind what a server did not give.

        Raises:
            CorpusError: it could not be read to its end.
        """
        if isinstance(self.path, UrlFile) and self.path.fault:
            raise CorpusError(
                f"'{self.path}' could not be read to its end ({self.path.fault}): run the same "
                "command again, and it continues."
            )


@dataclass(frozen=True, slots=True)
class Sources:
    """Everything a corpus's name stands for."""

    name: str
    parts: tuple[SourceFile | HubDataset, ...]
    passed_over: str = ""  # says which files of its directories are not read

    @property
    def files(self) -> tuple[SourceFile, ...]:
        """The files among the parts."""
        return tuple(each for each in self.parts if isinstance(each, SourceFile))

    def records(self) -> Iterator[tuple[str, Record | CorpusProblem]]:
        """Yields what the parts hold, in order, each with the name of its part."""
        for part in self.parts:
            for record in part.records():
                yield part.name, record


def parse_dataset(source: str) -> HubDataset:
    """Reads a source that is not a path as a dataset's id.

    Raises:
        CorpusError: it does not look like one; the near file is named.
    """
    match = DATASET_ID.fullmatch(source)
    path = Path(source)
    is_path = format_of(path) is not None or source.startswith((".", "/"))
    if match is None or is_path or len(match["id"]) > _LONGEST_ID:
        near = get_close_matches(path.name, names_in(path.parent), n=1)
        guess = f" Did you mean '{spelled(str(path.with_name(near[0])))}'?" if near else ""
        raise CorpusError(f"There is no file or directory '{shown(source)}'.{guess}")
    return HubDataset(match["id"], match["config"] or None, match["split"] or "train")


def describe_corpus(source: str | Path | Corpora | Sequence[str | Path]) -> CorpusDescription:
    """Returns a corpus's files with their sizes and hashes; of a dataset, its id alone.

    Raises:
        CorpusError: there is no such corpus.

    >>> from toolformer.assets import SAMPLE_CORPUS, asset
    >>> [file.name for file in describe_corpus(asset(SAMPLE_CORPUS)).files]
    ['sample.jsonl.gz']
    """
    sources = find_sources(source)
    return CorpusDescription(sources.name, tuple(map(_described, sources.files)))


def find_sources(source: str | Path | Corpora | Sequence[str | Path]) -> Sources:
    """Returns what a corpus is read from, in order.

    Raises:
        CorpusError: there is no such corpus.
    """
    names = source.names if isinstance(source, Corpora) else source
    if isinstance(names, str | Path):
        names = [names]
    if (
        not isinstance(names, Sequence)
        or not names
        or not all(isinstance(each, str | Path) for each in names)
    ):
        raise CorpusError(
            f"A corpus is the name of a file, or a list of names, not {clipped(repr(source))}."
        )
    found = [_find(str(name)) for name in names]
    folders = [each.folder for each in found if each.folder is not None]
    folder = Path(os.path.commonpath(folders)) if folders else Path()
    bases = [each.base for each in found if each.base is not None]
    base = os.path.commonpath(bases) if bases else ""
    parts: dict[object, SourceFile | HubDataset] = {}
    for each in found:
        for part in each.parts:
            if isinstance(part, Path):
                name = spelled(part.relative_to(folder).as_posix())
                # What is named twice, as by a pattern that fits it and by itself, is read once.
                key = part if len(found) == 1 else part.resolve()
                parts.setdefault(key, SourceFile(name, part))
            elif isinstance(part, UrlFile):
                name = spelled(os.path.relpath(url_path(part.url), base))
                parts.setdefault(part, SourceFile(name, part))
            else:
                parts.setdefault(part, part)
    if len(found) == 1:
        name = found[0].name
    else:
        others = (each.name for each in found if each.folder is None and each.base is None)
        common = [folder.resolve().name] if folders else []
        common += [os.path.basename(base)] if bases else []  # noqa: PTH119 (it is of a URL)
        name = " + ".join([*common, *others])
    passed_over = [each for one in found for each in one.passed_over]
    return Sources(spelled(name), tuple(parts.values()), _sentence(passed_over))


@dataclass(frozen=True, slots=True)
class _Found:
    """What one name stands for."""

    name: str
    folder: Path | None  # absolute; all paths are below it
    parts: list[Path | UrlFile | SourceFile | HubDataset]
    passed_over: list[str]
    base: str | None = None  # likewise, all URLs, by `url_path`


def _find(source: str) -> _Found:
    if match := _STANDARD_INPUT.fullmatch(source):
        return _find_standard_input(match["ending"] or "jsonl")
    if is_url(source):
        at = find_at_url(source)
        return _Found(at.name, None, list(at.files), list(at.passed_over), at.base)
    path = Path(source)
    mode = mode_of(path)
    if not source.strip():
        raise CorpusError(f"There is no file or directory '{source}'.")
    if mode is None:
        if os.path.islink(source):
            raise CorpusError(f"'{shown(source)}' is a link that leads to nothing.")
        if is_pattern(source) and not DATASET_ID.fullmatch(source):
            passed_over: list[str] = []
            base, fitting = files_that_fit(path, passed_over)
            return _Found(base.resolve().name, base, [*fitting], passed_over)
        return _Found(source, None, [parse_dataset(source)], [])
    whole = Path(os.path.abspath(source))  # noqa: PTH100 (a link keeps its name)
    name = path.resolve().name
    if stat.S_ISDIR(mode):
        refuse_output(whole)
        passed_over = []
        files = files_below(whole, passed_over)
        if not files:
            beside = _sentence(passed_over)
            raise CorpusError(
                f"There is no corpus file in '{shown(source)}'; one ends in {ENDINGS}"
                f"{beside and f' ({beside})'}."
            )
        return _Found(name, whole, [*files], passed_over)
    if not stat.S_ISREG(mode):
        raise CorpusError(
            f"'{shown(source)}' is not a plain file: pipe what it gives into `toolformer … -`."
        )
    if format_of(path) is None:
        raise CorpusError(
            f"The name of '{shown(source)}' does not say what it holds: it has to end in {ENDINGS}."
        )
    return _Found(name, whole.parent, [whole], [])


def _find_standard_input(ending: str) -> _Found:
    if format_of(Path(f"stdin.{ending}")) is None:
        raise CorpusError(f"'{ending}:-' is not a kind of corpus; an ending is {ENDINGS}.")
    return _Found("stdin", None, [SourceFile("stdin", standard_input(f".{ending}"))], [])


def _described(file: SourceFile) -> CorpusFile:
    try:
        with open_plain(file.path) as stream:
            digest = hashlib.file_digest(cast(BufferedReader, stream), "sha256").hexdigest()
            return CorpusFile(file.name, stream.tell(), digest)
    except (OSError, ValueError):
        file.check_whole()
        return CorpusFile(file.name, 0, "")  # reading it will say why


def _sentence(passed_over: list[str]) -> str:
    if not passed_over:
        return ""
    names = sorted(map(shown, passed_over))
    rest = len(names) - _MOST_NAMED
    more = f" and {rest:,} more" if rest > 0 else ""
    return f"passed over: {', '.join(names[:_MOST_NAMED])}{more}"
