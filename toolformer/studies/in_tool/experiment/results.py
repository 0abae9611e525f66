"""The results of a sweep: a CSV file with a line for each model."""

import csv
import io
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from toolformer.errors import RunError
from toolformer.files import from_json, write_whole
from toolformer.plain_files import read_plain
from toolformer.studies.in_tool.data.questions import Mode

_MOST_BYTES = 16 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One model of a sweep, and how many of the questions it answered rightly."""

    mode: Mode
    facts: int
    width: int
    parameters: int
    seed: int
    alpha: float
    steps: int
    loss: float  # nats a learned token, after the training
    asked: int
    right: int
    strange_asked: int
    strange_right: int
    edited_asked: int
    edited_right: int

    @property
    def recall(self) -> float:
        """Right answers about its people, of those asked."""
        return self.right / self.asked if self.asked else 0.0

    @property
    def strange_recall(self) -> float:
        """Right answers about strangers, of those asked."""
        return self.strange_right / self.strange_asked if self.strange_asked else 0.0


def write_results(path: Path, rows: Iterable[Row]) -> None:
    """Writes the lines, in the given order, as a whole."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([each.name for each in fields(Row)])
    for row in rows:
        writer.writerow(asdict(row).values())
    write_whole(path, text.getvalue())


def read_sweep(path: Path) -> list[Row]:
    """Returns the models of a sweep.

    Raises:
        RunError: the file cannot be read, or is not one of a sweep.
    """
    try:
        content = read_plain(path, most_bytes=_MOST_BYTES).decode()
        lines = list(csv.DictReader(io.StringIO(content), strict=True))
        return [from_json(Row, line) for line in lines]
    except OSError as error:
        raise RunError(f"Cannot read '{path}': {error.strerror}.") from None
    except (ValueError, csv.Error) as error:
        raise RunError(
            f"'{path}' holds no results of a sweep ({error}): name what `sweep --out` wrote."
        ) from None
