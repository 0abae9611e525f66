"""Where a training may report to besides the terminal: what `transformers` knows and is there."""

from collections.abc import Sequence

from transformers.integrations.integration_utils import (
    get_available_reporting_integrations,
    get_reporting_integration_callbacks,
)

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
