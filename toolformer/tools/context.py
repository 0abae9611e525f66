"""The facts that a tool may know besides its arguments.

Knows no model: whoever runs tools may lend one, as a function from texts to texts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Protocol, Self


class Ask(Protocol):
    """A language model, lent to a tool."""

    def __call__(self, prompts: Sequence[str], /) -> list[str]:
        """Returns how the model continues each prompt."""


@dataclass(frozen=True, slots=True)
class ToolContext:
    """The facts that a tool may know besides its arguments.

    A field that is compared is data: a pure tool's output may depend on it, and it is sent to
    worker processes; its metadata says how it is read from text. The others stay in this process.

    Attributes:
        today: The document's date when annotating, the clock's when inferring.
        ask: A language model to ask; None where whoever runs the tools lends none.
    """

    today: date | None = field(default=None, metadata={"read": date.fromisoformat})
    ask: Ask | None = field(default=None, compare=False)

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Returns the names of all fields."""
        return tuple(each.name for each in fields(cls))

    @classmethod
    def data_names(cls) -> tuple[str, ...]:
        """Returns the names of the fields that outputs depend on and that can be sent."""
        return tuple(each.name for each in fields(cls) if each.compare)

    def fields(self, names: Sequence[str]) -> dict[str, object]:
        """Returns the named fields, in the order of the names."""
        return {name: getattr(self, name) for name in names}

    def to_json(self) -> dict[str, str | None]:
        """Returns the fields that are data as JSON values.

        >>> ToolContext(today=date(2023, 3, 3)).to_json()
        {'today': '2023-03-03'}
        """
        data = self.fields(self.data_names())
        return {name: None if value is None else str(value) for name, value in data.items()}

    @classmethod
    def from_json(cls, data: Mapping[str, str | None]) -> Self:
        """Reads what `to_json` wrote."""
        read = {each.name: each.metadata["read"] for each in fields(cls) if each.compare}
        return cls(
            **{name: None if text is None else read[name](text) for name, text in data.items()}
        )
