"""An Example: one prompt, and every answer that counts as right."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Example:
    """One input of a task.

    Args:
        id: names the example within its task.
        prompt: what the model continues.
        answers: all right answers.
        group: its relation or family; the prior is the group's majority answer in the training
            split.
        tags: the subsets it belongs to that are reported apart (`unseen relation`, `hard`).
        today: the date that the tools are told, where the example has one of its own.
    """

    id: str
    prompt: str
    answers: tuple[str, ...]
    group: str = ""
    tags: tuple[str, ...] = ()
    today: date | None = None
