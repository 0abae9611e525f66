"""From a YAML file, flags and `--set` to the settings of an annotation."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from toolformer.annotate import AnnotateConfig
from toolformer.config import read_yaml
from toolformer.errors import ConfigError


def read_settings(
    path: Path | None, sets: Sequence[str], flags: Mapping[str, Any]
) -> AnnotateConfig:
    """Returns the settings: a flag goes before the file, one for a tool before one for all.

    Args:
        path: a YAML file; None is no file.
        sets: `name=value` for all tools, `tool.name=value` for one.
        flags: by field name; None was not given.

    Raises:
        ConfigError: a setting is unknown or has a value it may not have.
    """
    values: dict[str, Any] = {} if path is None else read_yaml(path)
    values |= {name: value for name, value in flags.items() if value is not None}
    tools = values.get("tools") or {}
    if not isinstance(tools, Mapping):
        raise ConfigError(f"The setting 'tools' maps tools to their numbers; it is {tools!r}.")
    by_tool = {str(name).casefold(): dict(numbers or {}) for name, numbers in tools.items()}
    for each in sets:
        tool, name, value = parse_set(each)
        if tool is None:
            values[name] = value
        else:
            by_tool.setdefault(tool.casefold(), {})[name] = value
    return AnnotateConfig(**(values | {"tools": by_tool}))


def read_batch_tokens(text: str) -> int | None:
    """Reads `--batch-tokens`; None is to be found out.

    >>> read_batch_tokens("auto"), read_batch_tokens("4096")
    (None, 4096)
    """
    if text == "auto":
        return None
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise ConfigError(
            f"Cannot read --batch-tokens {text!r}: write a number of tokens, as 8192, or auto."
        )
    return int(text)


def parse_set(text: str) -> tuple[str | None, str, Any]:
    """Reads one `--set`.

    >>> parse_set("calculator.gain_threshold=0.5")
    ('calculator', 'gain_threshold', 0.5)
    >>> parse_set("seed=3")
    (None, 'seed', 3)
    """
    path, equals, value = text.partition("=")
    *tool, name = path.strip().split(".")
    if not equals or len(tool) > 1 or not name:
        raise ConfigError(
            f"Cannot read --set {text!r}: write name=value or tool.name=value, as in "
            "calculator.gain_threshold=0.5."
        )
    try:
        return (tool[0] if tool else None), name, yaml.safe_load(value)
    except yaml.YAMLError:
        raise ConfigError(f"Cannot read the value in --set {text!r}.") from None
