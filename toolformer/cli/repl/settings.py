"""The settings that a person changes while a model decodes: their names, their meaning, their text.

Knows no terminal: the command line and the REPL say the same of a setting.
"""

from collections.abc import Sequence
from typing import Any

from toolformer.errors import UnknownNameError, closest
from toolformer.infer.config import InferConfig

# In the order in which they are shown. Calls are turned off by /calls, and there is one stream.
MEANINGS = {
    name.replace("_", "-"): field.description or ""
    for name, field in InferConfig.model_fields.items()
    if name not in ("bar_markers", "max_streams")
}
_SHORT = {"k": "top-k-start"}  # as the paper calls it


def setting_of(name: str) -> str:
    """Returns a setting's name as it is shown.

    >>> setting_of("Max_Calls"), setting_of("k")
    ('max-calls', 'top-k-start')

    Raises:
        UnknownNameError: there is no such setting.
    """
    name = name.casefold().replace("_", "-")
    name = _SHORT.get(name, name)
    if name not in MEANINGS:
        raise UnknownNameError(closest(name, MEANINGS, what="setting"))
    return name


def value_of(config: InferConfig, name: str) -> str:
    r"""Returns the text of a setting.

    >>> value_of(InferConfig(stop=("\n",)), "stop"), value_of(InferConfig(), "max-calls")
    ("'\\n'", '8')
    """
    value = getattr(config, name.replace("-", "_"))
    if isinstance(value, tuple):
        return " ".join(repr(each) for each in value) or "nothing"
    return f"{value:g}" if isinstance(value, float) else str(value)


def with_setting(config: InferConfig, name: str, text: str) -> InferConfig:
    r"""Returns the settings with one changed.

    >>> with_setting(InferConfig(), "max-calls", "3").max_calls
    3
    >>> with_setting(InferConfig(), "stop", r"\n").stop
    ('\n',)

    Raises:
        UnknownNameError: there is no such setting.
        ConfigError: it cannot have this value.
    """
    name = setting_of(name)
    value: Any = text
    if name == "stop":
        value = () if text in ("", "nothing") else read_stops([text])
    return config.override(**{name.replace("-", "_"): value})


def read_stops(texts: Sequence[str]) -> tuple[str, ...]:
    r"""Returns the texts at which an answer ends; a line end can be written `\n`.

    >>> read_stops([r"\n\n", "Q:"])
    ('\n\n', 'Q:')
    """
    return tuple(text.replace("\\n", "\n").replace("\\t", "\t") for text in texts)
