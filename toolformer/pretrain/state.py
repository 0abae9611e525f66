"""An unfinished run on disk: its settings, weights, optimizers, and the next step's number."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from toolformer.errors import RunError
from toolformer.files import write_whole

_STATE = "state.pt"


def save(
    folder: Path,
    model: torch.nn.Module,
    optimizers: Sequence[torch.optim.Optimizer],
    *,
    next_step: int,
) -> None:
    """Replaces the saved state as one, so that a kill leaves the old one or the new one."""
    state = {
        "model": model.state_dict(),
        "optimizers": [optimizer.state_dict() for optimizer in optimizers],
        "next_step": next_step,
    }
    content = io.BytesIO()
    torch.save(state, content)
    write_whole(folder / _STATE, content.getvalue(), advice=" The run resumes at the state before.")


def restore(
    folder: Path, model: torch.nn.Module, optimizers: Sequence[torch.optim.Optimizer]
) -> int:
    """Loads the saved state, where there is one, and returns the number of the next step.

    Raises:
        RunError: it is damaged.
    """
    path = folder / _STATE
    if not path.exists():
        return 0
    device = next(model.parameters()).device
    try:
        state: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
        model.load_state_dict(state["model"])
        for optimizer, saved in zip(optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        return int(state["next_step"])
    except Exception as error:  # whatever torch makes of damaged bytes
        raise RunError(f"'{path}' cannot be read: delete '{folder}' to start anew.") from error
