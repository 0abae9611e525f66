"""The prompts of a file: each line of a .txt, or the field `prompt` of a .jsonl or .parquet."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from toolformer.corpus.files import FORMATS, CorpusProblem, Record, format_of, read_records
from toolformer.dates import find_date
from toolformer.errors import ConfigError
from toolformer.files import is_encodable, is_there

_FIELDS = ("prompt", "text")  # the first that a record has


@dataclass(frozen=True, slots=True)
class FilePrompt:
    """A prompt as a file has it."""

    prompt: str
    id: str | int | None = None
    today: date | None = None  # the day of its calls; None: the day of the tools


def prompt_row(prompt: FilePrompt) -> dict[str, Any]:
    """Returns a prompt as the row of its answer begins.

    >>> prompt_row(FilePrompt("2 + 2 is", id=7)), prompt_row(FilePrompt("2 + 2 is"))
    ({'id': 7, 'prompt': '2 + 2 is'}, {'prompt': '2 + 2 is'})
    """
    row: dict[str, Any] = {} if prompt.id is None else {"id": prompt.id}
    return row | {"prompt": prompt.prompt}


def read_prompts(
    path: Path, *, on_problem: Callable[[CorpusProblem], None]
) -> Iterator[FilePrompt]:
    """Yields the prompts of a file; a record without one is reported and skipped.

    Raises:
        ConfigError: the file as a whole cannot be read.
    """
    if not is_there(path):
        raise ConfigError(f"There is no file '{path}' to take prompts from.")
    if not path.is_file():
        raise ConfigError(f"'{path}' is not a plain file: write the prompts into one.")
    if format_of(path) is None:
        raise ConfigError(f"'{path}' has none of the endings {', '.join(FORMATS)}.")
    for record in read_records(path, name=path.name):
        found = _prompt(record, path.name) if isinstance(record, Record) else record
        if isinstance(found, FilePrompt):
            yield found
        elif found.line is None:
            raise ConfigError(f"Cannot read prompts: {found}.")
        else:
            on_problem(found)


def _prompt(record: Record, name: str) -> FilePrompt | CorpusProblem:
    """Returns the prompt of a record, or why it has none."""
    fields = record.fields
    field = next((each for each in _FIELDS if each in fields), None)
    if field is None:
        return CorpusProblem(name, record.number, f"it has no field {_FIELDS[0]!r}")
    text, identity, today = fields[field], fields.get("id"), fields.get("today")
    if not isinstance(text, str):
        return CorpusProblem(name, record.number, f"its {field} is {text!r}, no text")
    if not isinstance(identity, str | int | None):
        return CorpusProblem(name, record.number, f"its id is {identity!r}, no text or number")
    for holder, value in ((field, text), ("id", identity)):
        if not is_encodable(str(value)):
            return CorpusProblem(name, record.number, f"its {holder} holds half a surrogate pair")
    day = None if today is None else find_date(today)
    if today is not None and day is None:
        return CorpusProblem(
            name, record.number, f"its today is {today!r}, not a date such as 2023-03-03"
        )
    return FilePrompt(text, identity, day)
