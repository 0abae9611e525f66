"""An API with its documentation, and a query with the calls that answer it. Knows no file."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

ParameterType = Literal["string", "integer", "number", "date", "choice"]
Tier = Literal["plain", "paraphrased", "vague", "real"]
Split = Literal["train", "instruction", "tool", "category"]
TIERS: tuple[Tier, ...] = get_args(Tier)
SPLITS: tuple[Split, ...] = get_args(Split)
HELD_OUT = SPLITS[1:]

_FORMS = {"date": "date, YYYY-MM-DD"}


@dataclass(frozen=True, slots=True)
class ApiParameter:
    """A parameter of an API."""

    name: str
    type: ParameterType
    description: str = ""
    required: bool = True
    choices: tuple[str, ...] = ()

    @property
    def form(self) -> str:
        """What its values look like, as the documentation tells it."""
        told = "|".join(self.choices) if self.choices else _FORMS.get(self.type, self.type)
        return f"{self.name}: {told}" + ("" if self.required else ", optional")


@dataclass(frozen=True, slots=True)
class Api:
    """An API: one endpoint of a tool."""

    category: str
    tool: str
    name: str
    description: str
    parameters: tuple[ApiParameter, ...] = ()
    result: str = "result"  # the field in which its endpoint answers

    @property
    def id(self) -> str:
        """What it is called among all APIs, as ToolGen spells it.

        >>> Api("travel", "blue_hotel", "price", "Returns the price of a hotel.").id
        'blue_hotel&&price'
        """
        return f"{self.tool}&&{self.name}" if self.name else self.tool

    @property
    def words(self) -> str:
        """Its name as words.

        >>> Api("travel", "blue_hotel", "price", "Returns the price of a hotel.").words
        'blue hotel price'
        """
        return " ".join(f"{self.tool} {self.name}".replace("_", " ").split())

    @property
    def documentation(self) -> str:
        """All that is told of it, on one line."""
        forms = "; ".join(parameter.form for parameter in self.parameters)
        told = " ".join(self.description.split())
        return f"{self.words}. {told} " + (f"({forms})" if forms else "(no parameters)")


@dataclass(frozen=True, slots=True)
class ApiCall:
    """A call that a query asks for, or that was made."""

    api: str  # its id
    arguments: Mapping[str, str | int | float]

    @classmethod
    def written(cls, api: str, values: Mapping[Any, object]) -> "ApiCall":
        """Returns a call as it was written or read: numbers are numbers, and all else is text.

        >>> ApiCall.written("shop&&price", {"name": "Opal Bay", "limit": 3, "of": None}).arguments
        {'name': 'Opal Bay', 'limit': 3, 'of': 'None'}
        """
        plain = {
            str(name): value if isinstance(value, int | float) else str(value)
            for name, value in values.items()
        }
        return cls(api, plain)


@dataclass(frozen=True, slots=True)
class ApiQuery:
    """What somebody asks, and the one to three APIs that answer it.

    Attributes:
        id: Of the query.
        text: What is asked.
        tier: In which words: the documentation's, others, or hints alone.
        split: Learned from; or held out, with its tool or its whole category or without them.
        apis: The ids of the gold APIs.
        calls: The calls that answer it, where they are known: in the order of what is asked.
        thoughts: What is to be found out by each call; of made queries the part that asks for it.
        answer: What is to be said at last; "" where it follows from what the endpoints answer.
    """

    id: str
    text: str
    tier: Tier
    split: Split
    apis: tuple[str, ...]
    calls: tuple[ApiCall, ...] = ()
    thoughts: tuple[str, ...] = ()
    answer: str = ""
