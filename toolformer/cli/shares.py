"""Shares of a run's shards: a process does one of them, and an array of Slurm's all."""

import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from shlex import join
from typing import Annotated

from typer import Option

from toolformer.errors import ConfigError
from toolformer.files import write_whole
from toolformer.urls import is_url


class Runner(StrEnum):
    """What does the work."""

    LOCAL = "local"
    RAY = "ray"
    SLURM = "slurm"


SHARD = Annotated[
    str | None,
    Option(
        metavar="<i/n>",
        help="Do one share of n of the run's shards, counted from 0, and leave the others to the "
        "same command with other shares, beside this one or on other machines.",
        show_default=False,
    ),
]
RUNNER = Annotated[
    Runner,
    Option(
        help="local: this process; ray: workers on the Ray cluster at RAY_ADDRESS, or on one that "
        "is started here; slurm: a script for sbatch is written beside the run, whose processes do "
        "a share each."
    ),
]
SHARES = Annotated[
    int | None, Option(min=1, help="With --runner slurm: how many processes; 8 if not said.")
]
TIME = Annotated[
    str | None,
    Option(
        "--time", metavar="<time>", help="With --runner slurm: the limit of each, as in 8:00:00."
    ),
]
PARTITION = Annotated[str | None, Option(help="With --runner slurm: where they run.")]
SBATCH = Annotated[
    list[str] | None,
    Option(
        "--sbatch",
        metavar="<option>",
        help="With --runner slurm: any other option of sbatch, as in --sbatch=--gpus-per-task=1. "
        "Repeatable.",
    ),
]
_OWN = ("--runner", "--shares", "--time", "--partition", "--sbatch")
_SHARES = 8


def read_share(text: str) -> range:
    """Returns the numbers of the shards of a share, which have no end.

    >>> read_share("2/8")[:3]
    range(2, 26, 8)
    """
    number, slash, count = text.partition("/")
    if not (slash and number.isdecimal() and count.isdecimal() and int(number) < int(count)):
        raise ConfigError(
            f"Cannot read --shard {text!r}: of eight shares, 0/8 is the first and 7/8 the last."
        )
    return range(int(number), sys.maxsize, int(count))


def sbatch_options(*, time: str | None, partition: str | None, others: Sequence[str]) -> list[str]:
    """Returns options of sbatch.

    >>> sbatch_options(time="1:00:00", partition=None, others=["--gpus-per-task=1"])
    ['--time=1:00:00', '--gpus-per-task=1']
    """
    named = {"--time": time, "--partition": partition}
    own = [f"{name}={value}" for name, value in named.items() if value is not None]
    return [*own, *others]


def write_array(
    arguments: Sequence[str],
    out: str,
    *,
    shares: int | None,
    options: Sequence[str],
) -> Path:
    """Writes the script of a command, beside the run, and returns where it is.

    Args:
        arguments: of `toolformer`, the subcommand first.
        out: the run directory or URL; beside a URL lies the current directory.
        shares: how many processes; 8 when None.
        options: of sbatch, as `--time=8:00:00`.

    Raises:
        ConfigError: an option cannot stand in a script.
        RunError: the script cannot be written.
    """
    beside = Path(Path(out).name) if is_url(out) else Path(out)
    script = beside.with_name(f"{beside.name}.sbatch")
    write_whole(script, array_script(arguments, shares=shares or _SHARES, options=options))
    return script


def array_script(
    arguments: Sequence[str],
    *,
    shares: int,
    options: Sequence[str] = (),
    python: str = sys.executable,
) -> str:
    """Returns a script for sbatch.

    >>> asked = ["annotate", "my.jsonl", "--runner", "slurm", "--time=1:00:00", "--out", "a run"]
    >>> print(array_script(asked, shares=4, options=["--time=1:00:00"], python="python"))
    #!/bin/bash
    #SBATCH --job-name=toolformer
    #SBATCH --array=0-3
    #SBATCH --time=1:00:00
    exec python -m toolformer annotate my.jsonl --out 'a run' --shard "$SLURM_ARRAY_TASK_ID/4"
    <BLANKLINE>
    """
    for each in options:
        if not each.startswith("-") or "\n" in each:
            raise ConfigError(f"{each!r} is not an option of sbatch: write --sbatch=--name=value.")
    command = join([python, "-m", "toolformer", *_without_own(arguments)])
    return "\n".join(
        [
            "#!/bin/bash",
            "#SBATCH --job-name=toolformer",
            f"#SBATCH --array=0-{shares - 1}",
            *(f"#SBATCH {each}" for each in options),
            f'exec {command} --shard "$SLURM_ARRAY_TASK_ID/{shares}"',
            "",
        ]
    )


def _without_own(arguments: Sequence[str]) -> list[str]:
    """Returns the arguments of a command without those that make a script of it."""
    kept: list[str] = []
    is_value = False
    for each in arguments:
        name, has_value, _ = each.partition("=")
        if is_value:
            is_value = False
        elif name in _OWN:
            is_value = not has_value
        else:
            kept.append(each)
    return kept
