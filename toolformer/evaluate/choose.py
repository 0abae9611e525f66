"""Which columns an evaluation has: base, control, the tuned model, others; live or disabled."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from toolformer.calls import InlineGrammar, ToolCall
from toolformer.errors import ConfigError, ModelError
from toolformer.evaluate import Calls, Column
from toolformer.evaluate.column import PRIOR
from toolformer.infer.live_tools import taught_tools
from toolformer.lm.registry import is_in_code, load_model
from toolformer.sidecar import Sidecar, read_sidecar
from toolformer.tools.registry import load_tool


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command line says of the columns."""

    checkpoint: str
    base: str | None = None
    without_base: bool = False
    control: str | None = None
    others: Sequence[str] = ()  # NAME=CKPT
    tools: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Chosen:
    """The columns, and what had to be assumed for them."""

    columns: list[Column]
    assumed: list[str]


def choose_columns(asked: Asked) -> Chosen:
    """Returns the columns in the order of the tables.

    Raises:
        ModelError: there is no such checkpoint.
        ConfigError: two columns have one name, or one is not named.
        ToolformerError: a tool cannot be loaded.
    """
    sidecar = find_sidecar(asked.checkpoint)
    tools = _tools(asked.checkpoint, sidecar, asked.tools)
    assumed: list[str] = []
    if sidecar is None:
        shape = InlineGrammar().format(ToolCall("Name", "arguments"), "output").strip()
        assumed.append(
            f"{asked.checkpoint} has no toolformer.json: its calls are taken to look like {shape}, "
            f"and its tools to be {', '.join(tools)}."
        )
    base = _base(asked, sidecar, assumed)
    columns = []
    if base is not None:
        columns += [
            Column("base", base, Calls.NONE),
            Column("base, tools live", base, Calls.LIVE, tools),
        ]
    if asked.control is not None:
        find_sidecar(asked.control)  # a wrong name is told before anything is measured
        columns.append(Column("control", asked.control, Calls.NONE))
    columns += [
        Column("tuned, calls disabled", asked.checkpoint, Calls.DISABLED),
        Column("tuned", asked.checkpoint, Calls.LIVE, tools, sweeps=True),
        *_others(asked, tools),
    ]
    _check_names([column.name for column in columns])
    return Chosen(columns, assumed)


def find_sidecar(checkpoint: str) -> Sidecar | None:
    """Returns how a model was taught to write calls, None when it was not.

    Raises:
        ModelError: there is no such model.
    """
    if not is_in_code(checkpoint):
        from toolformer.lm.hf.load import find_source

        source = Path(find_source(checkpoint))
        if source.is_dir():
            return read_sidecar(source)
    return load_model(checkpoint).sidecar  # from code, or from the Hub


def _tools(name: str, sidecar: Sidecar | None, specs: Sequence[str]) -> tuple[str, ...]:
    """Returns the specs of tools that can be loaded here."""
    tools = [load_tool(spec) for spec in specs] or taught_tools(sidecar, model=name)
    return tuple(tool.spec for tool in tools)


def _base(asked: Asked, sidecar: Sidecar | None, assumed: list[str]) -> str | None:
    """Returns the base model; where there is none, says so in `assumed`."""
    if asked.without_base:
        return None
    if asked.base is not None:
        find_sidecar(asked.base)
        return asked.base
    lineage = {} if sidecar is None else sidecar.lineage.get("base")
    name = lineage.get("name") if isinstance(lineage, dict) else None
    if not isinstance(name, str):
        assumed.append(f"{asked.checkpoint} does not say what it was tuned from: name it: --base.")
        return None
    try:
        find_sidecar(name)
    except ModelError as error:
        assumed.append(f"The base model is left out. {error} Name it: --base.")
        return None
    return name


def _others(asked: Asked, tools: tuple[str, ...]) -> Iterator[Column]:
    for each in asked.others:
        name, equals, checkpoint = each.partition("=")
        if not equals or not name.strip() or not checkpoint:
            raise ConfigError(f"--column {each!r}: write NAME=CKPT, as in unfiltered=runs/ckpt.")
        sidecar = find_sidecar(checkpoint)
        is_taught = sidecar is not None and sidecar.tools and not asked.tools
        own = _tools(checkpoint, sidecar, ()) if is_taught else tools
        yield Column(name.strip(), checkpoint, Calls.LIVE, own)


def _check_names(names: Sequence[str]) -> None:
    for name in names:
        if names.count(name) > 1 or name == PRIOR:
            raise ConfigError(
                f"The column name {name!r} is taken: give another, --column NAME=CKPT."
            )
