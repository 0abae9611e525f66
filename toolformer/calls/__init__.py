"""The call language: how a tool call is written into a text, found in it, and taken out."""

from toolformer.calls.base import CallGrammar, PlacedCall, Segment, is_tool_name
from toolformer.calls.hermes import HermesGrammar
from toolformer.calls.inline import InlineGrammar
from toolformer.calls.keyword import (
    KeywordCall,
    read_keyword_calls,
    split_keyword_call,
    write_keyword_calls,
)
from toolformer.calls.kinds import grammar_from_dict
from toolformer.calls.pieces import ArgumentsEnd, CallPieces, Spell, ToolCall

__all__ = [
    "ArgumentsEnd",
    "CallGrammar",
    "CallPieces",
    "HermesGrammar",
    "InlineGrammar",
    "KeywordCall",
    "PlacedCall",
    "Segment",
    "Spell",
    "ToolCall",
    "grammar_from_dict",
    "is_tool_name",
    "read_keyword_calls",
    "split_keyword_call",
    "write_keyword_calls",
]
