"""What a row of each format is, and of which types its columns are."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal, get_args

from toolformer.calls import CallGrammar, HermesGrammar, PlacedCall, ToolCall
from toolformer.export.conversations import arguments_of, messages_of, schemas_of
from toolformer.records import AnnotatedDocument
from toolformer.tools.base import Tool

ExportFormat = Literal["text", "hermes", "prompt-completion", "messages", "openai", "tokens"]
FORMATS: tuple[ExportFormat, ...] = get_args(ExportFormat)
# Formats that write the arguments of calls by name, for which the tools are needed.
OF_TOOLS: tuple[ExportFormat, ...] = ("hermes", "messages", "openai")
Row = dict[str, Any]
MakeRows = Callable[[AnnotatedDocument], Iterator[Row]]


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a format, and what makes the rows of a text."""

    names: tuple[str, ...]
    of_json: frozenset[str]  # whose values are objects of any shape
    rows: MakeRows


def columns_of(
    kind: ExportFormat,
    *,
    grammar: CallGrammar,
    tools: Mapping[str, Tool],
    instruction: str,
    rows_of_tokens: MakeRows | None = None,
) -> Columns:
    """Returns the columns of a format.

    Args:
        kind: the format.
        grammar: how the run writes calls.
        tools: of the run, by name, where the format needs them.
        instruction: what a user says in front of a text, in conversations.
        rows_of_tokens: makes the rows of tokens.
    """
    nothing = frozenset[str]()
    if kind == "text":
        return Columns(("id", "text"), nothing, partial(_texts, grammar=grammar))
    if kind == "hermes":
        return Columns(("id", "text"), nothing, partial(_texts_in_hermes, tools=tools))
    if kind == "prompt-completion":
        return Columns(("id", "prompt", "completion"), nothing, partial(_pairs, grammar=grammar))
    if rows_of_tokens is not None:
        return Columns(("id", "input_ids", "labels"), nothing, rows_of_tokens)

    def conversations(annotated: AnnotatedDocument) -> Iterator[Row]:
        called = dict.fromkeys(each.call.tool for each in annotated.kept)
        yield {
            "id": annotated.document.id,
            "messages": messages_of(
                annotated, tools, instruction=instruction, as_text=kind == "openai"
            ),
            "tools": schemas_of([tools[name] for name in (called or tools)]),
        }

    return Columns(("id", "messages", "tools"), frozenset({"messages", "tools"}), conversations)


def _texts(annotated: AnnotatedDocument, *, grammar: CallGrammar) -> Iterator[Row]:
    text = grammar.render(annotated.document.text, annotated.kept)
    yield {"id": annotated.document.id, "text": text}


def _texts_in_hermes(annotated: AnnotatedDocument, *, tools: Mapping[str, Tool]) -> Iterator[Row]:
    calls = [_in_json(each, tools) for each in annotated.kept]
    text = HermesGrammar().render(annotated.document.text, calls)
    yield {"id": annotated.document.id, "text": text}


def _pairs(annotated: AnnotatedDocument, *, grammar: CallGrammar) -> Iterator[Row]:
    """Yields a text parted where its first call begins; one without calls is a completion."""
    whole = grammar.render(annotated.document.text, annotated.kept)
    first = annotated.kept[0].position if annotated.kept else 0
    yield {
        "id": annotated.document.id,
        "prompt": whole[:first],
        "completion": whole[first:],
    }


def _in_json(placed: PlacedCall, tools: Mapping[str, Tool]) -> PlacedCall:
    """Returns a call with its arguments as an object.

    Raises:
        ToolError: they do not fit the tool.
    """
    arguments = json.dumps(arguments_of(placed, tools), ensure_ascii=False)
    return replace(placed, call=ToolCall(placed.call.tool, arguments))
