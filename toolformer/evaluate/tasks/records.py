"""Records of a task's files: JSON lines on disk or a Hugging Face dataset, named by line.

A record that lacks a field ends the reading: a benchmark with holes is another benchmark.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from toolformer.corpus.files import CorpusProblem
from toolformer.corpus.sources import SourceFile, find_sources
from toolformer.errors import CorpusError


@dataclass(frozen=True, slots=True)
class TaskRecord:
    """A record, where it is from, and its fields read with what is wrong named by line."""

    file: str  # its name without endings, or the dataset's id
    number: int  # counted from 1
    fields: Mapping[str, object]

    @property
    def id(self) -> str:
        """The name of the record within its task."""
        return f"{self.file}/{self.number}"

    def has(self, name: str) -> bool:
        """Returns whether it has a field."""
        return self.fields.get(name) is not None

    def text(self, *names: str) -> str:
        """Returns the first of these fields it has, as text.

        Raises:
            CorpusError: it has none of them, or the field holds no text.
        """
        for name in names:
            value = self.fields.get(name)
            if isinstance(value, str | int | float) and str(value).strip():
                return str(value)
        wanted = " or ".join(repr(name) for name in names)
        raise CorpusError(
            f"{self.file}, line {self.number}: no field {wanted} with a value; it has "
            f"{', '.join(self.fields) or 'no field'}."
        )

    def texts(self, name: str) -> tuple[str, ...]:
        """Returns a field that holds a list of texts; none when it is not there.

        Raises:
            CorpusError: the field holds something else.
        """
        value = self.fields.get(name, ())
        if not isinstance(value, list | tuple) or not all(isinstance(each, str) for each in value):
            raise CorpusError(
                f"{self.file}, line {self.number}: '{name}' is {value!r}; write a list of texts."
            )
        return tuple(value)


def read_task_records(source: str) -> Iterator[TaskRecord]:
    """Yields the records of a file, a directory's files, the files a pattern fits, or a dataset.

    Args:
        source: `svamp.jsonl`, `math/mawps*.jsonl`, or `owner/name[:configuration[:split]]`.

    Raises:
        CorpusError: there is no such file or dataset, or a line cannot be read.
    """
    is_empty = True
    for part in find_sources(source).parts:
        name = part.path.name.split(".")[0] if isinstance(part, SourceFile) else part.name
        for record in part.records():
            if isinstance(record, CorpusProblem):
                raise CorpusError(f"{record}.")
            is_empty = False
            yield TaskRecord(name, record.number, record.fields)
    if is_empty:
        raise CorpusError(f"There is no row in '{source}'.")
