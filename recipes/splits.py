"""Which records each part of the project may see: nano, the annotated corpora, evaluation.

Everything that trains or measures asks here; `tests/recipes/test_splits.py` asserts it over the
recipe's inputs.
"""

import hashlib
from typing import Literal

Owner = Literal["nano", "annotate", "evaluate"]

# Relations of T-REx that no training text and no annotated text may state (Wikidata property ids).
EVALUATION_RELATIONS = frozenset({"P103", "P178", "P463", "P937"})

# The last records of GSM8K's training file: annotated and measured on, never trained on.
GSM8K_HELD_OUT = 473


def fold(subject: str, *, folds: int = 4) -> int:
    """Returns the fold of a T-REx subject, 0 ≤ fold < folds, from its SHA-256.

    >>> fold("Alan Turing")
    3
    """
    return int(hashlib.sha256(subject.encode()).hexdigest(), 16) % folds


def owner(subject: str) -> Owner:
    """Returns who may see the facts about a T-REx subject."""
    return {0: "evaluate", 1: "nano", 2: "annotate", 3: "nano"}[fold(subject)]  # type: ignore[return-value]


def is_evaluation_template(relation: str, pattern: str) -> bool:
    """Says whether a pattern is for evaluation: all of four relations, a third of the rest."""
    return relation in EVALUATION_RELATIONS or fold(f"{relation} {pattern}", folds=3) == 0


def is_held_out_gsm8k(index: int, *, total: int) -> bool:
    """Says whether record `index` (from 0) of GSM8K's `total` training records is held out."""
    return index >= total - GSM8K_HELD_OUT


def is_reserved_document(document_id: str) -> bool:
    """Says whether an article of Wikipedia or Wikinews is kept out of every training text.

    The sample corpus and the benchmarks take their sentences from these articles alone.
    """
    return fold(document_id) == 0
