"""Options out of a config model: a flag for each field, `--config FILE` and `--set name=value`.

A flag has its field's name, type, description and default, so a setting is described once.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from functools import wraps
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic.fields import FieldInfo
from typer import Option

from toolformer.config import Config, parse_yaml, read_yaml
from toolformer.errors import ConfigError, clipped

SETS = Annotated[list[str] | None, Option("--set", help="Any setting, as in seed=3. Repeatable.")]
DTYPE = Annotated[str, Option(help="float32, bfloat16 or float16.")]
DEVICE = Annotated[str, Option(help="auto, cpu, cuda or mps.")]
BATCH_TOKENS = Annotated[
    str, Option(help="Tokens of one batch; auto: as many as fit and are of use.")
]
STRICT = Annotated[bool, Option("--strict", help="Stop at a record that cannot be read.")]
TRUST_REMOTE_CODE = Annotated[
    bool,
    Option("--trust-remote-code", help="Let Python files that come with a model run."),
]
THRESHOLD = Annotated[
    float | None,
    Option("--gain-threshold", "--threshold", help="Select anew with this τf; needs no model."),
]
MIN_USED = Annotated[
    float | None,
    Option(
        "--min-used",
        help="Select anew: nats that a call's output must make what follows likelier by, beside "
        "the call without it.",
    ),
]
TOOL_CACHE = Annotated[
    Path | None,
    Option(
        "--tool-cache",
        help="A directory in which results of tools are kept and from which they are given again, "
        "to other runs, too.",
    ),
]
ALLOW_PEEKING = Annotated[bool, Option("--allow-peeking", help="Let calls that peek compete.")]
RUN_HELP = "The run directory that `toolformer annotate` wrote, or its URL."
MODEL_HELP = (
    "A directory (a model's or an adapter's), a Hub id, nano, a file in GGUF (model.gguf, "
    "hub/id:model.gguf), or script.py:name for a model in a file."
)
MIN_HELP = Annotated[
    float | None,
    Option(
        "--min-help",
        help="Select anew: nats that a call with its output must make what follows likelier by, "
        "beside the text without it; may be below zero.",
    ),
]
TAUGHT_TOOL = Annotated[
    list[str] | None,
    Option(
        help="calculator, database:path=facts.db, my_tools.py:convert, ... Repeatable. "
        "Default: the tools that the model was taught to call.",
        show_default=False,
    ),
]
NO_DEMONSTRATIONS = Annotated[
    bool,
    Option(
        "--no-demonstrations",
        help="Show the model no texts with calls of the tools that it was not taught.",
    ),
]
NO_TOOLS = Annotated[bool, Option("--no-tools", help="Make no calls; load no tools.")]
TRUST_TOOLS = Annotated[
    bool,
    Option(
        "--trust-tools",
        help="Load whatever tools the model's files name: code of others too, and tools that "
        "open paths.",
    ),
]
_TOOL_SETS = Annotated[
    list[str] | None,
    Option(
        "--set",
        help="Any setting, as in seed=3, or one tool's, as in calculator.gain_threshold=0.5. "
        "Repeatable.",
    ),
]
_FILE = Annotated[
    Path | None, Option("--config", help="A YAML file of settings; flags and --set override it.")
]

_DEEPEST = 8  # names in a setting's path

_AnyConfig = TypeVar("_AnyConfig", bound=Config)
_Command = Callable[..., int]


def with_settings(
    model: type[Config],
    *,
    names: Mapping[str, Sequence[str]] | None = None,
    read: Mapping[str, Callable[[Any], Any]] | None = None,
) -> Callable[[_Command], _Command]:
    """Gives a command an option for each field of a model, in the place of the model itself.

    The command has one parameter annotated with the model; it is called with the settings that
    defaults, `--config`, flags and `--set` amount to.

    Args:
        model: its fields become options; one that maps names to settings has `--set` alone.
        names: of options that are not called as their field is, by field.
        read: what makes a value of an option's text, or of its texts where it is repeatable.
    """
    options = {
        name: _flag(field, *(names or {}).get(name, [f"--{name.replace('_', '-')}"]))
        for name, field in model.model_fields.items()
        if get_origin(field.annotation) is not Mapping
    }
    others = {"file": _FILE, "sets": _TOOL_SETS if "tools" in model.model_fields else SETS}

    def decorate(command: _Command) -> _Command:
        @wraps(command)
        def with_options(*, file: Path | None, sets: list[str] | None, **values: Any) -> int:
            flags = {name: values.pop(name) for name in options}
            for name, reader in (read or {}).items():
                flags[name] = None if flags[name] is None else reader(flags[name])
            settings = read_settings(model, file, sets=sets or [], flags=flags)
            return command(**values, **{place: settings})

        parameters: list[inspect.Parameter] = []
        for each in inspect.signature(command).parameters.values():
            if each.annotation is not model:
                parameters.append(each.replace(kind=inspect.Parameter.KEYWORD_ONLY))
                continue
            place = each.name
            for name, option in (options | others).items():
                parameters.append(each.replace(name=name, annotation=option, default=None))
        with_options.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        return with_options

    return decorate


def read_settings(
    model: type[_AnyConfig],
    path: Path | None,
    *,
    sets: Sequence[str],
    flags: Mapping[str, Any] | None = None,
    read: Callable[[Path], dict[str, Any]] = read_yaml,
) -> _AnyConfig:
    """Returns the settings: `--set` goes before a flag, a flag before the file.

    Args:
        model: the settings' class.
        path: a YAML file, if there is one.
        sets: `name=value`; `tool.name=value` where tools have settings of their own.
        flags: by field; None was not given.
        read: reads the file.

    Raises:
        ConfigError: a setting is unknown or has a value it may not have.
    """
    values: dict[str, Any] = {} if path is None else read(path)
    values |= {name: value for name, value in (flags or {}).items() if value is not None}
    has_tools = "tools" in model.model_fields
    if has_tools and isinstance(values.get("tools"), Mapping):
        values["tools"] = {str(name).casefold(): each for name, each in values["tools"].items()}
    for each in sets:
        names, value = parse_set(each)
        if has_tools and len(names) > 1:
            names = ["tools", names[0].casefold(), *names[1:]]
        values = _with(values, names, value)
    return model(**values)


def parse_set(text: str) -> tuple[list[str], Any]:
    """Reads one `--set` into the path of a setting and its value.

    >>> parse_set("calculator.gain_threshold=0.5")
    (['calculator', 'gain_threshold'], 0.5)
    """
    path, equals, value = text.partition("=")
    names = path.strip().split(".")
    if not equals or not all(names) or len(names) > _DEEPEST:
        raise ConfigError(f"Cannot read --set {clipped(text)!r}: write name=value, as in seed=3.")
    try:
        return names, parse_yaml(value)
    except ValueError as error:
        raise ConfigError(f"Cannot read the value in --set {clipped(text)!r}: {error}.") from None


def _with(values: Mapping[str, Any], names: Sequence[str], value: object) -> dict[str, Any]:
    """Returns nested settings with one changed."""
    first, *rest = names
    if rest:
        inner = values.get(first) or {}
        if not isinstance(inner, Mapping):
            raise ConfigError(f"The setting {first!r} maps names to values; it is {inner!r}.")
        value = _with(inner, rest, value)
    return {**values, first: value}


def _flag(field: FieldInfo, *names: str) -> Any:
    """Returns the annotation that makes typer's option of a field; None is not given."""
    kind = _option_type(field.annotation)
    sentences = [" ".join((field.description or "").split())]
    default = None if field.is_required() else field.default
    if isinstance(default, tuple):
        default = ",".join(map(str, default))
    if default is not None and default is not False and default != "":
        sentences.append(f"Default: {f'{default:g}' if isinstance(default, float) else default}.")
    if get_origin(kind) is list:
        sentences.append("Repeatable.")
    return Annotated[kind | None, Option(*names, help=" ".join(sentences))]


def _option_type(annotation: Any) -> Any:
    """Returns the type of an option: texts for a tuple, a text where typer knows no better.

    >>> _option_type(float | None), _option_type(tuple[int, ...]), _option_type(int | str)
    (<class 'float'>, list[str], <class 'str'>)
    """
    if get_origin(annotation) in (Union, UnionType):
        kinds = [each for each in get_args(annotation) if each is not NoneType]
        return _option_type(kinds[0]) if len(kinds) == 1 else str
    if get_origin(annotation) is Annotated:
        return _option_type(get_args(annotation)[0])
    if get_origin(annotation) is tuple:
        return list[str]
    is_choice = isinstance(annotation, type) and issubclass(annotation, Enum)
    if is_choice or get_origin(annotation) is Literal or annotation in (bool, int, float):
        return annotation
    return str
