"""What a file holds, by the endings of its name. Opens nothing."""

from toolformer.urls import AnyFile

LINES = (".txt", ".jsonl", ".ndjson", ".json", ".csv", ".tsv")  # text: these may be compressed
TABLES = (".parquet", ".arrow", ".zim")
FORMATS = (*LINES, *TABLES)
COMPRESSIONS = (".gz", ".zst", ".xz", ".bz2")
ENDINGS = (
    f"{', '.join(LINES)} (these also with {', '.join(COMPRESSIONS)}), "
    f"{', '.join(TABLES[:-1])} or {TABLES[-1]}"
)

_OTHER_NAMES = {".ndjson": ".jsonl"}


def format_of(path: AnyFile) -> str | None:
    """Returns which of the formats a file's name stands for.

    >>> from pathlib import Path
    >>> format_of(Path("news.jsonl.zst")), format_of(Path("news.ndjson"))
    ('.jsonl', '.jsonl')
    >>> format_of(Path("news.docx")) is None
    True
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if compression_of(path) and not {*suffixes[-2:-1]} & {*TABLES}:
        suffixes.pop()
    if not suffixes or suffixes[-1] not in FORMATS:
        return None
    return _OTHER_NAMES.get(suffixes[-1], suffixes[-1])


def compression_of(path: AnyFile) -> str | None:
    """Returns how a file is compressed, None when it is not.

    >>> from pathlib import Path
    >>> compression_of(Path("news.jsonl.GZ"))
    '.gz'
    """
    suffix = path.suffix.lower()
    return suffix if suffix in COMPRESSIONS else None
