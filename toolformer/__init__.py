"""A data engine that lets a causal language model teach itself to use tools.

The public names. Each is loaded when it is first asked for: importing this package imports neither
torch nor anything else. A verb has the name of its part and is imported from there:
`toolformer.annotate.annotate`, `toolformer.finetune.finetune`, `toolformer.evaluate.evaluate`,
`toolformer.pretrain.pretrain`; `toolformer.infer` has `decode` and `stream`.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from toolformer._version import __version__

if TYPE_CHECKING:
    from toolformer.annotate.config import AnnotateConfig
    from toolformer.annotate.demonstrations.demonstration import Demonstration
    from toolformer.annotate.demonstrations.exemplars_file import (
        read_exemplars_file,
        write_exemplars,
    )
    from toolformer.annotate.demonstrations.proposing import propose_exemplars
    from toolformer.calls import (
        CallGrammar,
        HermesGrammar,
        InlineGrammar,
        PlacedCall,
        Segment,
        ToolCall,
    )
    from toolformer.corpus.read import read_corpus
    from toolformer.errors import ToolError, ToolformerError, ToolUnavailableError
    from toolformer.finetune.config import FinetuneConfig
    from toolformer.infer.answers import Answer, CallEvent
    from toolformer.infer.config import InferConfig
    from toolformer.infer.decode import decode, stream
    from toolformer.infer.decoder import Decoder
    from toolformer.infer.request import Request
    from toolformer.lm.base import LanguageModel
    from toolformer.lm.registry import load_model
    from toolformer.lm.scripted import ScriptedLanguageModel
    from toolformer.records import AnnotatedDocument, Candidate, Document, Losses, Verdict
    from toolformer.runs.directory import Run
    from toolformer.runs.reading import read_selected
    from toolformer.runs.select import select
    from toolformer.runs.stats import RunStats
    from toolformer.runs.thresholds import Thresholds
    from toolformer.tools.base import Tool
    from toolformer.tools.context import ToolContext
    from toolformer.tools.decorator import tool
    from toolformer.tools.exemplar import Exemplar
    from toolformer.tools.registry import default_tools, load_tool, load_tools
    from toolformer.tools.result import ToolResult
    from toolformer.tools.toolbox import Toolbox

_HOMES = {
    "AnnotateConfig": "toolformer.annotate.config",
    "AnnotatedDocument": "toolformer.records",
    "Answer": "toolformer.infer.answers",
    "CallEvent": "toolformer.infer.answers",
    "CallGrammar": "toolformer.calls",
    "Candidate": "toolformer.records",
    "Decoder": "toolformer.infer.decoder",
    "Demonstration": "toolformer.annotate.demonstrations.demonstration",
    "Document": "toolformer.records",
    "Exemplar": "toolformer.tools.exemplar",
    "FinetuneConfig": "toolformer.finetune.config",
    "HermesGrammar": "toolformer.calls",
    "InferConfig": "toolformer.infer.config",
    "InlineGrammar": "toolformer.calls",
    "LanguageModel": "toolformer.lm.base",
    "Losses": "toolformer.records",
    "PlacedCall": "toolformer.calls",
    "Request": "toolformer.infer.request",
    "Run": "toolformer.runs.directory",
    "RunStats": "toolformer.runs.stats",
    "ScriptedLanguageModel": "toolformer.lm.scripted",
    "Segment": "toolformer.calls",
    "Thresholds": "toolformer.runs.thresholds",
    "Tool": "toolformer.tools.base",
    "ToolCall": "toolformer.calls",
    "ToolContext": "toolformer.tools.context",
    "ToolError": "toolformer.errors",
    "ToolUnavailableError": "toolformer.errors",
    "ToolResult": "toolformer.tools.result",
    "Toolbox": "toolformer.tools.toolbox",
    "ToolformerError": "toolformer.errors",
    "Verdict": "toolformer.records",
    "decode": "toolformer.infer.decode",
    "default_tools": "toolformer.tools.registry",
    "load_model": "toolformer.lm.registry",
    "load_tool": "toolformer.tools.registry",
    "load_tools": "toolformer.tools.registry",
    "propose_exemplars": "toolformer.annotate.demonstrations.proposing",
    "read_corpus": "toolformer.corpus.read",
    "read_exemplars_file": "toolformer.annotate.demonstrations.exemplars_file",
    "read_selected": "toolformer.runs.reading",
    "select": "toolformer.runs.select",
    "stream": "toolformer.infer.decode",
    "tool": "toolformer.tools.decorator",
    "write_exemplars": "toolformer.annotate.demonstrations.exemplars_file",
}

__all__ = [
    "AnnotateConfig",
    "AnnotatedDocument",
    "Answer",
    "CallEvent",
    "CallGrammar",
    "Candidate",
    "Decoder",
    "Demonstration",
    "Document",
    "Exemplar",
    "FinetuneConfig",
    "HermesGrammar",
    "InferConfig",
    "InlineGrammar",
    "LanguageModel",
    "Losses",
    "PlacedCall",
    "Request",
    "Run",
    "RunStats",
    "ScriptedLanguageModel",
    "Segment",
    "Thresholds",
    "Tool",
    "ToolCall",
    "ToolContext",
    "ToolError",
    "ToolResult",
    "ToolUnavailableError",
    "Toolbox",
    "ToolformerError",
    "Verdict",
    "__version__",
    "decode",
    "default_tools",
    "load_model",
    "load_tool",
    "load_tools",
    "propose_exemplars",
    "read_corpus",
    "read_exemplars_file",
    "read_selected",
    "select",
    "stream",
    "tool",
    "write_exemplars",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'toolformer' has no attribute {name!r}")
    module, _, original = _HOMES[name].partition(":")
    return getattr(import_module(module), original or name)


def __dir__() -> list[str]:
    return __all__
