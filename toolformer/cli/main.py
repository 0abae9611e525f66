"""The command `toolformer`: which subcommands there are, and how a run of one ends.

`toolformer/cli/NAME.py` holds a function `NAME` whose parameters are annotated for typer. It is
imported only when its subcommand is asked for, so `toolformer --help` loads none of them.
"""

import errno
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Any

import typer

from toolformer._version import __version__
from toolformer.cli.interrupt import interruptible
from toolformer.cli.pipe import drop_output, until_closed
from toolformer.errors import RunError, ToolformerError, UnknownNameError, closest

COMMANDS = {
    "annotate": "Let a model propose tool calls in a corpus and keep those that help it.",
    "show": "Print the annotated texts of a run.",
    "finetune": "Tune a model on the kept calls of runs, so that it calls tools by itself.",
    "infer": "Let a model continue a prompt and call tools on the way; a REPL.",
    "evaluate": "Measure a tuned model beside its base, a control, and itself without calls.",
    "tools": "List, describe and try the tools.",
    "pretrain": "Train a small causal language model from scratch on local text.",
}

_FULL = (errno.ENOSPC, errno.EDQUOT)  # the disk, or what of it is the user's: no bug

# What typer raises for a misused command line; where its class lives depends on typer's version.
_UsageError: Any = typer.BadParameter.__mro__[1]


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command line and exits.

    0 is done, 1 failed, 2 misused, 130 interrupted, 143 terminated, 141 a closed pipe.
    """
    _wait_briefly()
    code = 0
    with interruptible() as interruption:
        try:
            code = run(sys.argv[1:] if arguments is None else arguments)
        except BaseException:
            if interruption.signal is None:
                raise
    sys.exit(interruption.exit_code(code))


def _wait_briefly() -> None:
    """Lets torch's threads spin for some microseconds while they wait for one another, then sleep.

    Read when torch is loaded, which no command has done yet; an explicit OMP_WAIT_POLICY wins. On
    two cores the demo is annotated in 17 s so, and in 35 s beside a program that keeps one of them
    busy; in 27 and 28 s by threads that sleep at once, in 17 and 391 s by those that spin for long.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "3000")


def run(arguments: Sequence[str]) -> int:
    """Runs one command line and returns its exit code.

    What the user can put right is one sentence on stderr; a bug keeps its traceback.
    """
    try:
        return until_closed(lambda: _run_command(arguments))
    except ToolformerError as error:
        print(error, file=sys.stderr)
        # What cannot be written, on a full disk or elsewhere, is not misuse.
        is_failure = isinstance(error, RunError) and isinstance(error.__cause__, OSError)
        return 1 if is_failure else 2
    except _UsageError as error:
        command = "toolformer" if error.ctx is None else error.ctx.command_path
        message = error.format_message().rstrip(".")
        print(f"{message}. See '{command} --help'.", file=sys.stderr)
        return 2
    except OSError as error:
        if error.errno not in _FULL:
            raise
        drop_output()
        where = f" for '{error.filename}'" if error.filename else ""
        print(f"{error.strerror}{where}. Make room and run it again.", file=sys.stderr)
        return 1
    except (KeyboardInterrupt, typer.Abort):
        print("Interrupted.", file=sys.stderr)
        return 130


def _run_command(arguments: Sequence[str]) -> int:
    app = _application(next(iter(arguments), None))
    code = app(list(arguments) or ["--help"], prog_name="toolformer", standalone_mode=False)
    return code if isinstance(code, int) else 0


def _application(wanted: str | None) -> typer.Typer:
    """Returns the application with the wanted subcommand loaded and the others named only."""
    if wanted is not None and not wanted.startswith("-") and wanted not in COMMANDS:
        raise UnknownNameError(closest(wanted, COMMANDS, what="command"))
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="rich")
    app.callback(
        invoke_without_command=True,
        help="A data engine that lets a language model teach itself to use tools.",
    )(_root)
    for name, summary in COMMANDS.items():
        function: Any = _named_only
        if name == wanted:
            function = getattr(import_module(f"toolformer.cli.{name}"), name)
        app.command(name, short_help=summary)(function)
    return app


def _named_only() -> None:
    """Stands in for a subcommand that is listed but not run."""


def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        print(f"toolformer {__version__}")
        raise typer.Exit
