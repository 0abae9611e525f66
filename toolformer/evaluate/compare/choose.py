"""Which arms an evaluation has: base, control, the tuned model, others; live or disabled."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from toolformer.calls import InlineGrammar, ToolCall
from toolformer.errors import ConfigError, ModelError, clipped
from toolformer.evaluate.arm import PRIOR, Arm, Calls
from toolformer.infer.live_tools import taught_tools
from toolformer.lm.registry import is_in_code, load_model
from toolformer.sidecar import Sidecar
from toolformer.tools.registry import load_tools


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A tuned model, and what it is to be compared with."""

    model: str
    base: str | None = None
    without_base: bool = False
    control: str | None = None
    others: Sequence[str] = ()  # NAME=CKPT
    tools: Sequence[str] = ()
    are_tools_trusted: bool = False  # whether code that a model's files name may run


@dataclass(frozen=True, slots=True)
class ChosenArms:
    """The arms of a comparison, and a sentence for each thing that had to be assumed."""

    arms: list[Arm]
    assumed: list[str]


def choose_arms(comparison: Comparison) -> ChosenArms:
    """Returns the arms in the order of the tables.

    Raises:
        ModelError: there is no such model.
        ConfigError: two arms have one name, or one has none.
        ToolformerError: a tool cannot be loaded.
    """
    sidecar = find_sidecar(comparison.model)
    tools = _tools(comparison.model, sidecar, comparison)
    assumed: list[str] = []
    if sidecar is None:
        shape = InlineGrammar().format(ToolCall("Name", "arguments"), "output").strip()
        assumed.append(
            f"{comparison.model} has no toolformer.json: its calls are taken to look like {shape}, "
            f"and its tools to be {', '.join(tools)}."
        )
    base = _base(comparison, sidecar, assumed)
    arms = []
    if base is not None:
        arms += [
            Arm("base", base, Calls.NONE),
            Arm("base, tools live", base, Calls.LIVE, tools),
        ]
    if comparison.control is not None:
        find_sidecar(comparison.control)  # a wrong name is reported before anything is measured
        arms.append(Arm("control", comparison.control, Calls.NONE))
    arms += [
        Arm("tuned, calls disabled", comparison.model, Calls.DISABLED),
        Arm("tuned", comparison.model, Calls.LIVE, tools, sweeps=True),
        *_others(comparison, tools),
    ]
    names = [arm.name for arm in arms]
    for name in names:
        if names.count(name) > 1 or name == PRIOR:
            raise ConfigError(
                f"The column name {name!r} is taken: give another, --column NAME=CKPT."
            )
    return ChosenArms(arms, assumed)


def find_sidecar(model: str) -> Sidecar | None:
    """Returns how a model was taught to write calls, None when it was not.

    Raises:
        ModelError: there is no such model.
    """
    if is_in_code(model):
        return load_model(model).sidecar
    from toolformer.lm.hf.source import sidecar_of

    return sidecar_of(model)


def _tools(name: str, sidecar: Sidecar | None, comparison: Comparison) -> tuple[str, ...]:
    """Returns the specs of tools that can be loaded here: those that were named, or the model's."""
    tools = load_tools(*comparison.tools) or taught_tools(
        sidecar, model=name, is_trusted=comparison.are_tools_trusted
    )
    return tuple(tool.spec for tool in tools)


def _base(comparison: Comparison, sidecar: Sidecar | None, assumed: list[str]) -> str | None:
    """Returns the base model; where there is none, says so in `assumed`."""
    if comparison.without_base:
        return None
    if comparison.base is not None:
        find_sidecar(comparison.base)
        return comparison.base
    lineage = {} if sidecar is None else sidecar.lineage.get("base")
    name = lineage.get("name") if isinstance(lineage, dict) else None
    if not isinstance(name, str):
        assumed.append(f"{comparison.model} does not say what it was tuned from: name it: --base.")
        return None
    is_trusted = comparison.are_tools_trusted or is_in_code(comparison.model)
    if is_in_code(name) and not is_trusted:
        assumed.append(
            f"The base model is left out. {comparison.model} says that it was tuned from "
            f"{clipped(name)!r}, which is code: name it with --base to run it."
        )
        return None
    try:
        find_sidecar(name)
    except ModelError as error:
        assumed.append(f"The base model is left out. {error} Name it: --base.")
        return None
    return name


def _others(comparison: Comparison, tools: tuple[str, ...]) -> Iterator[Arm]:
    for each in comparison.others:
        name, equals, model = each.partition("=")
        if not equals or not name.strip() or not model:
            raise ConfigError(f"--column {each!r}: write NAME=CKPT, as in unfiltered=runs/ckpt.")
        sidecar = find_sidecar(model)
        is_taught = sidecar is not None and sidecar.tools and not comparison.tools
        own = _tools(model, sidecar, comparison) if is_taught else tools
        yield Arm(name.strip(), model, Calls.LIVE, own)
