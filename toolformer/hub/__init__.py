"""Runs, exports and checkpoints on the Hugging Face Hub, each with a card that says what it is."""

from toolformer.hub.cards.card import CardSettings
from toolformer.hub.push import Pushed, card_of, push_to_hub
from toolformer.hub.repository import Repository, open_repository

__all__ = [
    "CardSettings",
    "Pushed",
    "Repository",
    "card_of",
    "open_repository",
    "push_to_hub",
]
