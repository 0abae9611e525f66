"""The command `toolformer`: which subcommands there are, and how a run of one ends.

`toolformer/cli/commands/NAME.py` holds a function `NAME` whose parameters are annotated for typer.
It is imported only when its subcommand is asked for, so `toolformer --help` loads none of them.
"""

import errno
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from importlib import import_module
from typing import Annotated, Any

import typer

from toolformer._version import __version__
from toolformer.cli.display.gate import OutputError, fill_closed_streams, gated_output
from toolformer.cli.display.volume import with_volume
from toolformer.cli.interrupt import Interruption, interruptible
from toolformer.cli.stopped import Stopped
from toolformer.cli.studies.group import STUDIES, study_group
from toolformer.errors import HubError, RunError, ToolformerError, UnknownNameError, closest

STUDY = "study"  # the one command that has commands of its own
COMMANDS = {
    "annotate": "Let a model propose tool calls in a corpus and keep those that help it.",
    "exemplars": "Let a model propose exemplars out of a corpus, choose, and write them to a file.",
    "show": "Print the annotated texts of a run.",
    "report": "Write what came of runs as one page to look at.",
    "export": "Write a run as a dataset that others train on.",
    "push": "Share a run, an export or a checkpoint on the Hugging Face Hub.",
    "finetune": "Tune a model on the kept calls of runs, so that it calls tools by itself.",
    "infer": "Let a model continue a prompt and call tools on the way; a REPL.",
    "evaluate": "Measure a tuned model beside its base, a control, and itself without calls.",
    "serve": "Serve a model with its tools to clients of OpenAI's interface; a page to try it.",
    "tools": "List, describe and try the tools.",
    "mcp": "Serve the tools to any client of the Model Context Protocol.",
    "index": "Index a corpus, so that a tool can search in it.",
    "pretrain": "Train a small causal language model from scratch on local text.",
    STUDY: "Systems of others, built anew on the parts of this one.",
}

_CLOSED_PIPE = 141  # 128 + SIGPIPE: how a shell shows it of any program
_FULL = (errno.ENOSPC, errno.EDQUOT)  # the disk, or what of it is the user's

# What typer raises for a misused command line; where its class lives depends on typer's version.
_UsageError: Any = typer.BadParameter.__mro__[1]
_HELP = {"help_option_names": ["-h", "--help"]}
_COMPLETING = ("_TYPER_COMPLETE_ARGS", "COMP_WORDS")  # a line that a shell wants completed


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command line and exits.

    0 is done, 1 failed, 2 misused, 130 interrupted, 143 terminated, 141 a closed pipe.
    """
    fill_closed_streams()
    _wait_briefly()
    _show_no_bars()
    with ExitStack() as stack:
        stack.enter_context(gated_output())
        stack.pop_all()  # a traceback passes the gate, too
    code = 0
    interruption = Interruption()
    try:
        with interruptible(interruption):
            code = run(sys.argv[1:] if arguments is None else arguments)
    except BaseException:
        if interruption.signal is None:
            raise
    interruption.end()
    sys.exit(code)


def _wait_briefly() -> None:
    """Lets torch's threads spin for some microseconds while they wait for one another, then sleep.

    Read when torch is loaded, which no command has done yet; an explicit OMP_WAIT_POLICY wins. On
    two cores the demo is annotated in 17 s so, and in 35 s beside a program that keeps one of them
    busy; in 27 and 28 s by threads that sleep at once, in 17 and 391 s by those that spin for long.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "3000")


def _show_no_bars() -> None:
    """Leaves progress to this program: bars of libraries steer the terminal."""
    for library in ("HF_HUB", "HF_DATASETS"):
        os.environ.setdefault(f"{library}_DISABLE_PROGRESS_BARS", "1")


