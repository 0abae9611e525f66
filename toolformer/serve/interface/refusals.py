"""Requests that are refused, in the shape of OpenAI's errors."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from toolformer.errors import clipped

_KINDS = {
    401: "authentication_error",
    404: "not_found_error",
    429: "rate_limit_error",
    500: "server_error",
    503: "server_error",
}


class RefusedError(Exception):
    """A request is not answered.

    Attributes:
        status: of HTTP.
        param: the field that is to blame.
        code: a word for programs.
        retry_after_s: when to try again; None where that does not help.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        param: str | None = None,
        code: str | None = None,
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(_sendable(message))
        self.status, self.param, self.code = status, param and _sendable(param), code
        self.retry_after_s = retry_after_s

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the answer."""
        return {} if self.retry_after_s is None else {"retry-after": str(self.retry_after_s)}

    def to_json(self) -> dict[str, Any]:
        """Returns the answer."""
        kind = _KINDS.get(self.status, "invalid_request_error")
        error = {"message": str(self), "type": kind, "param": self.param, "code": self.code}
        return {"error": error}


def _sendable(text: str) -> str:
    """Returns a text without halves of surrogate pairs, which a request may hold."""
    return text.encode("utf-8", "replace").decode("utf-8")


def refusal_of(error: ValidationError) -> RefusedError:
    """Returns what is said of the first thing that is wrong with a request."""
    first = error.errors(include_url=False)[0]
    param = ".".join(map(str, first["loc"])) or None
    message = first["msg"].removeprefix("Value error, ").rstrip(".")
    if first["type"] == "extra_forbidden":
        return RefusedError(
            f"Unknown parameter '{clipped(str(param))}'.", param=param, code="unknown_parameter"
        )
    if first["type"] == "missing":
        return RefusedError(
            f"The parameter '{param}' is missing.", param=param, code="missing_required_parameter"
        )
    shown = "" if isinstance(first["input"], Mapping) else f" {clipped(repr(first['input']))}"
    named = "request" if param is None else f"'{clipped(param)}'"
    return RefusedError(
        f"Invalid {named}{shown}: {message[:1].lower()}{message[1:]}.",
        param=param,
        code="invalid_value",
    )


def not_supported(param: str, reason: str) -> RefusedError:
    """Returns the refusal of a parameter that has no meaning here."""
    return RefusedError(
        f"'{param}' is not supported: {reason}", param=param, code="unsupported_parameter"
    )
