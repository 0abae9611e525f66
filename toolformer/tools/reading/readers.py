"""Readers: what finds an answer to a question in a passage.

A language model that is lent, one behind an endpoint of OpenAI's kind, or an extractive model of
transformers. They may say anything: `answer_of` takes what stands in the passage.
"""

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from toolformer.errors import ConfigError, ToolError
from toolformer.tools.context import Ask
from toolformer.tools.outside.chat import ChatEndpoint

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

_LONGEST = 30  # tokens of an extracted answer
_SHOWN = """\
Passage: Canberra > Canberra is the capital city of Australia. It was founded in 1913.
Question: When was Canberra founded?
Answer: 1913

Passage: Coffee > Coffee is a drink made of roasted beans, grown first in Ethiopia.
Question: Where was coffee grown first?
Answer: Ethiopia

"""
_WORD = re.compile(r"[^\W_]+")
_ENDS = re.compile(r"^[\s\"'“”‘’]+|[\s.,;:!?\"'“”‘’]+$")


@dataclass(frozen=True, slots=True)
class Question:
    """A question and the passage to look in."""

    text: str
    passage: str


class Reader(Protocol):
    """Finds answers."""

    def read(self, questions: Sequence[Question]) -> list[str | ToolError]:
        """Returns an answer to each question, or why there is none."""


class LentReader:
    """The language model that whoever runs the tool lends it, if one is lent."""

    def __init__(self, ask: Ask | None) -> None:
        self._ask = ask

    def read(self, questions: Sequence[Question]) -> list[str | ToolError]:
        """Asks the model about all passages at once."""
        if self._ask is None:
            raise ToolError("There is no language model here that could read the passage.")
        return [*self._ask([prompt_of(each) for each in questions])]


class EndpointReader:
    """A language model behind an endpoint of OpenAI's kind."""

    def __init__(self, endpoint: ChatEndpoint) -> None:
        self._endpoint = endpoint

    def read(self, questions: Sequence[Question]) -> list[str | ToolError]:
        """Asks about several passages at a time; the first line of an answer counts."""
        answers = self._endpoint.answers([prompt_of(each) for each in questions])
        return [each.partition("\n")[0] if isinstance(each, str) else each for each in answers]


class ExtractiveReader:
    """A model of transformers that marks an answer in a passage, as those tuned on SQuAD do.

    Args:
        directory: of the model and its tokenizer.

    Raises:
        ConfigError: there is no such model.
    """

    def __init__(self, directory: Path) -> None:
        if not (directory / "config.json").is_file():
            raise ConfigError(f"There is no model in '{directory}': a directory of transformers.")
        self._directory = directory
        self._lock = threading.Lock()

    def read(self, questions: Sequence[Question]) -> list[str | ToolError]:
        """Marks the likeliest answer in each passage."""
        import torch

        with self._lock, torch.inference_mode():
            model, tokenizer = self._loaded
            batch: Any = tokenizer(
                [each.text for each in questions],
                [each.passage for each in questions],
                truncation="only_second",
                padding=True,
                return_offsets_mapping=True,
                return_tensors="pt",
            )
            offsets = batch.pop("offset_mapping")
            found = model(**batch)
            answers: list[str | ToolError] = []
            for row, question in enumerate(questions):
                inside = torch.tensor([which == 1 for which in batch.sequence_ids(row)])
                start = found.start_logits[row].masked_fill(~inside, -torch.inf)
                end = found.end_logits[row].masked_fill(~inside, -torch.inf)
                # (starts, ends): an answer ends where it starts or up to so many tokens behind.
                both = start[:, None] + end[None, :]
                allowed = torch.ones_like(both, dtype=torch.bool).triu().tril(_LONGEST - 1)
                best = int(both.masked_fill(~allowed, -torch.inf).argmax())
                first, last = divmod(best, both.shape[1])
                begin, stop = int(offsets[row, first, 0]), int(offsets[row, last, 1])
                answers.append(question.passage[begin:stop])
            return answers

    @cached_property
    def _loaded(self) -> "tuple[PreTrainedModel, PreTrainedTokenizerBase]":
        from transformers import AutoModelForQuestionAnswering, AutoTokenizer

        tokenizer = AutoTokenizer.from_pretrained(self._directory, local_files_only=True)
        model = AutoModelForQuestionAnswering.from_pretrained(
            self._directory, local_files_only=True
        )
        return model.eval(), tokenizer


def prompt_of(question: Question) -> str:
    """Returns what a language model continues with an answer."""
    passage, asked = (" ".join(text.split()) for text in (question.passage, question.text))
    return f"{_SHOWN}Passage: {passage}\nQuestion: {asked}\nAnswer:"


def answer_of(said: str, passage: str) -> str:
    """Returns what a reader said, without what is around it, if the passage says it.

    >>> answer_of(' "1913".', "It was founded in 1913.")
    '1913'

    Raises:
        ToolError: the reader said nothing, or something else.
    """
    answer = _ENDS.sub("", said)
    if not answer:
        raise ToolError("The reader found no answer.")
    if _plain(answer) not in _plain(passage):
        raise ToolError("The answer that the reader gave does not stand in the passage.")
    return answer


def _plain(text: str) -> str:
    """Returns a text's words in lower case, between spaces."""
    return f" {' '.join(_WORD.findall(text.casefold()))} "
