"""Exemplars as people write them: texts with calls inline, in .txt and .jsonl files.

Runs no tool. A .txt file parts its texts by blank lines; if it has a line `---`, by these lines
alone, so that a text may hold blank ones. `--- 2023-03-03` gives the text after it its date.
"""

import json
import lzma
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from toolformer.corpus.files import CorpusProblem, read_records
from toolformer.corpus.formats import format_of
from toolformer.corpus.lines import WholeFileError, bounded_lines, decoded, open_text, reason_of
from toolformer.dates import find_date
from toolformer.errors import ConfigError, clipped

MOST_TEXTS = 100_000  # of a file: a pool of more would not be searched in milliseconds
_MOST_CHARACTERS = 64 << 20

_PART = re.compile(r"---(?:[ \t]+(?P<date>\d{4}-\S+))?[ \t]*")


@dataclass(frozen=True, slots=True)
class ExemplarText:
    """A text as it stands in a file, calls and all."""

    text: str
    line: int  # of the file, where it begins; counted from 1
    today: date | None = None
    is_record: bool = False  # one line of the file holds all of it

    def line_of(self, before: str) -> int:
        """Returns the line of the file on which something stands.

        Args:
            before: the text before it, with or without its calls.
        """
        return self.line if self.is_record else self.line + before.count("\n")


def read_exemplar_texts(path: Path) -> list[ExemplarText]:
    """Returns the texts of a file of exemplars, in order.

    Raises:
        ConfigError: the file cannot be read, or something in it; the line is named.
    """
    kind = format_of(path)
    if kind not in (".txt", ".jsonl"):
        raise ConfigError(
            f"Exemplars are read from .txt and .jsonl files, and '{path}' is neither: write texts "
            "with calls in them, parted by blank lines, into a .txt file."
        )
    texts = list(_texts_of_records(path) if kind == ".jsonl" else parted(_lines(path), path))
    if not texts:
        raise ConfigError(f"There is no text in '{path}': write some with calls in them.")
    return texts


def parted(lines: Sequence[str], path: Path) -> Iterator[ExemplarText]:
    r"""Yields the texts in the lines of a .txt file.

    >>> for each in parted(["A.", "", "B", "b.", ""], Path("my.txt")):
    ...     print(each)
    ExemplarText(text='A.', line=1, today=None, is_record=False)
    ExemplarText(text='B\nb.', line=3, today=None, is_record=False)
    >>> [each.text for each in parted(["--- 2023-03-03", "A.", "", "a.", "---", "B."], Path("my"))]
    ['A.\n\na.', 'B.']

    Raises:
        ConfigError: a line `---` has something after it that is not a date.
    """
    has_parts = any(_PART.fullmatch(line) for line in lines)
    today: date | None = None
    begun: list[str] = []
    start = 1
    for number, line in enumerate([*lines, None], start=1):
        part = _PART.fullmatch(line) if line is not None and has_parts else None
        is_blank = line is not None and not line.strip()
        if line is None or part is not None or (is_blank and not has_parts):
            while begun and not begun[-1].strip():
                begun.pop()
            if begun:
                yield ExemplarText("\n".join(begun), start, today)
            begun = []
            if part is not None:
                today = _day(part["date"], path, number)
        elif begun or not is_blank:
            start = start if begun else number
            begun.append(line)


def written(texts: Sequence[tuple[str, date | None]], path: Path) -> str:
    r"""Returns the content of a file from which these texts, with their dates, are read.

    >>> written([("A.", None), ("B.", None)], Path("my.txt"))
    'A.\n\nB.\n'
    >>> written([("A.\n\na.", date(2023, 3, 3)), ("B.", None)], Path("my.txt"))
    '--- 2023-03-03\nA.\n\na.\n---\nB.\n'

    Raises:
        ConfigError: the file's name ends in neither .txt nor .jsonl, or a text would not be read
            back from a .txt file.
    """
    match path.suffix.lower():
        case ".jsonl":
            rows = ({"text": text} | _dated(today) for text, today in texts)
            return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)
        case ".txt":
            return _written_as_text(texts, path)
        case _:
            raise ConfigError(
                f"Exemplars are written to .txt and .jsonl files, and '{path}' is neither."
            )


def _written_as_text(texts: Sequence[tuple[str, date | None]], path: Path) -> str:
    is_plain = not any(today or re.search(r"\n[^\S\n]*\n", text) for text, today in texts)
    if is_plain:
        content = "\n".join(f"{text}\n" for text, _ in texts)
    else:
        parts = (f"--- {today}" if today else "---" for _, today in texts)
        content = "".join(f"{part}\n{text}\n" for part, (text, _) in zip(parts, texts, strict=True))
    try:
        read = [(each.text, each.today) for each in parted(_split(content), path)]
    except ConfigError:
        read = []
    if read != list(texts):
        lost = next((text for text, today in texts if (text, today) not in read), texts[0][0])
        raise ConfigError(
            f"The text {clipped(lost)!r} would not be read back from '{path}' as it is: name a "
            ".jsonl file."
        )
    return content


def _dated(today: date | None) -> dict[str, str]:
    return {} if today is None else {"date": today.isoformat()}


def _lines(path: Path) -> list[str]:
    try:
        with open_text(path) as stream:
            lines: list[str] = []
            characters = 0
            for number, line in enumerate(bounded_lines(stream), start=1):
                characters += _MOST_CHARACTERS + 1 if line is None else len(line)
                if line is None or characters > _MOST_CHARACTERS:
                    raise WholeFileError(f"it is longer than {_MOST_CHARACTERS >> 20} MiB")
                try:
                    lines.append(_unended(decoded(line)))
                except ValueError as error:
                    raise _error(path, number, str(error)) from None
            return lines
    except (WholeFileError, OSError, EOFError, lzma.LZMAError, zlib.error) as error:
        raise ConfigError(f"Cannot read the exemplars '{path}': {reason_of(error)}.") from None


def _split(content: str) -> list[str]:
    """Returns the lines of a file's content, as they are read."""
    lines = content.removeprefix("\ufeff").split("\n")
    return [_unended(line) for line in (lines[:-1] if lines[-1] == "" else lines)]


def _unended(line: str) -> str:
    return line.removesuffix("\n").removesuffix("\r")


def _texts_of_records(path: Path) -> Iterator[ExemplarText]:
    characters = 0
    for number, record in enumerate(read_records(path, name=f"'{path}'"), start=1):
        if isinstance(record, CorpusProblem):
            raise ConfigError(f"Cannot read the exemplars: {record}.")
        text, day = record.fields.get("text"), record.fields.get("date")
        if not isinstance(text, str) or not text.strip():
            raise _error(path, record.number, "there is no text in its field 'text'")
        characters += len(text)
        if number > MOST_TEXTS or characters > _MOST_CHARACTERS:
            raise _error(
                path,
                record.number,
                f"a file of exemplars has at most {MOST_TEXTS:,} texts and "
                f"{_MOST_CHARACTERS >> 20} MiB",
            )
        today = find_date(day)
        if today is None and day not in (None, ""):
            raise _error(path, record.number, f"{clipped(repr(day))} is not a date")
        yield ExemplarText(text, record.number, today, is_record=True)


def _day(written: str | None, path: Path, line: int) -> date | None:
    if written is None:
        return None
    day = find_date(written)
    if day is None:
        raise _error(path, line, f"{clipped(written)!r} is not a date; write --- 2023-03-03")
    return day


def _error(path: Path, line: int, said: str) -> ConfigError:
    return ConfigError(f"'{path}', line {line}: {said}.")
