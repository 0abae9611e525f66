"""The options that share what a command writes on the Hub, and what is said of it."""

from pathlib import Path
from shlex import quote
from typing import Annotated

from typer import Option

from toolformer.cli.display.console import Console
from toolformer.errors import ConfigError, HubError
from toolformer.hub.artifacts import RepositoryKind
from toolformer.hub.cards.card import CardSettings
from toolformer.hub.push import Pushed, push_to_hub
from toolformer.hub.repository import Repository, open_repository

PUSH_TO_HUB = Annotated[
    str | None,
    Option(
        "--push-to-hub",
        help="Share it on the Hugging Face Hub when it is done, as owner/name, with a card. "
        "Whether it can be is asked first.",
    ),
]
PRIVATE = Annotated[bool, Option("--private", help="Share it in a private repository.")]
LICENSE = Annotated[
    str | None,
    Option("--license", help="The licence that the card states, as apache-2.0. Default: none."),
]
_CARDS = {
    "made": "with a card",
    "yours": "with the card of the directory",
    "edited": "beside the card that was edited there",
}


def open_shared(
    name: str | None, *, kind: RepositoryKind, private: bool, license_: str | None
) -> Repository | None:
    """Returns the repository that a command is to share in, None where it is to share nothing.

    Raises:
        ConfigError: an option of sharing was given without --push-to-hub, or the name cannot be.
        HubError: there is no token or no network, or the Hub refuses.
    """
    if name is not None:
        return open_repository(name, kind=kind, private=private, license_=license_)
    for option, is_given in (("--private", private), ("--license", license_ is not None)):
        if is_given:
            raise ConfigError(f"{option} is for what is shared: add --push-to-hub owner/name.")
    return None


def share(notes: Console, path: Path, repository: Repository, settings: CardSettings) -> Pushed:
    """Shares what a command has written, and says where it is.

    Raises:
        HubError: the Hub cannot be reached, or refuses; it is said how to try again.
    """
    try:
        with notes.status(f"Sending it to {repository.url}"):
            pushed = push_to_hub(path, repository, settings=settings)
    except HubError as error:
        again = f"toolformer push {quote(str(path))} {repository.name}"
        raise HubError(f"{error} What was made is in '{path}': {again}") from error
    told_shared(notes, pushed)
    return pushed


def told_shared(notes: Console, pushed: Pushed) -> None:
    """Says where something was shared."""
    files = f"{len(pushed.files):,} {'file' if len(pushed.files) == 1 else 'files'}"
    notes.print(
        f"On the Hub: {pushed.repository.url} ({files}, {_CARDS[pushed.card]}).",
        markup=False,
        soft_wrap=True,
    )
