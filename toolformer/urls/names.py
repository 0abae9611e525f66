"""URLs as names: told apart from paths, printed without a secret, and what goes wrong at one.

A URL may hold a password and is never printed whole.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from toolformer.errors import ConfigError, clipped, how_to_install

_URL = re.compile(r"(?:[a-z][a-z0-9+.-]*::)*[a-z][a-z0-9+.-]*://.+", re.DOTALL)
_USER = re.compile(r"(?<=://)[^/@]*@")
# The extra of ours that has the library of a protocol.
_EXTRAS = {"s3": "s3", "s3a": "s3"}


def is_url(name: object) -> bool:
    """Returns whether a name is a URL and not a path.

    >>> is_url("s3://bucket/run"), is_url("run"), is_url("C:/run"), is_url("my.py:model")
    (True, False, False, False)
    """
    return isinstance(name, str) and _URL.fullmatch(name) is not None


def shown_url(url: str) -> str:
    """Returns a URL as it may be printed: without a user and what follows a question mark.

    >>> shown_url("https://me:secret@example.org/texts.jsonl?token=secret")
    'https://example.org/texts.jsonl'
    """
    return clipped(_USER.sub("", url.partition("?")[0] or url), 200)


class RemoteError(OSError):
    """Something at a URL could not be read or written; its `strerror` says why."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(None, reason, shown_url(url))


@contextmanager
def told_as_errors(url: str) -> Iterator[None]:
    """Turns what a file system of fsspec raises into an OSError; a FileNotFoundError stays one.

    Raises:
        RemoteError: in the words of the file system, without the URL.
        ConfigError: a library is not installed that it needs.

    >>> try:
    ...     with told_as_errors("s3://bucket/run"):
    ...         raise ValueError("Access denied to s3://bucket/run.")
    ... except OSError as error:
    ...     print(error.strerror)
    Access denied to s3://bucket/run
    """
    try:
        yield
    except (FileNotFoundError, FileExistsError, ConfigError, RemoteError):
        raise
    except ImportError as error:
        raise ConfigError(f"{_needed(url)} ({error}).") from None
    except Exception as error:
        said = " ".join(str(getattr(error, "strerror", None) or error).split())
        said = _USER.sub("", said.replace(url, shown_url(url)))
        raise RemoteError(url, clipped(said.rstrip(".") or type(error).__name__, 300)) from error


def _needed(url: str) -> str:
    protocol = url.partition("://")[0].rpartition("::")[2]
    extra = _EXTRAS.get(protocol)
    way = f": {how_to_install(extra)}" if extra else ""
    return f"{protocol}:// needs a library that is not installed{way}"
