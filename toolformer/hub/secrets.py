"""What must not leave this machine: passwords and tokens in the files that are to be shared.

Tools name the environment variables that hold their secrets, so that no file of ours has one. A
secret that somebody wrote into an address or an option all the same is found here, before it is
sent. Never repeats one in a message.
"""

import os
import re
from collections.abc import Iterator, Mapping

from toolformer.errors import ConfigError

_SHORTEST = 8  # characters; what is shorter stands in any text
_NAMES = re.compile(r"TOKEN|SECRET|PASSW|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|CREDENTIAL", re.I)
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]+")
_SHAPES: Mapping[str, re.Pattern[str]] = {
    "an address with a password": re.compile(r"://[^\s/:@\"']+:[^\s/@\"'{]+@"),
    "an address with a key": re.compile(
        r"[?&](?:api_?key|key|token|access_token|secret|password|signature|sig)=[^\s&\"'{},]{4}",
        re.I,
    ),
    "a token": re.compile(
        r"\b(?:hf_[A-Za-z0-9]{30}|sk-[A-Za-z0-9_-]{20}|gh[pousr]_\w{30}|AKIA[0-9A-Z]{16}"
        r"|xox[abprs]-[\w-]{10})|-----BEGIN [A-Z ]*PRIVATE KEY-----"
    ),
}


def check_secrets(
    name: str,
    content: str,
    *,
    token: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> None:
    """Refuses a file that holds a secret.

    Args:
        name: of the file.
        content: its text.
        token: with which it is to be sent.
        environment: variables, whose values are looked for where a variable is named as secrets are
            or is named in the file; those of this program when None.

    Raises:
        ConfigError: says what it is, without repeating it.

    >>> check_secrets("manifest.json", '"spec": "http:url=https://a.org/?q={q},headers=K=MY_KEY"')
    >>> check_secrets("a.json", '"spec": "http:url=https://me:pass@a.org/"')  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    toolformer.errors.ConfigError: 'a.json' holds an address with a password, and is not shared: ...
    """
    known = os.environ if environment is None else environment
    found = next(_found(content, token=token, environment=known), None)
    if found is not None:
        raise ConfigError(
            f"{name!r} holds {found}, and is not shared: put it into an environment variable, name "
            "the variable, and make the directory anew."
        )


def _found(content: str, *, token: str | None, environment: Mapping[str, str]) -> Iterator[str]:
    """Yields what a text holds that is secret, in words."""
    if token is not None and token in content:
        yield "your token of the Hub"
    named = set(_VARIABLE.findall(content))
    for variable, value in environment.items():
        is_secret = variable in named or _NAMES.search(variable)
        if is_secret and len(value) >= _SHORTEST and value in content:
            yield f"the value of the environment variable {variable}"
    for what, shape in _SHAPES.items():
        if shape.search(content):
            yield what
