"""A language model from a script, without torch: for tests, docs and tool authors."""

from toolformer.lm.scripted.model import ScriptedCall, ScriptedLanguageModel
from toolformer.lm.scripted.streams import Continuation

__all__ = ["Continuation", "ScriptedCall", "ScriptedLanguageModel"]
