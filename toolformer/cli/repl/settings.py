"""The settings that a person changes while a model decodes: their names, their meaning, their text.

Knows no terminal: the command line and the REPL say the same of a setting.
"""

from typing import Any

from toolformer.errors import UnknownNameError, closest
from toolformer.infer.config import InferConfig

# In the order in which they are shown.
MEANINGS = {
    "top-k-start": "A call starts when its marker is among the k likeliest tokens; 0: never.",
    "max-calls": "Calls per prompt.",
    "max-new-tokens": "Tokens of an answer; a tool's output does not count.",
    "max-call-tokens": "Tokens of a call's arguments.",
    "temperature": "0: always the likeliest token.",
    "seed": "Another seed draws other tokens.",
    "stop": "Text at which an answer ends.",
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
        value = () if text in ("", "nothing") else (read_stop(text),)
    return config.override(**{name.replace("-", "_"): value})


def read_stop(text: str) -> str:
    r"""Returns the text at which an answer ends; a line end can be written `\n`.

    >>> read_stop(r"\n\n"), read_stop("Q:")
    ('\n\n', 'Q:')
    """
    return text.replace("\\n", "\n").replace("\\t", "\t")
