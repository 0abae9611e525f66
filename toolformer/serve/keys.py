"""The keys that clients have to show. Nothing here is printed."""

import hmac
import os
from collections.abc import Sequence
from pathlib import Path

from toolformer.errors import ConfigError
from toolformer.plain_files import read_plain

_MOST_BYTES = 1 << 16


def read_keys(source: str) -> tuple[str, ...]:
    """Returns the keys in an environment variable, or in the lines of a file.

    Args:
        source: the name of either. It is in no message: it may be a key, by mistake.

    Raises:
        ConfigError: it names neither, or there is no key in it.
    """
    text = os.environ.get(source)
    if text is None:
        try:
            text = read_plain(Path(source), most_bytes=_MOST_BYTES).decode("utf-8-sig")
        except (OSError, ValueError):
            raise ConfigError(
                "--api-key names an environment variable or a file, as in --api-key MY_KEY or "
                "--api-key keys.txt, and what it was given is neither."
            ) from None
    keys = tuple(line.strip() for line in text.splitlines() if line.strip())
    if not keys:
        raise ConfigError("What --api-key names holds no key.")
    return keys


def is_key(shown: str, keys: Sequence[str]) -> bool:
    """Returns whether a text is one of the keys; how long that takes tells nothing of them."""
    same = [hmac.compare_digest(shown.encode(), key.encode()) for key in keys]
    return any(same)
