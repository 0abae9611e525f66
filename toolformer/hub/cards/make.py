"""The card of whatever a directory holds."""

from toolformer.hub.artifacts import Artifact
from toolformer.hub.cards.card import CardSettings
from toolformer.hub.cards.dataset import export_card, run_card
from toolformer.hub.cards.model import checkpoint_card

_CARDS = {"run": run_card, "export": export_card, "checkpoint": checkpoint_card}


def make_card(artifact: Artifact, *, name: str, settings: CardSettings | None = None) -> str:
    """Returns the card of a run, an export or a checkpoint, from its files alone.

    Args:
        artifact: what the directory holds.
        name: of the repository, with its owner.
        settings: what the card says that the directory does not.

    Raises:
        RunError: a run or an export is damaged.
        ModelError: the sidecar of a checkpoint cannot be read.
    """
    return _CARDS[artifact.kind](artifact, name=name, settings=settings or CardSettings())
