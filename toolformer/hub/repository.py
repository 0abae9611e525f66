"""A repository on the Hub: opened before work begins, written to when it is done.

All that is asked over the network is asked here, and what can go wrong is a sentence. The token is
the one that huggingface_hub finds: `HF_TOKEN`, or that of `hf auth login`.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolformer._version import __version__
from toolformer.errors import ConfigError, HubError, clipped
from toolformer.hub.artifacts import CARD, Artifact, RepositoryKind

_REFUSALS: Mapping[int, str] = {
    401: "it does not know the token: log in anew, `hf auth login`, or set HF_TOKEN",
    403: "the token may not write there: make one that may, on the Hub's page of settings, and "
    "name a repository of yours or of an organisation of yours",
    404: "there is no such repository, or none that the token may see",
    409: "somebody else changes it at this moment: try again",
    413: "something in it is larger than the Hub takes",
    429: "it was asked too often: wait some minutes, and try again",
}


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository that was found, or made, and may be written to."""

    name: str  # with its owner: me/my-run
    kind: RepositoryKind
    url: str


def open_repository(
    name: str, *, kind: RepositoryKind, private: bool = False, license_: str | None = None
) -> Repository:
    """Returns a repository on the Hub that may be written to; one that is not there is made.

    Asked before long work, so that the work is not lost to a token that is missing.

    Args:
        name: `owner/name`, or the name of one of the user's own.
        kind: a dataset or a model.
        private: whether it must be private. One that is made without this is as the owner's
            settings have it, which is public unless they say otherwise.
        license_: that its card is going to state.

    Raises:
        ConfigError: a repository cannot have this name, or the Hub knows no such licence.
        HubError: there is no token or no network, the Hub refuses, or a repository that is to be
            private is there and public.
    """
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils._validators import validate_repo_id  # as `lm/hf/source.py` asks

    try:
        validate_repo_id(name)
    except HFValidationError as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise ConfigError(
            f"{clipped(name)!r} cannot be the name of a repository on the Hub ({reason}): write "
            "owner/name."
        ) from None
    api = _api()
    with told(name):
        user = api.whoami()
        _check_role(user, name=name)
        if license_ is not None:
            _check_license(license_)
        whole = name if "/" in name else f"{user['name']}/{name}"
        # Left open, it is as the owner's settings say.
        made = api.create_repo(whole, repo_type=kind, private=private or None, exist_ok=True)
        # That one is there may hide that nothing can be written to it.
        api.auth_check(whole, repo_type=kind, write=True)
        is_private = api.repo_info(whole, repo_type=kind).private
    if private and not is_private:
        raise HubError(
            f"{whole!r} is on the Hub already, and is public: make it private on its page, name "
            "another repository, or leave --private out."
        )
    return Repository(whole, kind, str(made))


def write(repository: Repository, artifact: Artifact, *, message: str) -> tuple[str, ...]:
    """Sends the files of a directory, and returns them; what an earlier push left is removed.

    What is there already with equal bytes is not sent again.

    Raises:
        ConfigError: a file is a link out of the directory.
        HubError: the Hub cannot be reached, or refuses.
    """
    files = artifact.files()
    where = {"repo_id": repository.name, "repo_type": repository.kind}
    with told(repository.name):
        api = _api()
        there = api.list_repo_files(**where)
        stale = [name for name in there if artifact.owns(name) and name not in files]
        api.upload_folder(
            **where,
            folder_path=artifact.path,
            allow_patterns=files,
            delete_patterns=stale or None,
            commit_message=message,
        )
    return tuple(files)


def write_card(repository: Repository, card: str) -> None:
    """Sends a card.

    Raises:
        HubError: the Hub cannot be reached, or refuses what the card says.
    """
    with told(repository.name):
        _api().upload_file(
            path_or_fileobj=card.encode(),
            path_in_repo=CARD,
            repo_id=repository.name,
            repo_type=repository.kind,
            commit_message="Say what it is",
        )


