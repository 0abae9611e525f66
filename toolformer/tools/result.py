"""What comes of a call."""

from dataclasses import dataclass

from toolformer.calls import ToolCall


@dataclass(frozen=True, slots=True)
class ToolResult:
    """The outcome of a call: exactly one of output and error.

    Attributes:
        call: The call.
        output: What the tool answered, one line.
        error: Why it did not.
        seconds: How long it took.
        is_unavailable: Whether that is not the call's fault: what the tool relies on could not be
            reached, and the same call may succeed another time.
    """

    call: ToolCall
    output: str | None = None
    error: str | None = None
    seconds: float = 0.0
    is_unavailable: bool = False

    def __post_init__(self) -> None:
        if (self.output is None) == (self.error is None):
            raise ValueError(
                f"exactly one of output and error, got {self.output!r}, {self.error!r}"
            )
