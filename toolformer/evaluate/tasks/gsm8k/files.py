"""Problems of GSM8K as a file holds them, or with larger numbers: what the tasks ask from."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from toolformer.errors import ConfigError
from toolformer.evaluate.tasks.gsm8k.scale import scale
from toolformer.evaluate.tasks.gsm8k.solutions import Mark, Solution, read_solution
from toolformer.evaluate.tasks.records import TaskRecord, read_task_records

_FEWEST, _MOST = 3, 9  # digits that numbers can be scaled to


@dataclass(frozen=True, slots=True)
class Problem:
    """A question, its solution, and the marks that are asked for."""

    id: str
    question: str
    solution: Solution
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Problems:
    """The problems of a range of records, and how many were left out, by reason."""

    problems: tuple[Problem, ...]
    dropped: Mapping[str, int]


def read_problems(path: str, *, first: int | None = None, last: int | None = None) -> list[Problem]:
    """Reads problems with their marks taken out.

    Args:
        path: JSON lines with `question` and `answer`, in which marks are `<<48/2=24>>`.
        first: so many records from the file's beginning.
        last: so many from its end. None for both: all.

    Raises:
        ConfigError: both are given, or one is below 1.
        CorpusError: the file cannot be read, or a record lacks a field.
    """
    given = [each for each in (first, last) if each is not None]
    if len(given) > 1 or any(each < 1 for each in given):
        raise ConfigError(f"first={first},last={last}: give one of them, and at least 1.")
    records = list(read_task_records(path))
    return [_problem(row) for row in records[-last if last else 0 : first]]


def scale_problems(
    problems: Sequence[Problem], *, digits: int, with_questions: bool = False
) -> Problems:
    """Returns problems with numbers of `digits` digits and up to two more.

    Args:
        problems: as they are.
        digits: of the smallest number.
        with_questions: whether questions are scaled too; else they are left out.

    Raises:
        ConfigError: numbers are not scaled to so many digits.
    """
    if not _FEWEST <= digits <= _MOST:
        raise ConfigError(f"The option digits is {digits}: it is from {_FEWEST} to {_MOST}.")
    found: list[Problem] = []
    dropped: Counter[str] = Counter()
    for each in problems:
        question = each.question if with_questions else ""
        scaled = scale(each.solution, digits=digits, question=question)
        if scaled.solution is None:
            dropped[f"solutions with {scaled.reason}"] += 1
        else:
            found.append(Problem(each.id, scaled.question, scaled.solution, scaled.asked))
    return Problems(tuple(found), dict(dropped))


def _problem(row: TaskRecord) -> Problem:
    solution = read_solution(row.text("answer"))
    return Problem(row.id, " ".join(row.text("question").split()), solution, solution.marks)
