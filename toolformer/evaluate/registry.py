"""Tasks by name: `lama:triples=facts.jsonl,templates=templates.jsonl`, `math:path=svamp.jsonl`."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from toolformer.errors import ConfigError, UnknownNameError, closest
from toolformer.evaluate.date_understanding import date_understanding
from toolformer.evaluate.generated import arithmetic, dates
from toolformer.evaluate.lama import lama
from toolformer.evaluate.math_problems import math
from toolformer.evaluate.plain_texts import perplexity, restraint
from toolformer.evaluate.task import Task
from toolformer.tools.signature import type_adapter

TASKS: Mapping[str, Callable[..., Task]] = {
    "lama": lama,
    "math": math,
    "dates": dates,
    "date-understanding": date_understanding,
    "arithmetic": arithmetic,
    "perplexity": perplexity,
    "restraint": restraint,
}


def load_task(spec: str) -> Task:
    """Returns the task that a spec names; its files are read.

    Raises:
        UnknownNameError: no task has this name; the near ones are offered.
        ConfigError: an option is unknown, is missing, or has a value it may not have.
        CorpusError: a file cannot be read.
    """
    name, _, options = spec.strip().partition(":")
    make = TASKS.get(name.strip().casefold())
    if make is None:
        raise UnknownNameError(closest(name, TASKS, what="task"))
    values = _values(make, read_options(options, spec=spec), spec=spec)
    return replace(make(**values), spec=spec.strip())


def load_tasks(specs: Sequence[str]) -> list[Task]:
    """Returns tasks of different names.

    Raises:
        ConfigError: two of them have one name.
    """
    tasks = [load_task(spec) for spec in specs]
    names = [task.name for task in tasks]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"Two tasks are called {name!r}: give one another, as in name=NAME.")
    return tasks


def read_options(text: str, *, spec: str) -> dict[str, str]:
    """Takes options apart; a value may hold commas.

    >>> read_options("path=a.jsonl,prompt=Well, {problem} So it is", spec="math")
    {'path': 'a.jsonl', 'prompt': 'Well, {problem} So it is'}
    """
    options: dict[str, str] = {}
    name = ""
    for piece in text.split(",") if text else []:
        key, equals, value = piece.partition("=")
        if equals and key.strip().isidentifier():
            name = key.strip()
            if name in options:
                raise ConfigError(f"The task {spec!r} gives the option {name!r} twice.")
            options[name] = value.strip()
        elif name:
            options[name] += f",{piece}"
        else:
            raise ConfigError(f"The task {spec!r} has the option {piece!r}; write name=value.")
    return options


def _values(
    make: Callable[..., Task], options: Mapping[str, str], *, spec: str
) -> dict[str, object]:
    from pydantic import ValidationError

    known = inspect.signature(make, eval_str=True).parameters
    values: dict[str, object] = {}
    for name, text in options.items():
        if name not in known:
            raise ConfigError(closest(name, known, what=f"option in {spec!r}:"))
        try:
            values[name] = type_adapter(known[name].annotation).validate_python(text)
        except ValidationError as error:
            reason = error.errors(include_url=False, include_context=False)[0]["msg"]
            raise ConfigError(f"The task {spec!r} has {name}={text!r}: {reason}.") from None
    for name, parameter in known.items():
        if parameter.default is inspect.Parameter.empty and name not in values:
            raise ConfigError(f"The task {spec!r} needs the option {name}=...")
    return values
