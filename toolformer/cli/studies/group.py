"""`toolformer study STUDY ACTION`: which studies there are, and the actions of the wanted one.

`toolformer/cli/studies/NAME.py` holds `ACTIONS`, functions by the names of their actions, whose
parameters are annotated for typer. What an action says of itself is its docstring.
"""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

import typer

from toolformer.cli.display.volume import with_volume
from toolformer.errors import UnknownNameError, closest

STUDIES: dict[str, str] = {
    "in-tool": "Facts in the weights of a model, or behind a tool it learns to ask.",
    "inject": "Facts injected into the training data of a small model, and what stays of them.",
    "api-bank": "Tool learning for small models: API-Bank, learned at several rates and scored.",
    "tool-tokens": "Tools as tokens: each API a token that is memorised, retrieved and called.",
}


def study_group(words: Sequence[str], **options: Any) -> typer.Typer:
    """Returns the group of all studies: of the wanted one its actions, of the others their names.

    Args:
        words: the command line behind `study`.
        options: how every group and command is shown.
    """
    group = typer.Typer(**options)
    group.callback(invoke_without_command=True, help="Systems of others, on the parts of this.")(
        _nothing
    )
    wanted = next(iter(words), None)
    if wanted is not None and not wanted.startswith("-") and wanted not in STUDIES:
        raise UnknownNameError(closest(wanted, STUDIES, what="study"))
    for name, summary in STUDIES.items():
        actions = _actions_of(name) if name == wanted else {}
        study = typer.Typer(**options)
        study.callback(invoke_without_command=True, help=summary)(_nothing)
        for action, function in actions.items():
            # Given as such, the first line of its docstring is listed whole.
            summary_of_action = (function.__doc__ or "").partition("\n")[0]
            study.command(
                action,
                short_help=summary_of_action,
                context_settings=options["context_settings"],
            )(with_volume(function))
        group.add_typer(study, name=name, short_help=summary)
    return group


def _actions_of(name: str) -> Mapping[str, Callable[..., Any]]:
    module = import_module(f"toolformer.cli.studies.{name.replace('-', '_')}")
    actions: Mapping[str, Callable[..., Any]] = module.ACTIONS
    return actions


def _nothing(context: typer.Context) -> None:
    """Prints the help where nothing further was asked for."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
