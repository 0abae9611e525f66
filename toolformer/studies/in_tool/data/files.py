"""The data of the study as files: JSON lines, and a SQLite database that `database` reads."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from toolformer.evaluate.tasks.facts.table import write_facts
from toolformer.files import write_whole
from toolformer.records import Document
from toolformer.studies.in_tool.data.facts import fact_rows
from toolformer.studies.in_tool.data.people import Person
from toolformer.studies.in_tool.data.questions import Mode, Question
from toolformer.tools.registry import DOOR


def write_people(path: Path, people: Iterable[Person]) -> None:
    """Writes a line a person: the name and the four facts."""
    _write_lines(path, ({"name": each.name, **asdict(each)} for each in people))


def write_biographies(path: Path, documents: Iterable[Document]) -> None:
    """Writes a line a person: an id and a text, as any corpus has them."""
    _write_lines(path, ({"id": each.id, "text": each.text} for each in documents))


def write_questions(path: Path, questions: Iterable[Question], *, mode: Mode) -> None:
    """Writes a line a question: what is asked, the value, and the text with its answer.

    With `Mode.TOOL` a call with its output stands in front of the answer.
    """
    _write_lines(
        path,
        (
            {
                "prompt": each.text,
                "name": each.person.name,
                "attribute": str(each.attribute),
                "value": each.value,
                "text": each.written(mode),
            }
            for each in questions
        ),
    )


def write_database(path: Path, people: Iterable[Person]) -> None:
    """Writes the table `facts` with a row for each fact."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.tmp")
    write_facts(unfinished, fact_rows(people))
    unfinished.replace(path)


def database_spec(path: Path) -> str:
    """Returns what loads the database tool of a file."""
    return DOOR.read("database").with_options({"path": str(path)}).text


def _write_lines(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    write_whole(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
