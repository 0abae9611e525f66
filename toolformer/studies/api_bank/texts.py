"""Rows as texts with calls: what a model learns, in either call format."""

import json
from collections.abc import Iterable, Iterator
from typing import Literal, get_args

from toolformer.calls import (
    CallGrammar,
    HermesGrammar,
    InlineGrammar,
    KeywordCall,
    PlacedCall,
    ToolCall,
    split_keyword_call,
)
from toolformer.finetune.data.texts import TrainingText
from toolformer.studies.api_bank.rows import ApiRow

CallFormat = Literal["inline", "hermes"]
FORMATS: tuple[CallFormat, ...] = get_args(CallFormat)
_FORM = "[ApiName(key1='value1', key2='value2', ...)]"  # as instructions tell it
_FORM_IN_JSON = ToolCall("ApiName", '{"key1": "value1", "key2": "value2", ...}')


def grammar_of(kind: CallFormat) -> CallGrammar:
    """Returns the grammar of a format; the inline one writes a call as API-Bank has it."""
    return HermesGrammar() if kind == "hermes" else InlineGrammar()


def prompt_of(row: ApiRow, grammar: CallGrammar) -> str:
    """Returns a row's prompt as a model reads it: in front of a call, which brings its white space.

    The form of a call that the instruction tells is that of the grammar.
    """
    prompt = row.prompt.rstrip()
    if isinstance(grammar, HermesGrammar):
        return prompt.replace(_FORM, grammar.format(_FORM_IN_JSON))
    return prompt


def calls_of(row: ApiRow, grammar: CallGrammar) -> list[ToolCall] | None:
    """Returns a row's calls in a grammar; None where it cannot write one.

    What stands between the parentheses of a single call is kept as it is written.
    """
    if isinstance(grammar, HermesGrammar):
        made = [ToolCall(call.name, _json(call)) for call in row.calls]
    elif (split := split_keyword_call(row.completion)) is not None:
        made = [ToolCall(split[0].name, split[1])]
    else:
        made = [ToolCall(call.name, call.written) for call in row.calls]
    return made if made and all(map(grammar.is_readable, made)) else None


def training_texts(rows: Iterable[ApiRow], grammar: CallGrammar) -> Iterator[TrainingText]:
    """Yields the texts of rows, their prompts to be read and their calls to be learned.

    A row whose call cannot be written is passed over.
    """
    for row in rows:
        calls = calls_of(row, grammar)
        if calls is not None:
            prompt = prompt_of(row, grammar)
            placed = tuple(PlacedCall(len(prompt), call) for call in calls)
            yield TrainingText(row.id, prompt, placed, prompt=len(prompt))


def _json(call: KeywordCall) -> str:
    return json.dumps(dict(call.arguments), ensure_ascii=False)
