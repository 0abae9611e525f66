"""One prompt, with everything besides the model that decides its answer."""

from collections.abc import Iterable
from dataclasses import KW_ONLY, dataclass, field

from toolformer.infer.config import HandBack, InferConfig, Spelling
from toolformer.tools.base import Tool
from toolformer.tools.context import ToolContext


@dataclass(frozen=True, slots=True)
class Request:
    """A prompt to continue. Requests that are equal get equal answers, whatever runs beside them.

    Attributes:
        text: The prompt.
        tools: Names that may be called, as the grammar writes them.
        barred: Names of tools that exist but may not be called: no call to them is written.
        spellings: Names of tools, each with what returns the `Spell` of a call's arguments.
        context: What its tools may know: the day.
        config: The settings of its answer.
        shown: Texts with calls in them that the model reads in front of the prompt, as one that was
            not taught to call these tools has to.
        templated: Whether a chat template wrote the prompt, as `chat_prompt` returns it: special
            tokens spelled in it are those tokens, and all of it stands before the answer.
        hand_back: Where calls are left to whoever asked: the answer ends at the first that it
            accepts, and one for which it raises `ToolError` has failed. None where calls run.
        index: Draws follow from the seed and this; equal prompts of different indices differ.

    >>> Request("2 + 2 is", config=InferConfig(seed=3), index=7).key
    '3|7'
    """

    text: str
    _: KW_ONLY
    tools: tuple[str, ...] = ()
    barred: tuple[str, ...] = ()
    spellings: tuple[tuple[str, Spelling], ...] = ()
    context: ToolContext = field(default_factory=ToolContext)
    config: InferConfig = field(default_factory=InferConfig)
    shown: str = ""
    templated: bool = False
    hand_back: HandBack | None = None
    index: int = 0

    @property
    def key(self) -> str:
        """The key of its draws."""
        return f"{self.config.seed}|{self.index}"


def spellings_of(tools: Iterable[Tool]) -> tuple[tuple[str, Spelling], ...]:
    """Returns the `spellings` of a request that may call tools."""
    return tuple((tool.name, tool.spelling) for tool in tools if tool.has_listed_values)
