"""Prompts of a file, many at a time: each becomes a row, with its answer or why it has none."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import chain
from typing import Any

from toolformer.calls import ToolCall
from toolformer.errors import ModelError
from toolformer.infer.answers import answer_row
from toolformer.infer.config import InferConfig
from toolformer.infer.decode import decode
from toolformer.infer.live_tools import LiveTools
from toolformer.infer.prompts_file import FilePrompt
from toolformer.lm.base import LanguageModel
from toolformer.tools.base import ToolResult

Row = dict[str, Any]


@dataclass(slots=True)
class Batch:
    """A model at work on prompts that come one after another."""

    model: LanguageModel
    tools: LiveTools
    config: InferConfig
    _asked: deque[FilePrompt] = field(default_factory=deque, init=False)  # not answered yet
    _days: dict[int, date | None] = field(default_factory=dict, init=False)  # of those, by index

    def rows(self, prompts: Iterator[FilePrompt], *, first_index: int = 0) -> Iterator[Row]:
        """Yields a row for each prompt, in their order.

        Args:
            prompts: looked at only as far as there is room for their streams.
            first_index: the first prompt's, in draws.
        """
        index = first_index
        while True:
            try:
                for answer in self._decode(prompts, index):
                    self._days.pop(index)
                    index += 1
                    yield _row(self._asked.popleft(), answer_row(answer))
                return
            except ModelError as error:
                # The prompts that were decoded beside this one begin anew.
                prompt = self._asked.popleft()
                index += 1
                yield _row(prompt, {"prompt": prompt.prompt, "error": str(error)})
                prompts = chain(list(self._asked), prompts)
                self._asked.clear()
                self._days.clear()

    def _decode(self, prompts: Iterator[FilePrompt], first_index: int) -> Iterator[Any]:
        return decode(
            self.model,
            self._ask(prompts, first_index),
            execute=self._execute,
            tools=self.tools.names,
            barred=self.tools.barred,
            config=self.config,
            first_index=first_index,
        )

    def _ask(self, prompts: Iterator[FilePrompt], first_index: int) -> Iterator[str]:
        for index, each in enumerate(prompts, start=first_index):
            self._asked.append(each)
            self._days[index] = each.today
            yield each.prompt

    def _execute(self, calls: Sequence[ToolCall], prompts: Sequence[int]) -> list[ToolResult]:
        return self.tools.execute_on(calls, [self._days[index] for index in prompts])


def _row(prompt: FilePrompt, row: Row) -> Row:
    return row if prompt.id is None else {"id": prompt.id, **row}
