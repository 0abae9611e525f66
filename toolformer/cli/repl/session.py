"""What a REPL remembers: model, tools, settings, and the prompts so far with their answers.

Knows no terminal.
"""

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from datetime import date

from toolformer.calls import Segment
from toolformer.cli.repl.turns import Turn
from toolformer.errors import ToolformerError
from toolformer.infer.answers import CallEvent
from toolformer.infer.config import InferConfig
from toolformer.infer.decode import stream
from toolformer.infer.live_tools import LiveTools
from toolformer.infer.opening import open_answer
from toolformer.lm.base import LanguageModel
from toolformer.tools.base import Tool


@dataclass(slots=True)
class Session:
    """A model with tools at hand, and what it was asked.

    Attributes:
        turns: each prompt stands alone: none is told of those before it.
        saved: the files it was written to.
    """

    model: LanguageModel
    tools: LiveTools
    config: InferConfig
    clock: Callable[[], float] = time.monotonic
    turns: list[Turn] = field(default_factory=list)
    saved: set[str] = field(default_factory=set)
    _start: tuple[InferConfig, tuple[Tool, ...], date, bool] = field(init=False)

    def __post_init__(self) -> None:
        self._start = (self.config, self.tools.tools, self.tools.today, self.tools.on)

    def answer(self, prompt: str) -> Generator[Segment | CallEvent, None, None]:
        """Continues a prompt and yields what may be shown; what came stays in the last turn.

        Raises:
            ToolformerError: the prompt cannot be continued; it is no turn then.
        """
        names, barred = self.tools.names, self.tools.barred
        leads = [self.model.grammar.lead(name) for name in (*names, *barred)]
        turn = Turn(prompt, open_answer(prompt, leads=leads, grammar=self.model.grammar).kept)
        self.turns.append(turn)
        pieces = stream(
            self.model,
            prompt,
            execute=self.tools.execute,
            tools=names,
            barred=barred,
            config=self.config,
        )
        try:
            yield from turn.follow(pieces, clock=self.clock)
        except ToolformerError:
            self.turns.pop()
            raise

    def reset(self) -> None:
        """Goes back to how it began: the same settings, tools and day, and no turns."""
        self.config, tools, self.tools.today, self.tools.on = self._start
        if tools != self.tools.tools:
            self.tools.replace(tools)
        self.turns.clear()
