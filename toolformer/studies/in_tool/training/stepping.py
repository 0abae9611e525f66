"""How far a stack of models is trained. Loads nothing heavy."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stacked:
    """How far a stack of models is trained."""

    done: int  # steps
    losses: tuple[float, ...]  # nats a learned token, of each model in the last step
    seconds: float  # since the training began or was continued