def read_card(repository: Repository) -> str | None:
    """Returns the card that a repository has; None where it has none.

    Raises:
        HubError: the Hub cannot be reached, or refuses.
    """
    from huggingface_hub.errors import RemoteEntryNotFoundError

    with told(repository.name):
        try:
            path = _api().hf_hub_download(repository.name, CARD, repo_type=repository.kind)
        except RemoteEntryNotFoundError:
            return None
    return Path(path).read_text(encoding="utf-8", errors="replace")


def find_token() -> str | None:
    """Returns the token with which the Hub is asked, None where there is none."""
    from huggingface_hub import get_token

    return get_token()


@contextmanager
def told(name: str) -> Iterator[None]:
    """Says in a sentence what went wrong on the way to the Hub.

    Args:
        name: of the repository.

    Raises:
        HubError: its cause is the library's error.
    """
    from huggingface_hub.errors import (
        HfHubHTTPError,
        LocalTokenNotFoundError,
        OfflineModeIsEnabled,
    )

    connection: Any = HfHubHTTPError.__mro__[1]  # of httpx, or of the httpx2 of newer versions
    try:
        yield
    except LocalTokenNotFoundError as error:
        raise HubError(
            f"Nothing can be written to {name!r}, since there is no token of the Hub: log in once, "
            "`hf auth login`, or set HF_TOKEN."
        ) from error
    except OfflineModeIsEnabled as error:
        raise HubError(
            f"The Hub is not asked for {name!r}, since HF_HUB_OFFLINE is set: unset it."
        ) from error
    except (connection, OSError, RuntimeError, ValueError) as error:
        raise HubError(_sentence(name, _first(error))) from error


def _first(error: BaseException) -> BaseException:
    """Returns the error that one follows from: some only say on which file it was."""
    from huggingface_hub.errors import HfHubHTTPError

    while not isinstance(error, HfHubHTTPError | ValueError) and error.__cause__ is not None:
        error = error.__cause__
    return error


def _sentence(name: str, error: BaseException) -> str:
    from huggingface_hub.errors import HfHubHTTPError

    if isinstance(error, HfHubHTTPError):
        status = error.response.status_code
        said = _REFUSALS.get(status) or f"status {status}{_said(error)}"
        return f"The Hub refuses {name!r}: {said}."
    reason = _one_line(str(error)) or type(error).__name__
    if isinstance(error, ValueError):  # what its libraries say of a card
        return f"The Hub refuses {name!r}: {reason}."
    return f"The Hub cannot be reached for {name!r} ({reason}): try again."


def _check_role(user: Mapping[str, Any], *, name: str) -> None:
    """Refuses a token that may only read, which the Hub would say after the work."""
    access = user.get("auth", {}).get("accessToken", {})
    if access.get("role") == "read":
        raise HubError(
            f"Nothing can be written to {name!r}: the token of the Hub may only read. Make one "
            "that may write, on the Hub's page of settings."
        )


def _check_license(license_: str) -> None:
    """Refuses a licence that the Hub would refuse in a card.

    Raises:
        ConfigError: the Hub does not know it.
    """
    from huggingface_hub import DatasetCard, DatasetCardData

    try:
        DatasetCard(f"---\n{DatasetCardData(license=license_).to_yaml()}\n---\n").validate()
    except ValueError as error:
        raise ConfigError(
            f"The Hub knows no licence {clipped(license_)!r}: write one as it does, such as "
            "apache-2.0 or cc-by-4.0, or other."
        ) from error


def _api() -> Any:
    from huggingface_hub import HfApi

    return HfApi(library_name="toolformer-engine", library_version=__version__)


def _said(error: Exception) -> str:
    said = getattr(error, "server_message", None)
    return f", {_one_line(said)}" if said else ""


def _one_line(text: str) -> str:
    return clipped(" ".join(text.split()).rstrip("."), 200)
