"""Options of tools that ask something outside: where, and with which secrets.

They have types of their own: no file that is not the user's may set them (`tools/trust.py`).
"""

import os
from typing import NewType
from urllib.parse import SplitResult, urlsplit

from toolformer.errors import ConfigError, clipped

Address = NewType("Address", str)
CommandLine = NewType("CommandLine", str)
Variables = NewType("Variables", str)  # names of environment variables, which hold the secrets


def split_address(url: str, *, what: str) -> SplitResult:
    """Returns the parts of an address that a user named.

    Raises:
        ConfigError: it is not one, has a gap for its host, or a password in it.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or "{" in parts.netloc:
        raise ConfigError(
            f"{clipped(url)!r} is not an address of {what}: it begins with https:// and a host "
            "without gaps."
        )
    if parts.username or parts.password:
        raise ConfigError("An address with a password in it would be written into manifests.")
    return parts


def split(text: str) -> list[str]:
    """Returns the parts of an option that takes several: a|b."""
    return [part.strip() for part in text.split("|") if part.strip()]


def read_variables(names: Variables | None) -> dict[str, str]:
    """Returns environment variables with their values.

    Raises:
        ConfigError: one is not set.
    """
    return {name: _value(name, written=name) for name in split(names or "")}


def read_headers(headers: Variables | None) -> dict[str, str]:
    """Returns headers of HTTP with their values: Authorization=MY_TOKEN|X-Key=MY_KEY.

    Raises:
        ConfigError: one names no environment variable, or one that is not set.
    """
    pairs = [(each, each.partition("=")) for each in split(headers or "")]
    return {
        name.strip(): _value(variable.strip(), written=each) for each, (name, _, variable) in pairs
    }


def _value(variable: str, *, written: str) -> str:
    if variable not in os.environ:
        raise ConfigError(
            f"{clipped(written)!r} needs an environment variable that is set, as in "
            "Authorization=MY_TOKEN."
        )
    return os.environ[variable]
