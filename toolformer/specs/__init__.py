"""How a tool, a task or a model is named, and what is behind the name.

Knows no tool, no task and no model.
"""

from toolformer.specs.door import Door, Spec

__all__ = ["Door", "Spec"]
