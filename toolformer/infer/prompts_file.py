"""The prompts of a file: each line of a .txt, or the field `prompt` of a record."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from toolformer.corpus.files import CorpusProblem, Record
from toolformer.corpus.sources import Sources
from toolformer.corpus.values import as_id, as_json, as_text
from toolformer.dates import find_date
from toolformer.errors import ConfigError, clipped
from toolformer.files import is_encodable

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
    sources: Sources, *, on_problem: Callable[[CorpusProblem], None]
) -> Iterator[FilePrompt]:
    """Yields the prompts of a file, or of several; a record without one is reported and skipped.

    Raises:
        ConfigError: a file as a whole cannot be read, or there is no prompt.
    """
    first_problem: CorpusProblem | None = None
    is_empty = True
    for name, record in sources.records():
        found = _prompt(record, name) if isinstance(record, Record) else record
        if isinstance(found, FilePrompt):
            is_empty = False
            yield found
        elif found.line is None:
            raise ConfigError(f"Cannot read prompts: {found}.")
        else:
            first_problem = first_problem or found
            on_problem(found)
    if is_empty:
        reason = f" The first problem: {first_problem}." if first_problem else ""
        raise ConfigError(f"There is no prompt in '{sources.name}'.{reason}")


def _prompt(record: Record, name: str) -> FilePrompt | CorpusProblem:
    """Returns the prompt of a record, or why it has none."""
    fields = {field: as_text(value) for field, value in record.fields.items()}
    field = next((each for each in _FIELDS if each in fields), None)
    if field is None:
        return CorpusProblem(name, record.number, f"it has no field {_FIELDS[0]!r}")
    text, identity, today = fields[field], _identity(fields.get("id")), fields.get("today")
    if not isinstance(text, str):
        return CorpusProblem(name, record.number, f"its {field} is {_shown(text)}, not a text")
    for each in (field, "id"):
        if not is_encodable(str(fields.get(each))):
            return CorpusProblem(name, record.number, f"its {each} holds half a surrogate pair")
    if identity is None and fields.get("id") not in (None, ""):
        said = f"its id is {_shown(fields['id'])}, not a text or a number"
        return CorpusProblem(name, record.number, said)
    day = find_date(today)
    if day is None and today not in (None, ""):
        said = f"its today is {_shown(today)}, not a date such as 2023-03-03"
        return CorpusProblem(name, record.number, said)
    return FilePrompt(text, identity, day)


def _identity(value: object) -> str | int | None:
    """Returns a prompt's id: whole numbers stay numbers, also where a table made them floats."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if type(value) is int else as_id(value)


def _shown(value: object) -> str:
    return clipped(repr(as_json(value)))
