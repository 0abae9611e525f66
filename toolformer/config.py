"""The base of the config models: YAML in, flags in, dict out, fingerprint."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from itertools import chain
from pathlib import Path
from typing import Any, Self

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from toolformer.errors import ConfigError, clipped, closest, told
from toolformer.plain_files import read_plain

_MOST_BYTES = 1 << 16  # of a file of settings
_MOST_VALUES = 10_000
_UNKNOWN = "unknown_setting"
_is_validating: ContextVar[bool] = ContextVar("_is_validating", default=False)


class Config(BaseModel):
    """A frozen set of settings; an unknown or wrong one is named in one sentence.

    >>> class Example(Config):
    ...     seed: int = 0
    >>> Example().override(seed=3, other=None)
    Example(seed=3)
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, validate_default=True, use_attribute_docstrings=True
    )

    def __init__(self, **values: Any) -> None:
        """Validates the values.

        Raises:
            ConfigError: a name or a value is not allowed.
        """
        is_inner = _is_validating.get()
        token = _is_validating.set(True)
        try:
            super().__init__(**values)
        except ValidationError as error:
            named = _offer_near_names(type(self), error)
            if is_inner:
                raise named from None  # the settings around these add where they stand
            raise ConfigError(_sentence(named)) from None
        finally:
            _is_validating.reset(token)

    @classmethod
    def from_yaml(cls, path: str | Path) -> Self:
        """Reads settings from a YAML file; what it does not name keeps its default."""
        return cls(**read_yaml(path))

    def to_dict(self) -> dict[str, Any]:
        """Returns the settings as JSON values."""
        return self.model_dump(mode="json")

    def fingerprint(self) -> str:
        """Returns 16 hexadecimal digits that change with any setting."""
        return fingerprint(self.to_dict())

    def override(self, **flags: Any) -> Self:
        """Returns a copy with the flags that were given; None stands for not given."""
        given = {name: value for name, value in flags.items() if value is not None}
        values = {name: getattr(self, name) for name in type(self).model_fields}
        return type(self)(**(values | given))


def flags_of(config: Mapping[str, Any], model: type[Config]) -> Iterator[str]:
    """Yields the flags of the settings that are not the defaults; what has no flag is left out.

    Args:
        config: settings by name, as `to_dict` returns them; whoever wrote them.
        model: the settings' class.
    """
    defaults = model().to_dict()
    for name, value in config.items():
        if name == "tools":
            for tool, settings in value.items() if isinstance(value, Mapping) else ():
                for key, each in settings.items() if isinstance(settings, Mapping) else ():
                    if each is not None:
                        yield from ("--set", f"{tool}.{key}={each}")
        elif name not in defaults or value == defaults[name] or value is None:
            continue
        elif value is True:
            yield f"--{name.replace('_', '-')}"
        elif isinstance(value, str | int | float) and value is not False:
            yield from (f"--{name.replace('_', '-')}", str(value))


