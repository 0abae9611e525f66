"""A spec taken apart, and the door through which what it names comes in.

A spec is a name (`calculator`), a name with options (`database:path=facts.db,table=facts`), or an
object in a Python file, with or without options (`my_tools.py:convert`). A name is looked up among
what this package brings and what other distributions declare as entry points: the same door for
all.
"""

import inspect
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, time
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

from toolformer.errors import ConfigError, UnknownNameError, clipped, closest
from toolformer.specs.python_files import foreign_code, import_file
from toolformer.typed import type_adapter

_FILE = re.compile(r"^(?P<file>.+\.py):(?P<name>[^:]+)(?::(?P<options>.*))?$", re.DOTALL)
# The name of what comes with options, of which one may name a Python file or an address.
_WITH_OPTIONS = re.compile(r"^(?P<name>[\w-]+):(?P<options>\w+=.*)$", re.DOTALL)
_NAMED = re.compile(r"^(?P<name>[^:]+?)(?::(?P<options>.*))?$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Spec:
    """A spec taken apart.

    Attributes:
        text: The spec in its one spelling.
        name: Of an object in the file, as written there, or of an entry point, in lower case.
        file: "" for an entry point.
        options: As they were written.
    """

    text: str
    name: str
    file: str
    options: Mapping[str, str]

    def with_options(self, options: Mapping[str, str]) -> "Spec":
        """Returns the spec of the same thing with other options."""
        return _spell(self.file, self.name, options)


def _spell(file: str, name: str, options: Mapping[str, str]) -> Spec:
    written = ",".join(f"{key}={value}" for key, value in options.items())
    return Spec(":".join(filter(None, (file, name, written))), name, file, options)


@dataclass(frozen=True, slots=True)
class Door:
    """The way one kind of thing comes in: by name, by entry point, or out of a Python file.

    Attributes:
        what: What it is, for messages: "tool".
        group: The group of entry points in which distributions declare theirs.
        built_in: What this package declares in the group, by name, for a source tree that nobody
            installed.
        examples: How specs of this kind look, for messages.
        offers: Returns whether an object is one of this kind.
    """

    what: str
    group: str
    built_in: Mapping[str, str]
    examples: str
    offers: Callable[[object], bool]

    def names(self) -> list[str]:
        """Returns the names that stand for something without a file, in order."""
        installed = entry_points(group=self.group)
        return sorted({*self.built_in, *(point.name.casefold() for point in installed)})

    def read(self, spec: str) -> Spec:
        """Takes a spec apart.

        Raises:
            ConfigError: It cannot be read.
        """
        text = spec.strip()
        match = _WITH_OPTIONS.match(text) or _FILE.match(text) or _NAMED.match(text)
        if match is None or (text.endswith(".py") and match.re is not _WITH_OPTIONS):
            raise ConfigError(f"Cannot read the {self.what} {spec!r}: write {self.examples}.")
        file, name = match.groupdict().get("file") or "", match["name"].strip()
        if not file:
            name = name.casefold()
        return _spell(file, name, self._options(match["options"] or "", spec=spec))

    def find(self, spec: Spec) -> object:
        """Returns the object that a spec names; its options are still to be used.

        Raises:
            UnknownNameError: Nothing has this name; the near ones are offered.
            ConfigError: The file or the distribution cannot be imported.
        """
        if spec.file:
            return self._from_file(Path(spec.file), spec.name)
        if self.is_built_in(spec):
            return EntryPoint(spec.name, self.built_in[spec.name], self.group).load()
        for point in entry_points(group=self.group):
            if point.name.casefold() == spec.name:
                with foreign_code(
                    f"The {self.what} {spec.name!r} ({point.value}) cannot be imported"
                ):
                    return point.load()
        raise UnknownNameError(closest(spec.name, self.names(), what=self.what))

    def make(self, spec: Spec) -> object:
        """Returns what a spec names: one of this kind, or what a function makes of its options.

        Raises:
            UnknownNameError: Nothing has this name; the near ones are offered.
            ConfigError: It cannot be imported, or the options do not fit.
        """
        found = self.find(spec)
        if callable(found) and not self.offers(found):
            return self.call(found, spec)
        self.refuse_options(spec)
        return found

    def refuse_options(self, spec: Spec) -> None:
        """Refuses the options of what takes none.

        Raises:
            ConfigError: There are options.
        """
        if spec.options:
            raise ConfigError(
                f"The {self.what} {spec.text!r} takes no options; it was given "
                f"{', '.join(spec.options)}."
            )

    def is_built_in(self, spec: Spec) -> bool:
        """Returns whether a spec names something that comes with this package."""
        return not spec.file and spec.name in self.built_in

    def call(self, factory: Callable[..., Any], spec: Spec) -> Any:
        """Calls a function with a spec's options, read as the types of its parameters.

        Raises:
            ConfigError: An option is unknown, missing, or has a value it may not have.
        """
        from pydantic import ValidationError

        with foreign_code(f"The types of {spec.text!r} cannot be read"):
            known = inspect.signature(factory, eval_str=True).parameters
            types = {
                name: type_adapter(known[name].annotation) for name in spec.options.keys() & known
            }
        values: dict[str, object] = {}
        for name, text in spec.options.items():
            if name not in known:
                raise ConfigError(closest(name, known, what=f"option in {spec.text!r}:"))
            try:
                values[name] = types[name].validate_python(text)
                reason = _fault_of(values[name], text)
            except ValidationError as error:
                reason = error.errors(include_url=False, include_context=False)[0]["msg"]
            if reason:
                raise ConfigError(f"The {self.what} {spec.text!r} has {name}={text!r}: {reason}.")
        for name, parameter in known.items():
            if parameter.default is inspect.Parameter.empty and name not in values:
                raise ConfigError(f"The {self.what} {spec.text!r} needs the option {name}=...")
        with foreign_code(f"The {self.what} {spec.text!r} cannot be made"):
            return factory(**values)

    def _options(self, text: str, *, spec: str) -> dict[str, str]:
        """Takes options apart; a value may hold commas."""
        options: dict[str, str] = {}
        name = ""
        for piece in text.split(",") if text else []:
            key, equals, value = piece.partition("=")
            if equals and key.strip().isidentifier():
                name = key.strip()
                if name in options:
                    raise ConfigError(f"The {self.what} {spec!r} gives the option {name!r} twice.")
                options[name] = value.strip()
            elif name:
                options[name] += f",{piece}"
            else:
                raise ConfigError(
                    f"The {self.what} {spec!r} has the option {piece!r}; write name=value."
                )
        return options

    def names_in(self, path: Path) -> list[str]:
        """Returns the names in a Python file that may stand for one of this kind, in its order.

        Raises:
            ConfigError: There is no such file, or it cannot be imported.
        """
        module = self._import(path)
        return [
            name
            for name, value in vars(module).items()
            if not name.startswith("_")
            and (self.offers(value) or getattr(value, "__module__", "") == module.__name__)
        ]

    def _from_file(self, path: Path, name: str) -> object:
        module = self._import(path)
        try:
            return getattr(module, name)
        except AttributeError:
            what = f"{self.what} in {path}"
            raise UnknownNameError(closest(name, self.names_in(path), what=what)) from None

    def _import(self, path: Path) -> ModuleType:
        if not os.path.isfile(path):
            raise ConfigError(
                f"There is no file {clipped(str(path), 200)!r} to take a {self.what} from."
            )
        return import_file(path)


def _fault_of(value: object, text: str) -> str:
    """Returns why an option's text does not say what pydantic reads in it, "" where it does."""
    digits = text.strip().lstrip("+-").replace(".", "", 1)
    is_time = isinstance(value, date | time)
    return "A number is not a day or a time" if is_time and digits.isdigit() else ""
