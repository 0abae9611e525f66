"""Records of tables in text: .csv and .tsv. Knows no Document."""

import csv
import io
from collections import deque
from collections.abc import Iterator, Mapping

from toolformer.corpus.lines import (
    MOST_BYTES,
    TOO_LONG,
    WholeFileError,
    bounded_lines,
    decoded,
    open_text,
)
from toolformer.corpus.values import unique
from toolformer.urls import AnyFile


def delimited_rows(
    path: AnyFile, *, delimiter: str
) -> Iterator[tuple[int, Mapping[str, object] | str]]:
    """Yields the line at which each row starts with the row, or with what is wrong with it.

    The first row names the columns; where it has semicolons and no comma, these separate. A value
    is the text that stands there, whatever it looks like.

    Raises:
        WholeFileError: the names cannot be read.
    """
    # The module's own limit is for the whole program, and less than a text may be long.
    csv.field_size_limit(max(csv.field_size_limit(), MOST_BYTES))
    names: list[str] | None = None
    with open_text(path) as stream:
        first = stream.peek(1).lstrip().partition(b"\n")[0]
        if delimiter == "," and b"," not in first and b";" in first:
            delimiter = ";"  # as a spreadsheet writes where a comma is a decimal point
        lines = _RowLines(stream)
        rows = csv.reader(lines, delimiter=delimiter, strict=True)
        while True:
            lines.begin_row()
            problem = ""
            try:
                row = next(rows)
            except StopIteration:
                return
            except (csv.Error, ValueError) as error:
                row, problem = (
                    [],
                    str(error).partition(" - ")[0],
                )  # behind it, advice to programmers
            if names is None:
                if problem:
                    raise WholeFileError(f"the names of its columns cannot be read ({problem})")
                names = unique(row) or None
            elif not problem and len(row) == len(names):
                yield lines.number, dict(zip(names, row, strict=True))
            elif row or problem:
                yield lines.number, problem or f"{len(row)} values for {len(names)} columns"
                lines.only_first()


class _RowLines:
    """The lines of a table, and which of them the row has that is being read."""

    def __init__(self, stream: io.BufferedReader) -> None:
        self.number = 0  # of the line at which the row starts
        self._lines = bounded_lines(stream)
        self._of_row: list[bytes | None] = []
        self._again: deque[bytes | None] = deque()
        self._size = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._lines)
        self._of_row.append(line)
        self._size += len(line or b"")
        if line is None or self._size > MOST_BYTES:
            raise ValueError(TOO_LONG)
        return decoded(line)

    def begin_row(self) -> None:
        """Begins a row after the one that was read."""
        self.number += len(self._of_row) or 1
        self._of_row, self._size = [], 0

    def only_first(self) -> None:
        """Takes only the first line of the row for its own: reads the others again.

        A quotation mark that nobody closes would take in the rows that follow.
        """
        self._again.extendleft(reversed(self._of_row[1:]))
        del self._of_row[1:]