def read_yaml(path: str | Path) -> dict[str, Any]:
    """Reads a YAML file that maps names to values.

    Raises:
        ConfigError: the file cannot be read or is not such a mapping.
    """
    try:
        content = parse_yaml(read_plain(path, most_bytes=_MOST_BYTES).decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise ConfigError(f"Cannot read the config '{path}': it is not UTF-8 text.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(
            f"Cannot read the config '{clipped(str(path), 200)}': {reason}."
        ) from None
    if content is None:
        return {}
    if not isinstance(content, dict) or not all(isinstance(name, str) for name in content):
        raise ConfigError(f"The config '{path}' must map names to values, as in 'seed: 1'.")
    return content


def parse_yaml(text: str) -> Any:
    r"""Returns what a YAML text holds, whoever wrote it.

    Raises:
        ValueError: it is not YAML, or holds more than settings do.

    >>> parse_yaml("a: &a [1, 2]\nb: *a")
    {'a': [1, 2], 'b': [1, 2]}
    >>> parse_yaml("a: &a [*a]")
    Traceback (most recent call last):
    ValueError: a value in it contains itself
    """
    try:
        return yaml.load(text, _Loader)  # noqa: S506 (a SafeLoader)
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        line = "" if where is None else f" at line {where.line + 1}"
        raise ValueError(f"it is not YAML{line}") from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except _TooMuchError as error:
        raise ValueError(str(error)) from None
    except Exception as error:  # noqa: BLE001 (PyYAML lets pass what Python says of 2023-13-45)
        raise ValueError(f"a value in it cannot be read ({told(error)})") from None


class _TooMuchError(Exception):
    """A text stands for more than it may."""


class _Loader(yaml.SafeLoader):
    """Counts values as often as they are referred to: ten lines can stand for a billion."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._sizes: dict[yaml.Node, int] = {}

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        is_alias = self.check_event(yaml.AliasEvent)
        node = super().compose_node(parent, index)
        if node is None or node in self._sizes:
            return node
        if is_alias:
            raise _TooMuchError("a value in it contains itself")
        inner: list[yaml.Node] = []
        if isinstance(node, yaml.SequenceNode):
            inner = node.value
        elif isinstance(node, yaml.MappingNode):
            inner = list(chain.from_iterable(node.value))
        self._sizes[node] = 1 + sum(map(self._sizes.__getitem__, inner))
        if self._sizes[node] > _MOST_VALUES:
            raise _TooMuchError(f"it stands for more than {_MOST_VALUES:,} values")
        return node


def canonical_json(value: object) -> str:
    """Returns the one JSON text of a value: sorted names, no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def fingerprint(value: object) -> str:
    """Returns the first 16 hexadecimal digits of the SHA-256 of a JSON value.

    >>> fingerprint({"b": 1, "a": 2}) == fingerprint({"a": 2, "b": 1})
    True
    """
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()[:16]


def differences(old: object, new: object, *, name: str = "") -> list[str]:
    """Names the fields in which two JSON values differ, by dotted path.

    >>> differences({"config": {"seed": 1, "k": 5}}, {"config": {"seed": 2, "k": 5}})
    ['config.seed (1, now 2)']
    """
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        found: list[str] = []
        for key in sorted(old.keys() | new.keys()):
            path = f"{name}.{key}" if name else str(key)
            found += differences(old.get(key), new.get(key), name=path)
        return found
    if old == new:
        return []
    was, now = (json.dumps(each, ensure_ascii=False, sort_keys=True) for each in (old, new))
    return [f"{name} ({clipped(was)}, now {clipped(now)})"]


def _offer_near_names(model: type[Config], error: ValidationError) -> ValidationError:
    """Returns an error that says which names there are, if its first is an unknown one."""
    first = error.errors(include_url=False)[0]
    if first["type"] != "extra_forbidden" or len(first["loc"]) > 1:
        return error
    sentence = closest(str(first["loc"][0]), model.model_fields, what="setting")
    custom = PydanticCustomError(_UNKNOWN, "{sentence}", {"sentence": sentence})
    details = InitErrorDetails(type=custom, loc=first["loc"], input=first["input"])
    return ValidationError.from_exception_data(model.__name__, [details])


def _sentence(error: ValidationError) -> str:
    """Returns a sentence about the first error of a validation, with the value and the way out."""
    first = error.errors(include_url=False)[0]
    path = ".".join(str(part) for part in first["loc"])
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == _UNKNOWN:
        around = path.rpartition(".")[0]
        return f"In '{around}': {message}" if around else message
    if first["type"] == "missing":
        return f"The setting '{path}' is missing."
    reason = (message[:1].lower() + message[1:]).rstrip(".")
    if isinstance(first["input"], Mapping) and first["type"] == "value_error":
        where = f" of '{path}'" if path else ""
        return f"The settings{where} do not go together: {reason}."
    return f"The setting '{path}' cannot be {clipped(repr(first['input']))}: {reason}."
