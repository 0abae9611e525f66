"""Answers as OpenAI's interface writes them: whole, or in chunks of a stream.

Beside its fields stand this server's own: what tools took in `usage`, and the `trace` of a choice.
"""

import json
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

from toolformer.errors import ToolError
from toolformer.serve.interface.choices import Choice, Delta, ToldToken
from toolformer.tools.base import Tool
from toolformer.tools.parameters.by_name import named_arguments

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Head:
    """What all parts of a reply begin with."""

    model: str
    id: str
    created: int

    @classmethod
    def new(cls, model: str, prefix: str) -> Self:
        """Begins a reply."""
        return cls(model, f"{prefix}-{secrets.token_hex(12)}", int(time.time()))

    def row(self, kind: str) -> Row:
        """Returns the fields of a part."""
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model}


class Reply(Protocol):
    """How answers of one endpoint are written."""

    def first(self, indices: Sequence[int]) -> list[Row]:
        """Returns the chunks that a stream begins with."""

    def chunk(self, delta: Delta) -> Row | None:
        """Returns a chunk; None where it would say nothing."""

    def whole(self, choices: Sequence[Choice]) -> Row:
        """Returns all answers."""

    def usage(self, choices: Sequence[Choice]) -> Row:
        """Returns the chunk that a stream ends with."""


class Completions:
    """Continuations of texts."""

    def __init__(self, model: str, *, is_scored: bool, is_traced: bool) -> None:
        self._head = Head.new(model, "cmpl")
        self._is_scored, self._is_traced = is_scored, is_traced

    def first(self, indices: Sequence[int]) -> list[Row]:  # noqa: ARG002
        """Returns nothing: a stream of text needs no beginning."""
        return []

    def chunk(self, delta: Delta) -> Row | None:
        """Returns a chunk."""
        if not (delta.text or delta.finish or (self._is_traced and delta.trace)):
            return None
        return self._head.row("text_completion") | {"choices": [self._choice(delta)]}

    def whole(self, choices: Sequence[Choice]) -> Row:
        """Returns all answers."""
        rows = [self._choice(each.whole) for each in choices]
        usage = usage_of(choices)
        return self._head.row("text_completion") | {"choices": rows, "usage": usage}

    def usage(self, choices: Sequence[Choice]) -> Row:
        """Returns the last chunk."""
        return self._head.row("text_completion") | {"choices": [], "usage": usage_of(choices)}

    def _choice(self, delta: Delta) -> Row:
        row: Row = {
            "index": delta.index,
            "text": delta.text,
            "logprobs": _columns(delta.tokens) if self._is_scored else None,
            "finish_reason": delta.finish,
        }
        return row | ({"trace": delta.trace} if self._is_traced else {})


class Messages:
    """Messages of an assistant."""

    def __init__(
        self, model: str, *, is_scored: bool, is_traced: bool, own_tools: Mapping[str, Tool]
    ) -> None:
        self._head = Head.new(model, "chatcmpl")
        self._is_scored, self._is_traced, self._own_tools = is_scored, is_traced, own_tools

    def first(self, indices: Sequence[int]) -> list[Row]:
        """Returns a chunk for each message that says whose it is."""
        delta = {"role": "assistant", "content": ""}
        return [
            self._chunk({"index": index, "delta": delta, "finish_reason": None})
            for index in indices
        ]

    def chunk(self, delta: Delta) -> Row | None:
        """Returns a chunk."""
        if not (delta.text or delta.finish or (self._is_traced and delta.trace)):
            return None
        said: Row = {"content": delta.text} if delta.text else {}
        if delta.call is not None:
            said["tool_calls"] = [{"index": 0, **self._call(delta)}]
        row = {"index": delta.index, "delta": said, **self._beside(delta)}
        return self._chunk(row)

    def whole(self, choices: Sequence[Choice]) -> Row:
        """Returns all answers."""
        rows = []
        for choice in choices:
            delta = choice.whole
            message: Row = {"role": "assistant", "content": delta.text, "refusal": None}
            if delta.call is not None:
                message |= {"content": delta.text or None, "tool_calls": [self._call(delta)]}
            rows.append({"index": delta.index, "message": message, **self._beside(delta)})
        usage = usage_of(choices)
        return self._head.row("chat.completion") | {"choices": rows, "usage": usage}

    def usage(self, choices: Sequence[Choice]) -> Row:
        """Returns the last chunk."""
        return self._head.row("chat.completion.chunk") | {
            "choices": [],
            "usage": usage_of(choices),
        }

    def _chunk(self, choice: Row) -> Row:
        return self._head.row("chat.completion.chunk") | {"choices": [choice]}

    def _beside(self, delta: Delta) -> Row:
        """Returns what stands beside a message or a part of one."""
        content = [
            {
                "token": each.text,
                "logprob": each.log_prob,
                "bytes": list(each.text.encode("utf-8", "replace")),
                "top_logprobs": [],
            }
            for each in delta.tokens
        ]
        row: Row = {
            "logprobs": {"content": content, "refusal": None} if self._is_scored else None,
            "finish_reason": delta.finish,
        }
        return row | ({"trace": delta.trace} if self._is_traced else {})

    def _call(self, delta: Delta) -> Row:
        """Returns the call that a client is to run."""
        call = delta.call
        if call is None:
            raise RuntimeError("there is no call")
        try:
            named = named_arguments(self._own_tools[call.tool], call.arguments)
            arguments = json.dumps(named, ensure_ascii=False)
        except (KeyError, ToolError):  # a call that the prompt had begun
            arguments = call.arguments
        return {
            "id": f"call_{secrets.token_hex(12)}",
            "type": "function",
            "function": {"name": call.tool, "arguments": arguments},
        }


def usage_of(choices: Sequence[Choice]) -> Row:
    """Returns what answers took: tokens, and the calls and seconds of tools."""
    answers = [each.answer for each in choices if each.answer is not None]
    events = [event for answer in answers for event in answer.events]
    prompt = sum(each.prompt_tokens for each in choices)
    written = sum(answer.tokens for answer in answers)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": written,
        "total_tokens": prompt + written,
        "tool_calls": len(events),
        "failed_tool_calls": sum(event.error is not None for event in events),
        "tool_seconds": round(sum(event.seconds for event in events), 6),
    }


def _columns(tokens: Sequence[ToldToken]) -> Row:
    return {
        "tokens": [each.text for each in tokens],
        "token_logprobs": [each.log_prob for each in tokens],
        "top_logprobs": None,
        "text_offset": [each.offset for each in tokens],
    }
