"""ROUGE-1 of the part of an answer that stands in brackets, as the published figures have it."""

import re
from collections.abc import Callable

from toolformer.errors import check_installed

_BRACKETED = re.compile(r"\[.*\]")  # on one line, the longest


def bracketed(answer: str) -> str:
    """Returns the first line's longest stretch in brackets; "" where no line has one.

    >>> bracketed("API-Request: [Now()] or [Add(a=[1])] then")
    '[Now()] or [Add(a=[1])]'
    """
    found = _BRACKETED.search(answer)
    return "" if found is None else found[0]


def rouge_1() -> Callable[[str, str], float]:
    """Returns what gives the ROUGE-1 F1 of an answer: with stems, of its part in brackets.

    It takes the completion and the answer.

    Raises:
        ConfigError: rouge-score is not installed.
    """
    check_installed("rouge_score", extra="rouge", what="ROUGE")
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer(["rouge1"], use_stemmer=True)

    def f1(completion: str, answer: str) -> float:
        score = scorer.score(target=completion, prediction=bracketed(answer))["rouge1"]
        return float(score.fmeasure)

    return f1
