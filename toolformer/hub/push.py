"""A directory sent to the Hub with its card."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from toolformer.errors import ConfigError
from toolformer.hub.artifacts import CARD, Artifact, recognise
from toolformer.hub.cards.card import CardSettings, is_made
from toolformer.hub.cards.make import make_card
from toolformer.hub.repository import (
    Repository,
    find_token,
    open_repository,
    read_card,
    write,
    write_card,
)
from toolformer.hub.secrets import check_secrets
from toolformer.plain_files import read_plain

_MOST_CARD = 1 << 20  # bytes of a card that somebody wrote
_MOST_LOOKED_AT = 16 << 20  # bytes of a file of settings
# What people's words get into; tables and weights are not text, and a tokenizer is a list of words.
_LOOKED_AT = (".json", ".py", ".jinja", ".txt")
_WORDS = ("tokenizer", "vocab", "merges", "special_tokens", "added_tokens")


# Whose a card on the Hub is: made here, the user's own, or one that was edited on the Hub.
WhoseCard = Literal["made", "yours", "edited"]


@dataclass(frozen=True, slots=True)
class Pushed:
    """What is on the Hub now."""

    repository: Repository
    files: tuple[str, ...]  # without the card
    card: WhoseCard


def push_to_hub(
    path: str | Path,
    repository: Repository | str,
    *,
    private: bool = False,
    settings: CardSettings | None = None,
) -> Pushed:
    """Sends a run, an export or a checkpoint to the Hub, with a card.

    The card of the directory, README.md, goes with it as it is where there is one; otherwise one is
    made. A card that was edited on the Hub stays.

    Args:
        path: the directory.
        repository: opened before, or its name.
        private: whether a repository that is named must be private.
        settings: what a card says that the directory does not.

    Raises:
        ConfigError: the directory holds nothing that can be shared, or a secret.
        RunError: it holds a run that is not whole, or is damaged.
        HubError: the Hub cannot be reached, or refuses.
    """
    artifact = recognise(path)
    if isinstance(repository, str):
        kind = artifact.repository_kind
        repository = open_repository(repository, kind=kind, private=private)
    elif repository.kind != artifact.repository_kind:
        raise ConfigError(
            f"'{path}' holds {_a(artifact.kind)}, and {repository.name!r} is a repository of the "
            f"kind {repository.kind}."
        )
    own = _own_card(artifact)
    card = own
    if card is None:
        card = make_card(artifact, name=repository.name, settings=settings)
    _check_secrets(artifact, card)
    there = read_card(repository)
    is_edited = own is None and there is not None and not is_made(there)
    files = write(repository, artifact, message=f"Add {_a(artifact.kind)}")
    if not is_edited and card != there:
        write_card(repository, card)
    whose: WhoseCard = "yours" if own is not None else "edited" if is_edited else "made"
    return Pushed(repository, files, whose)


def card_of(path: str | Path | Artifact, *, name: str, settings: CardSettings | None = None) -> str:
    """Returns the card with which a directory is sent: its own README.md, or one that is made.

    Args:
        path: the directory.
        name: of the repository, with its owner.
        settings: what a card says that the directory does not.

    Raises:
        ConfigError: the directory holds nothing that can be shared.
        RunError: it holds a run that is not whole, or is damaged.
    """
    artifact = path if isinstance(path, Artifact) else recognise(path)
    own = _own_card(artifact)
    return make_card(artifact, name=name, settings=settings) if own is None else own


def _own_card(artifact: Artifact) -> str | None:
    path = artifact.path / CARD
    if not path.exists():
        return None
    try:
        return read_plain(path, most_bytes=_MOST_CARD).decode()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"The card '{path}' cannot be read: {reason}.") from None


def _check_secrets(artifact: Artifact, card: str) -> None:
    """Refuses to send a secret; tables, weights and the words of a tokenizer are not looked at."""
    token = find_token()
    check_secrets(CARD, card, token=token)
    for name in artifact.files():
        path = artifact.path / name
        if path.suffix not in _LOOKED_AT or path.name.startswith(_WORDS):
            continue
        try:
            content = read_plain(path, most_bytes=_MOST_LOOKED_AT)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise ConfigError(f"'{path}' cannot be read: {reason}.") from None
        check_secrets(name, content.decode(errors="replace"), token=token)


def _a(kind: str) -> str:
    return "an export" if kind == "export" else f"a {kind}"
