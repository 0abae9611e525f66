"""Language models: what is asked of one, one from a script, and any of transformers."""

from toolformer.lm.base import LanguageModel
from toolformer.lm.registry import load_model
from toolformer.lm.scripted import ScriptedLanguageModel

__all__ = ["LanguageModel", "ScriptedLanguageModel", "load_model"]
