"""Greedy answers to the prompts of rows, in a file that can be continued.

Free, a model writes what it likes; confined, it writes one call of an API that its prompt
describes, the name decoded among these.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import tee
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from toolformer.calls import CallGrammar, ToolCall
from toolformer.config import Config, fingerprint
from toolformer.finetune.config import Positive
from toolformer.infer.answers import Answer, answer_row
from toolformer.infer.answers_file import AnswersFile
from toolformer.infer.config import InferConfig
from toolformer.infer.decode import decode
from toolformer.infer.prompts_file import FilePrompt, prompt_row
from toolformer.infer.request import Request
from toolformer.lm.base import LanguageModel
from toolformer.studies.api_bank.rows import ApiRow, api_names
from toolformer.studies.api_bank.texts import prompt_of
from toolformer.tools.context import ToolContext
from toolformer.tools.result import ToolResult

_ANY_RANK = 1_000_000_000  # a call starts however unlikely its marker is
_NO_DAY = date(1970, 1, 1)  # nothing runs, so no day is asked for


class PredictConfig(Config):
    """Everything that decides an answer, but for model and prompt."""

    max_new_tokens: Positive = 160
    """Tokens of an answer; the longest call of the test rows has about 110."""
    streams: Annotated[int, Field(ge=1)] = 8
    """Prompts answered side by side."""
    confined: bool = False
    """Write one call of an API that the prompt describes, whatever else the model would say."""

    @property
    def infer(self) -> InferConfig:
        """The decoder's settings."""
        return InferConfig(
            max_new_tokens=self.max_new_tokens,
            max_call_tokens=self.max_new_tokens,
            max_streams=self.streams,
            max_calls=1,
            top_k_start=_ANY_RANK if self.confined else 0,
        )


def predict(
    model: LanguageModel, rows: Iterable[ApiRow], config: PredictConfig
) -> Iterator[dict[str, Any]]:
    """Yields the answer to each row, in their order, as JSON values.

    A prompt that is too long for the model has an error and an empty prediction.
    """
    asked, answered = tee(rows)
    requests = (_request(row, model.grammar, config) for row in asked)
    answers = decode(model, requests, execute=_never)
    for row, answer in zip(answered, answers, strict=True):
        yield {
            **_named(row),
            **{
                key: value
                for key, value in answer_row(answer, timed=False).items()
                if key != "prompt"
            },
            "completion": row.completion,
            "prediction": _prediction(answer, model.grammar),
            "today": _NO_DAY.isoformat(),
        }


def continue_file(
    path: Path,
    model: LanguageModel,
    rows: Iterable[ApiRow],
    config: PredictConfig,
) -> Iterator[int]:
    """Answers the rows that a file does not answer yet, and yields how many it does by then.

    Raises:
        ConfigError: the file has answers of another model, or to other rows.
        RunError: it cannot be written.
    """
    kept, prompts = tee(rows)
    decides = config.to_dict() | {"streams": None}  # which changes no answer
    settings = fingerprint({"model": model.fingerprint, "config": decides})
    asked = (FilePrompt(row.prompt, row.id) for row in prompts)
    with AnswersFile(path, asked, settings=settings, today=_NO_DAY) as file:
        done = file.done
        for _ in range(done):
            next(kept)
        yield done
        for number, row in enumerate(predict(model, kept, config), start=done + 1):
            file.write(row)
            yield number


def _request(row: ApiRow, grammar: CallGrammar, config: PredictConfig) -> Request:
    return Request(
        prompt_of(row, grammar),
        tools=api_names(row.prompt) if config.confined else (),
        config=config.infer,
        hand_back=(lambda call: call) if config.confined else None,
    )


def _never(call: ToolCall, context: ToolContext) -> ToolResult:  # noqa: ARG001
    """Stands where calls would run: every one is handed back."""
    raise RuntimeError(f"{call} was to be handed back")


def _prediction(answer: Answer, grammar: CallGrammar) -> str:
    """Returns what counts as an answer: its call, also one that never closed, or its text."""
    if answer.error is not None:
        return ""
    if answer.call is not None:
        return grammar.format(answer.call)
    if answer.events:
        return answer.events[0].written
    return answer.annotated


def _named(row: ApiRow) -> dict[str, Any]:
    return prompt_row(FilePrompt(row.prompt, row.id))
