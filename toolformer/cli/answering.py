"""The tools that run while a model answers, for the commands that let one answer."""

from collections.abc import Sequence
from datetime import date
from functools import partial
from pathlib import Path

from toolformer.cli.display.demonstrated import demonstrated
from toolformer.cli.tool_limits import common_timeout, with_limits
from toolformer.infer.live_tools import LiveTools, taught_tools
from toolformer.lm.base import LanguageModel
from toolformer.sidecar import Sidecar
from toolformer.tools.base import Tool


def tools_of(
    ckpt: str,
    model: LanguageModel | None,
    sidecar: Sidecar | None,
    *,
    named: Sequence[Tool],
    is_on: bool,
    is_trusted: bool,
    is_shown: bool,
    today: date | None,
    workers: Sequence[str] | None = None,
    timeouts: Sequence[str] | None = None,
    results: Path | None = None,
) -> LiveTools:
    """Returns the tools that a model may call, ready to run.

    Args:
        ckpt: the model as the user named it.
        model: None where another server has it.
        sidecar: how the model was taught to write calls; None where it was not.
        named: tools; where there are none, those that the model was taught.
        is_on: whether calls are made at all.
        is_trusted: whether tools that run code or open files may come with the model.
        is_shown: whether a model reads texts with calls of what it was not taught.
        today: what tools take for today; None is the real day.
        workers: as `--tool-workers` was given.
        timeouts: as `--tool-timeout` was given.
        results: a directory in which results are kept.

    Raises:
        ConfigError: a tool is not what an option says, or one of the model's is not trusted.
    """
    taught = taught_names(sidecar)
    tools = named or taught_tools(sidecar, model=ckpt, are_needed=is_on, is_trusted=is_trusted)
    return LiveTools(
        with_limits(tools, workers=workers, timeouts=timeouts),
        today=today or date.today(),
        taught=taught,
        on=is_on,
        timeout_s=common_timeout(timeouts),
        results=results,
        show=partial(demonstrated, model, taught) if model is not None and is_shown else None,
    )


def taught_names(sidecar: Sidecar | None) -> list[str]:
    """Returns the names of the tools that a model was taught."""
    return [] if sidecar is None else [each.name for each in sidecar.tools]
