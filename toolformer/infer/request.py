"""One prompt, with everything besides the model that decides its answer."""

from dataclasses import KW_ONLY, dataclass, field

from toolformer.infer.config import InferConfig
from toolformer.tools.base import ToolContext


@dataclass(frozen=True, slots=True)
class Request:
    """A prompt to continue. Requests that are equal get equal answers, whatever runs beside them.

    Attributes:
        text: The prompt.
        tools: Names that may be called, as the grammar writes them.
        barred: Names of tools that exist but may not be called: no call to them is written.
        context: What its tools may know: the day.
        config: The settings of its answer.
        templated: Whether a chat template wrote the prompt, as `chat_prompt` returns it: special
            tokens spelled in it are those tokens, and all of it stands before the answer.
        index: Draws follow from the seed and this; equal prompts of different indices differ.

    >>> Request("2 + 2 is", config=InferConfig(seed=3), index=7).key
    '3|7'
    """

    text: str
    _: KW_ONLY
    tools: tuple[str, ...] = ()
    barred: tuple[str, ...] = ()
    context: ToolContext = field(default_factory=ToolContext)
    config: InferConfig = field(default_factory=InferConfig)
    templated: bool = False
    index: int = 0

    @property
    def key(self) -> str:
        """The key of its draws."""
        return f"{self.config.seed}|{self.index}"
