"""Prompts of a file, many at a time: each becomes a row, with its answer or why it has none."""

from collections.abc import Iterable, Iterator
from itertools import tee
from typing import Any

from toolformer.infer.answers import answer_row
from toolformer.infer.config import InferConfig
from toolformer.infer.decode import decode
from toolformer.infer.live_tools import LiveTools
from toolformer.infer.prompts_file import FilePrompt, prompt_row
from toolformer.infer.request import Request
from toolformer.lm.base import LanguageModel
from toolformer.lm.chat import Message, chat_prompt
from toolformer.tools.context import ToolContext

Row = dict[str, Any]


def answer_prompts(
    model: LanguageModel,
    prompts: Iterable[FilePrompt],
    *,
    tools: LiveTools,
    config: InferConfig,
    chats: bool = False,
    first_index: int = 0,
) -> Iterator[Row]:
    """Yields a row for each prompt, in their order: the same for the same prompts and day.

    Args:
        model: answers them.
        prompts: read only as far as there is room for their streams.
        tools: may be called.
        config: the settings of all answers.
        chats: whether each goes through the model's chat template, alone.
        first_index: of the first prompt, in draws: a run that is resumed continues counting.
    """
    asked, answered = tee(prompts)
    requests = (
        tools.equip(
            Request(
                chat_prompt(model, [Message("user", each.prompt)]) if chats else each.prompt,
                context=ToolContext(today=each.today),
                config=config,
                templated=chats,
                index=index,
            )
        )
        for index, each in enumerate(asked, start=first_index)
    )
    answers = decode(model, requests, execute=tools.execute)
    for answer, prompt in zip(answers, answered, strict=True):
        day = prompt.today or tools.today
        asked_row = prompt_row(prompt)
        row = asked_row | answer_row(answer, timed=False) | asked_row
        yield row | {"finish": answer.finish, "today": day.isoformat()}
