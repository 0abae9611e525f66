"""How much of everything a reproduction with a real model annotates, learns and asks."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Size:
    """The amounts of one reproduction."""

    name: str
    solutions: int  # of GSM8K, to annotate with the calculator
    dated: int  # sentences to annotate with the calendar
    facts: int  # template sentences to annotate with the database
    rounds: int  # of calendar and database: the later ones show what the earlier ones kept
    mixed: int  # plain texts to train on as they are, so that the model stays quiet elsewhere
    asked: int  # inputs of a task at most
    predicted: int  # characters of each set of texts whose perplexity is taken
    compared: int  # texts annotated in bfloat16 too, to see whether that is as good; 0: float32
    has_adapter: bool  # whether an adapter is tuned too


FULL = Size(
    name="full",
    solutions=280,
    dated=200,
    facts=200,
    rounds=2,
    mixed=150,
    asked=140,
    predicted=60_000,
    compared=40,
    has_adapter=True,
)
MEDIUM = Size(
    name="medium",
    solutions=100,
    dated=100,
    facts=100,
    rounds=1,
    mixed=60,
    asked=60,
    predicted=20_000,
    compared=0,
    has_adapter=False,
)
SMALL = Size(
    name="small",
    solutions=40,
    dated=40,
    facts=50,
    rounds=1,
    mixed=20,
    asked=28,
    predicted=15_000,
    compared=0,
    has_adapter=False,
)
# For tests: a model that says anything, in seconds.
TINY = Size(
    name="tiny",
    solutions=3,
    dated=4,
    facts=3,
    rounds=1,
    mixed=3,
    asked=2,
    predicted=1_000,
    compared=0,
    has_adapter=True,
)
SIZES = {each.name: each for each in (FULL, MEDIUM, SMALL, TINY)}
