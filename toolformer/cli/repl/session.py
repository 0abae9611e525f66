"""A REPL's memory: model, tools, settings, and the prompts so far with their answers.

Knows no terminal.
"""

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from toolformer.calls import Segment
from toolformer.cli.repl.turns import Turn
from toolformer.errors import ToolformerError
from toolformer.infer.answers import CallEvent
from toolformer.infer.config import InferConfig
from toolformer.infer.decoder import Decoder
from toolformer.infer.live_tools import LiveTools
from toolformer.infer.request import Request
from toolformer.lm.base import LanguageModel
from toolformer.tools.base import Tool

Stamp = tuple[int, int, int]  # of a file: its number, bytes, nanoseconds at the last change


def stamp_of(path: Path) -> Stamp:
    """Returns what tells a file from what others put in its place.

    Raises:
        OSError: there is none.
    """
    found = path.lstat()
    return found.st_ino, found.st_size, found.st_mtime_ns


@dataclass(slots=True)
class Session:
    """A model with its tools, and the prompts it was given.

    Attributes:
        turns: each prompt stands alone: the model does not see those before it.
        saved: the files that the session was written to, and what they were like then.
    """

    model: LanguageModel
    tools: LiveTools
    config: InferConfig
    clock: Callable[[], float] = time.monotonic
    turns: list[Turn] = field(default_factory=list)
    saved: dict[Path, Stamp] = field(default_factory=dict)
    _start: tuple[InferConfig, tuple[Tool, ...], date, bool] = field(init=False)

    def __post_init__(self) -> None:
        self._start = (self.config, self.tools.tools, self.tools.today, self.tools.on)

    def answer(self, prompt: str) -> Generator[Segment | CallEvent, None, None]:
        """Continues a prompt and yields what may be shown; the last turn keeps what came.

        Raises:
            ToolformerError: the prompt cannot be continued; it leaves no turn.
        """
        began, answer = self.clock(), None
        request = self.tools.equip(Request(prompt, config=self.config))
        with Decoder(self.model, execute=self.tools.execute) as decoder:
            [decoding] = decoder.admit([request])
            turn = Turn(prompt, decoding.kept)
            self.turns.append(turn)
            try:
                for piece in decoder.follow(decoding):
                    if turn.first_s is None:
                        turn.first_s = self.clock() - began
                    turn.add(piece)
                    yield piece
                answer = decoding.answer
            except ToolformerError:
                self.turns.pop()
                raise
            finally:
                turn.end(answer, seconds=self.clock() - began)

    def reset(self) -> None:
        """Restores the settings, tools and day of the start, and drops all turns."""
        self.config, tools, self.tools.today, self.tools.on = self._start
        if tools != self.tools.tools:
            self.tools.replace(tools)
        self.turns.clear()
