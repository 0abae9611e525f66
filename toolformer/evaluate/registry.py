"""Tasks by their specs: `lama:triples=facts.jsonl,templates=templates.jsonl`, `my_task.py:name`."""

from collections.abc import Sequence
from dataclasses import replace

from toolformer.errors import ConfigError
from toolformer.evaluate.task import Task
from toolformer.specs import Door

DOOR = Door(
    what="task",
    group="toolformer.tasks",
    # As pyproject.toml declares them; a test compares the two.
    built_in={
        "lama": "toolformer.evaluate.tasks.facts.lama:lama",
        "math": "toolformer.evaluate.tasks.math:math",
        "dates": "toolformer.evaluate.tasks.dates:dates",
        "date-understanding": "toolformer.evaluate.tasks.date_understanding:date_understanding",
        "steps": "toolformer.evaluate.tasks.gsm8k.steps:steps",
        "gsm8k": "toolformer.evaluate.tasks.gsm8k.word_problems:gsm8k",
        "arithmetic": "toolformer.evaluate.tasks.arithmetic:arithmetic",
        "perplexity": "toolformer.evaluate.tasks.plain_texts:perplexity",
        "restraint": "toolformer.evaluate.tasks.plain_texts:restraint",
    },
    examples="a name such as dates, a name with options such as math:path=FILE, or a task or a "
    "function that returns one in a file, such as my_task.py:name",
    offers=lambda found: isinstance(found, Task),
)


def load_task(spec: str) -> Task:
    """Returns the task that a spec names; its files are read.

    >>> load_task("arithmetic").draw(1, seed=0)[0].answers
    ('15400',)

    Raises:
        UnknownNameError: no task has this name; the near ones are offered.
        ConfigError: an option is unknown, is missing, or has a value it may not have.
        CorpusError: a file cannot be read.
    """
    parts = DOOR.read(spec)
    made = DOOR.make(parts)
    if not isinstance(made, Task):
        raise ConfigError(f"The task {spec!r} should be a Task or return one, not {made!r}.")
    return replace(made, spec=parts.text)


def load_tasks(specs: Sequence[str]) -> list[Task]:
    """Returns tasks of different names.

    >>> [task.name for task in load_tasks(["arithmetic", "dates"])]
    ['arithmetic', 'dates']

    Raises:
        ConfigError: two of them have one name.
    """
    tasks = [load_task(spec) for spec in specs]
    names = [task.name for task in tasks]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"Two tasks are called {name!r}: give one another, as in name=NAME.")
    return tasks
