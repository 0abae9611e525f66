"""The base of the config models: YAML in, flags in, dict out, fingerprint."""

import hashlib
import json
from collections.abc import Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Self

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from toolformer.errors import ConfigError, clipped, closest

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


def parse_yaml(text: str) -> Any:
    """Returns what a YAML text holds.

    >>> parse_yaml("0.5"), parse_yaml("a: [1, 2]")
    (0.5, {'a': [1, 2]})

    Raises:
        ValueError: its sentence says what is wrong, and on which line.
    """
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = "" if mark is None else f" at line {mark.line + 1}"
        raise ValueError(f"it is not YAML{where}") from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except ValueError as error:  # what looks like a day or a number and is not
        raise ValueError(f"it has a value that is not one: {error}") from None


def read_yaml(path: str | Path) -> dict[str, Any]:
    """Reads a YAML file that maps names to values.

    Raises:
        ConfigError: the file cannot be read or is not such a mapping.
    """
    try:
        if not Path(path).is_file() and Path(path).exists():  # a pipe may never end, nor begin
            raise ConfigError(f"Cannot read the config '{path}': it is not a plain file.")
        content = parse_yaml(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"Cannot read the config '{path}': {error.strerror}.") from None
    except UnicodeDecodeError:
        raise ConfigError(f"Cannot read the config '{path}': it is not UTF-8 text.") from None
    except ValueError as error:
        raise ConfigError(f"Cannot read the config '{clipped(str(path))}': {error}.") from None
    if content is None:
        return {}
    if not isinstance(content, dict) or not all(isinstance(name, str) for name in content):
        raise ConfigError(f"The config '{path}' must map names to values, as in 'seed: 1'.")
    return content


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
    return f"The setting '{path}' cannot be {first['input']!r}: {reason}."