def run(arguments: Sequence[str]) -> int:
    """Runs one command line and returns its exit code.

    What the user can put right is one sentence on stderr; a bug keeps its traceback.
    """
    with gated_output():
        try:
            code = _ended(arguments)
            sys.stdout.flush()
        except OutputError as error:
            if isinstance(error.__cause__, BrokenPipeError):
                return _CLOSED_PIPE
            reason = getattr(error.__cause__, "strerror", None) or error.__cause__
            print(f"Cannot write to standard output: {reason}.", file=sys.stderr)
            return 1
        return code


def _ended(arguments: Sequence[str]) -> int:
    """Runs one command line and says how it ended, unless its output ended first."""
    try:
        return _run_command(arguments)
    except SystemExit as ended:  # typer's, after it printed how a shell completes
        return ended.code if isinstance(ended.code, int) else 0
    except ToolformerError as error:
        print(error, file=sys.stderr)
        # What cannot be written, on a full disk or elsewhere, is not misuse.
        is_failure = isinstance(error, RunError) and isinstance(error.__cause__, OSError)
        return 1 if is_failure or isinstance(error, HubError) else 2
    except _UsageError as error:
        command = "toolformer" if error.ctx is None else error.ctx.command_path
        message = error.format_message().rstrip(".")
        stop = "" if message.endswith("?") else "."
        print(f"{message}{stop} See '{command} --help'.", file=sys.stderr)
        return 2
    except OSError as error:
        if error.strerror is None:
            raise
        where = f" for '{error.filename}'" if error.filename else ""
        advice = " Make room and run it again." if error.errno in _FULL else ""
        print(f"{error.strerror}{where}.{advice}", file=sys.stderr)
        return 1
    except MemoryError:
        print("There is not enough memory.", file=sys.stderr)
        return 1
    except (KeyboardInterrupt, typer.Abort):
        print("Interrupted.", file=sys.stderr)
        return 130
    except Stopped as told:
        print(told, file=sys.stderr)
        return 130


def _run_command(arguments: Sequence[str]) -> int:
    words = list(arguments)
    if words[:1] == ["help"]:
        words = [*words[1:2], "--help"]
    app = _application(words or _completed())
    # A command that writes itself into a script asks for its words.
    code = app(words or ["--help"], prog_name="toolformer", standalone_mode=False, obj=words)
    return code if isinstance(code, int) else 0


def _completed() -> list[str]:
    """Returns the words after `toolformer` of a line that a shell wants completed."""
    if "_TOOLFORMER_COMPLETE" not in os.environ:
        return []
    lines = (os.environ.get(name, "") for name in _COMPLETING)
    words = next(filter(None, lines), "").split()[1:]
    known = (place for place, word in enumerate(words) if word in COMMANDS)
    command, *action = words[next(known, len(words)) :][:2] or [""]
    return [each for each in (command, *action) if each in COMMANDS or each in STUDIES]


def _application(words: Sequence[str]) -> typer.Typer:
    """Returns the application with the wanted subcommand loaded and the others named only."""
    wanted = next(iter(words), None)
    if wanted is not None and not wanted.startswith("-") and wanted not in COMMANDS:
        raise UnknownNameError(closest(wanted, COMMANDS, what="command"))
    # Without rich's boxes nothing of --help is cut to the width of a column, or read as markup.
    options: Any = {
        "pretty_exceptions_enable": False,
        "rich_markup_mode": None,
        "context_settings": _HELP,
    }
    app = typer.Typer(**options)
    app.callback(
        invoke_without_command=True,
        help="A data engine that lets a language model teach itself to use tools.",
    )(_root)
    for name, summary in COMMANDS.items():
        function: Any = _named_only
        if name == wanted == STUDY:
            app.add_typer(study_group(words[1:], **options), name=name, short_help=summary)
            continue
        if name == wanted:
            function = with_volume(getattr(import_module(f"toolformer.cli.commands.{name}"), name))
        app.command(name, short_help=summary, context_settings=_HELP)(function)
    return app


def _named_only() -> None:
    """Stands in for a subcommand that is listed but not run."""


def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        print(f"toolformer {__version__}")
        raise typer.Exit
