"""The settings of a teaching, and what is measured before and after it."""

from typing import Annotated

from pydantic import Field

from toolformer.config import Config
from toolformer.studies.in_tool.data.questions import Mode
from toolformer.studies.in_tool.training.config import Positive


class ForgetConfig(Config):
    """A pretrained model taught facts, and asked what is left of what it knew."""

    model: str = "HuggingFaceTB/SmolLM2-135M"
    """The pretrained model: a directory or a Hub id."""
    mode: Mode
    """Facts in the weights, or by a request to the tool."""
    facts: Positive = 500
    """Facts to teach; four a person, the last person's may be fewer."""
    seed: int = 0
    """Random seed of people and batches."""
    epochs: Annotated[float, Field(gt=0)] = 20.0
    """Times each fact is seen."""
    batch_size: Positive = 16
    """Facts a step."""
    learning_rate: Annotated[float, Field(gt=0)] = 1e-4
    """Highest learning rate."""
    questions: Positive = 256
    """Questions about the facts, at most."""
    texts: Positive = 64
    """Held-out texts on which the two models are compared."""
    text_tokens: Positive = 128
    """Tokens of a held-out text that are read."""
