"""A language model from a script, without torch: for tests, docs and tool authors."""

from toolformer.lm.scripted.model import ScriptedLanguageModel

__all__ = ["ScriptedLanguageModel"]
