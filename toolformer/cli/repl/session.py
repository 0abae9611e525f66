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
from toolformer.errors import ConfigError, ToolformerError
from toolformer.infer.answers import CallEvent
from toolformer.infer.config import InferConfig
from toolformer.infer.decoder import Decoder
from toolformer.infer.live_tools import LiveTools
from toolformer.infer.request import Request
from toolformer.lm.base import LanguageModel
from toolformer.lm.chat import Message, chat_prompt
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
        chats: whether prompts are messages of a conversation, which the model's chat template
            writes; otherwise each stands alone, and the model does not see those before it.
        turns: the prompts so far.
        first: the turn with which the conversation begins.
        saved: the files that the session was written to, and what they were like then.
    """

    model: LanguageModel
    tools: LiveTools
    config: InferConfig
    clock: Callable[[], float] = time.monotonic
    chats: bool = False
    turns: list[Turn] = field(default_factory=list)
    first: int = 0
    saved: dict[Path, Stamp] = field(default_factory=dict)
    _start: tuple[InferConfig, tuple[Tool, ...], date, bool] = field(init=False)

    def __post_init__(self) -> None:
        self._start = (self.config, self.tools.tools, self.tools.today, self.tools.on)

    def answer(self, prompt: str) -> Generator[Segment | CallEvent, None, None]:
        """Answers a prompt and yields what may be shown; the last turn keeps what came.

        Raises:
            ToolformerError: the prompt cannot be continued; it leaves no turn.
        """
        if not self.chats:
            return self._follow(Turn(prompt, prompt))
        before = self.turns[-1].conversation if len(self.turns) > self.first else ()
        messages = (*before, Message("user", prompt))
        return self._follow(Turn(prompt, chat_prompt(self.model, messages), messages=messages))

    def more(self) -> Generator[Segment | CallEvent, None, None]:
        """Continues the last answer, as `answer` does a prompt.

        Raises:
            ToolformerError: there is none, or it cannot be continued.
        """
        if not self.turns:
            raise ConfigError("There is no answer to continue yet.")
        last = self.turns[-1]
        if not last.messages:
            return self._follow(Turn(last.whole, last.whole))
        said = last.conversation[-1].text
        return self._follow(Turn(last.prompt, last.whole, messages=last.messages, said=said))

    def begin_anew(self) -> None:
        """Lets the next prompt begin a conversation."""
        self.first = len(self.turns)

    def _follow(self, turn: Turn) -> Generator[Segment | CallEvent, None, None]:
        began, answer = self.clock(), None
        asked = Request(turn.kept, config=self.config, templated=bool(turn.messages))
        with Decoder(self.model, execute=self.tools.execute) as decoder:
            [decoding] = decoder.admit([self.tools.equip(asked)])
            turn.kept = decoding.kept
            self.turns.append(turn)
            try:
                for piece in decoder.follow(decoding):
                    if turn.first_s is None:
                        turn.first_s = self.clock() - began
                    turn.add(piece)
                    yield piece
                answer = decoding.answer
            except ToolformerError as error:
                self.turns.pop()
                if len(turn.messages) > 1 and decoding.builder is None:  # it is too long
                    raise ConfigError(f"{error} Or begin a new conversation: /new.") from error
                raise
            finally:
                turn.end(answer, seconds=self.clock() - began)

    def reset(self) -> None:
        """Restores the settings, tools and day of the start, and drops all turns."""
        self.config, tools, self.tools.today, self.tools.on = self._start
        if tools != self.tools.tools:
            self.tools.replace(tools)
        self.turns.clear()
        self.first = 0
