"""What the libraries say while a model is tuned: where to, and what not at all."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from transformers.integrations.integration_utils import (
    get_available_reporting_integrations,
    get_reporting_integration_callbacks,
)
from transformers.utils import logging

from toolformer.errors import ConfigError

_GENERAL = ("all", "none")  # all that is installed, and nothing


def check_reports(names: Sequence[str]) -> None:
    """Refuses places to report to that `transformers` does not know or that are not installed.

    Raises:
        ConfigError: says which there are, or what to install.
    """
    for name in names:
        if name in _GENERAL:
            continue
        try:
            get_reporting_integration_callbacks([name])  # type: ignore[no-untyped-call]
        except ValueError as error:
            raise ConfigError(f"--report-to {name!r}: {error}") from None
        if name not in get_available_reporting_integrations():  # type: ignore[no-untyped-call]
            raise ConfigError(
                f"--report-to {name} needs {name}, which is not installed: pip install {name}."
            )


@contextmanager
def quiet() -> Iterator[None]:
    """Shows no bars for files and no warnings, and leaves all as it was."""
    shown, level = logging.is_progress_bar_enabled(), logging.get_verbosity()
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if shown:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]
