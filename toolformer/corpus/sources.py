"""Which files, or which Hugging Face dataset, a corpus's name stands for.

Knows no document: what the files hold is read elsewhere.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from toolformer.corpus.files import COMPRESSIONS, FORMATS, format_of
from toolformer.errors import CorpusError

# owner/name, then a configuration and a split: allenai/c4:en:validation
_DATASET_ID = re.compile(
    r"(?P<id>[\w.-]+(?:/[\w.-]+)?)(?::(?P<config>[\w.-]*))?(?::(?P<split>.+))?"
)


@dataclass(frozen=True, slots=True)
class CorpusFile:
    """One file of a corpus."""

    name: str  # below the corpus's directory
    size: int  # bytes
    sha256: str


@dataclass(frozen=True, slots=True)
class CorpusDescription:
    """The identity of a corpus, wherever it lies."""

    name: str  # a file's or directory's name, or a dataset's id
    files: tuple[CorpusFile, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Returns the description as JSON values."""
        return asdict(self) | {"files": [asdict(file) for file in self.files]}


@dataclass(frozen=True, slots=True)
class HubDataset:
    """Which Hugging Face dataset, and which part of it."""

    id: str
    config: str | None
    split: str

    def rows(self) -> Iterator[Mapping[str, object]]:
        """Yields the dataset's rows."""
        import datasets

        try:
            loaded = datasets.load_dataset(self.id, self.config, split=self.split, streaming=True)
            yield from loaded
        except (OSError, ValueError, RuntimeError) as error:
            said = (str(error) or type(error).__name__).splitlines()[0].rstrip(".")
            raise CorpusError(
                f"There is no file '{self.id}', and it cannot be loaded as a Hugging Face dataset "
                f"with the split '{self.split}' ({said})."
            ) from None


def parse_dataset(source: str) -> HubDataset:
    """Reads a source that is not a path as a dataset's id."""
    match = _DATASET_ID.fullmatch(source)
    if match is None or format_of(Path(source)) is not None or source.startswith((".", "/")):
        path = Path(source)
        beside = [each.name for each in path.parent.iterdir()] if path.parent.is_dir() else []
        near = get_close_matches(path.name, beside, n=1)
        guess = f" Did you mean '{path.with_name(near[0])}'?" if near else ""
        raise CorpusError(f"There is no file or directory '{source}'.{guess}")
    return HubDataset(match["id"], match["config"] or None, match["split"] or "train")


def describe_corpus(source: str | Path) -> CorpusDescription:
    """Returns a corpus's files with their sizes and hashes; of a dataset, its id alone.

    >>> from toolformer.assets import SAMPLE_CORPUS, asset
    >>> [file.name for file in describe_corpus(asset(SAMPLE_CORPUS)).files]
    ['sample.jsonl.gz']
    """
    path = Path(source)
    if not path.exists():
        parse_dataset(str(source))
        return CorpusDescription(str(source))
    files = []
    for name, file in find_files(path).items():
        with file.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        files.append(CorpusFile(name, file.stat().st_size, digest))
    return CorpusDescription(path.resolve().name, tuple(files))


def find_files(path: Path) -> dict[str, Path]:
    """Returns the files a corpus consists of, by their names, in the order of these."""
    known = f"{', '.join(FORMATS)} (the first two also with {', '.join(COMPRESSIONS)})"
    if not path.is_dir():
        if format_of(path) is None:
            raise CorpusError(
                f"The name of '{path}' does not say what it holds; a corpus ends in {known}."
            )
        return {path.name: path}
    names = (
        each.relative_to(path).as_posix()
        for each in path.rglob("*")
        if each.is_file() and format_of(each) is not None
    )
    visible = {name: path / name for name in sorted(names) if "/." not in f"/{name}"}
    if not visible:
        raise CorpusError(f"There is no corpus file in '{path}'; one ends in {known}.")
    return visible
