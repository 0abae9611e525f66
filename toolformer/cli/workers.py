"""The options of workers on a Ray cluster, and what each of them loads."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

from typer import Option

from toolformer.annotate.workers.crew import Workers
from toolformer.cli.tool_limits import with_limits
from toolformer.errors import ConfigError
from toolformer.lm.base import LanguageModel
from toolformer.tools.registry import default_tools, load_tools
from toolformer.tools.toolbox import Toolbox

WORKERS = Annotated[
    str | None,
    Option(
        metavar="<n or n-m>",
        help="With --runner ray: how many workers, each with a model; 2-8: two at least, and up to "
        "eight as the cluster has room. Default: 1.",
        show_default=False,
    ),
]
GPUS_PER_WORKER = Annotated[
    float | None,
    Option(
        min=0,
        help="With --runner ray: GPUs of each worker; 0.5 lets two share one. Default: 1 where the "
        "cluster has any, else 0.",
        show_default=False,
    ),
]
CPUS_PER_WORKER = Annotated[
    float | None,
    Option(
        min=0,
        help="With --runner ray: CPUs of each worker, and threads of its model. Default: 1.",
        show_default=False,
    ),
]


def read_workers(count: str | None, *, gpus: float | None, cpus: float | None) -> Workers:
    """Returns what the options say of the workers.

    >>> read_workers("2-8", gpus=0.5, cpus=None)
    Workers(least=2, most=8, cpus=1.0, gpus=0.5)
    """
    least, dash, most = (count or "1").partition("-")
    numbers = [least, most if dash else least]
    if not all(each.isascii() and each.isdecimal() for each in numbers):
        raise ConfigError(f"Cannot read --workers {count!r}: write a number, or two as in 2-8.")
    return Workers(int(numbers[0]), int(numbers[1]), 1.0 if cpus is None else cpus, gpus)


def toolbox_of(
    tools: Sequence[str] | None,
    *,
    workers: Sequence[str] | None,
    timeouts: Sequence[str] | None,
    results: Path | None,
) -> Toolbox:
    """Returns the tools of an annotation, as the options of a command say.

    Args:
        tools: their specs; the default ones when None.
        workers: as `--tool-workers` was given.
        timeouts: as `--tool-timeout` was given.
        results: where results of tools are kept.
    """
    loaded = load_tools(*tools) if tools else default_tools()
    return Toolbox(with_limits(loaded, workers=workers, timeouts=timeouts), results=results)


def equip(
    load: Callable[[], LanguageModel], make_toolbox: Callable[[], Toolbox]
) -> tuple[LanguageModel, Toolbox]:
    """Returns what a worker works with, made where it works."""
    toolbox = make_toolbox()
    return load(), toolbox
