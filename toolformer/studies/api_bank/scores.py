"""What an answer scores against the call that was wanted, and what that adds up to."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from toolformer.calls import KeywordCall, read_keyword_calls
from toolformer.evaluate.compare.differences import bootstrap
from toolformer.evaluate.metric import Interval
from toolformer.studies.api_bank.answers import ApiAnswer
from toolformer.studies.api_bank.rows import QUERY_TYPES, query_type_of

ALL = "all"


@dataclass(frozen=True, slots=True)
class ApiMetric:
    """One number of a table: a ratio of what each answer adds to two sums."""

    name: str
    title: str


METRICS = (
    ApiMetric("contained", "contained"),
    ApiMetric("exact", "exact"),
    ApiMetric("function", "name"),
    ApiMetric("parseable", "parsed"),
    ApiMetric("equal", "equal"),
    ApiMetric("arguments", "arg F1"),
    ApiMetric("rouge", "ROUGE-1"),
)


@dataclass(frozen=True, slots=True)
class ApiScores:
    """What one answer adds to the numerator and the denominator of each metric."""

    sums: Mapping[str, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class ApiNumber:
    """A number of a group of answers, with its 95 % interval."""

    value: float
    interval: Interval


@dataclass(frozen=True, slots=True)
class ApiGroup:
    """The numbers of some answers: all, those of a query type, those of functions seen or not."""

    name: str
    answers: int
    numbers: Mapping[str, ApiNumber]

    def to_dict(self) -> dict[str, Any]:
        """Returns the numbers as JSON values."""
        numbers = {
            name: {"value": number.value, "interval": list(number.interval)}
            for name, number in self.numbers.items()
        }
        return {"answers": self.answers} | numbers


def score_answer(
    completion: str, answer: str, *, rouge: Callable[[str, str], float] | None = None
) -> ApiScores:
    """Returns what an answer scores.

    contained: the wanted list stands in it, letter for letter (as published). exact: it is all of
    it, what a chat model puts around it (`API-Request:`, an end token) left off. function: it holds
    the wanted names. parseable: calls can be read from it. equal: they are the wanted ones, by
    names, keywords and values. arguments: pairs of keyword and value, of calls of one name. rouge:
    see `rouge_1`.

    >>> scores = score_answer("[Add(a='1', b='2')]", 'API-Request: [Add(b="2", a="1")]').sums
    >>> scores["contained"], scores["equal"], scores["arguments"]
    ((0.0, 1.0), (1.0, 1.0), (4.0, 4.0))
    """
    wanted = read_keyword_calls(completion) or []
    found = read_keyword_calls(answer)
    sums = {
        "contained": completion in answer,
        "exact": completion == _bare(answer),
        "function": bool(wanted) and all(call.name in answer for call in wanted),
        "parseable": found is not None,
        "equal": found is not None and found == wanted,
    }
    ratios = {name: (float(is_so), 1.0) for name, is_so in sums.items()}
    ratios["arguments"] = _argument_sums(wanted, found or [])
    if rouge is not None:
        ratios["rouge"] = (rouge(completion, answer), 1.0)
    return ApiScores(ratios)


def score_groups(
    answers: Sequence[ApiAnswer],
    *,
    seen: frozenset[str] | None = None,
    rouge: Callable[[str, str], float] | None = None,
) -> list[ApiGroup]:
    """Returns the numbers of all answers and of each group of them.

    Args:
        answers: of one system.
        seen: names of the functions that were trained on; None where that is not known.
        rouge: as `score_answer` takes it.
    """
    scores = [score_answer(each.completion, each.answer, rouge=rouge) for each in answers]
    members: dict[str, list[ApiScores]] = {ALL: scores}
    for name in (*QUERY_TYPES, "seen function", "unseen function"):
        chosen = [
            score
            for each, score in zip(answers, scores, strict=True)
            if name in _groups_of(each, seen)
        ]
        if chosen:
            members[name] = chosen
    return [_group(name, chosen) for name, chosen in members.items()]


def _bare(answer: str) -> str:
    """Returns an answer without the words and tokens that are its frame.

    >>> _bare(" API-Request: [Now()] <|end|>")
    '[Now()]'
    """
    answer = answer.strip()
    for token in ("<|end|>", "<|im_end|>", "<|endoftext|>", "</s>"):
        answer = answer.removesuffix(token).strip()
    return answer.removeprefix("API-Request:").strip()


def _argument_sums(
    wanted: Sequence[KeywordCall], found: Sequence[KeywordCall]
) -> tuple[float, float]:
    """Returns twice the pairs that are in both, and all pairs of both: their ratio is F1.

    Over several answers these are added up, so that a call without arguments changes nothing.
    """
    sides = [Counter(_pairs(calls)) for calls in (wanted, found)]
    both = sum((sides[0] & sides[1]).values())
    return 2.0 * both, float(sum(sum(side.values()) for side in sides))


def _pairs(calls: Iterable[KeywordCall]) -> Iterator[tuple[str, ...]]:
    for call in calls:
        for pair in call.pairs:
            yield (call.name, *pair)


def _groups_of(answer: ApiAnswer, seen: frozenset[str] | None) -> set[str]:
    groups: set[str] = {query_type_of(answer.prompt)} if answer.prompt else set()
    if seen is not None:
        wanted = read_keyword_calls(answer.completion) or []
        is_seen = all(call.name in seen for call in wanted)
        groups.add("seen function" if is_seen else "unseen function")
    return groups


def _group(name: str, scores: Sequence[ApiScores]) -> ApiGroup:
    numbers = {}
    for metric in METRICS:
        if metric.name not in scores[0].sums:
            continue
        sums = np.array([each.sums[metric.name] for each in scores])  # (answers, 2) float64
        if sums[:, 1].sum():
            interval = bootstrap(sums, _ratio)
            numbers[metric.name] = ApiNumber(float(_ratio(sums.sum(axis=0)[None])[0]), interval)
    return ApiGroup(name, len(scores), numbers)


def _ratio(sums: np.ndarray) -> np.ndarray:
    """Returns (draws,) of (draws, 2): 0 where nothing was drawn that counts."""
    below = np.where(sums[:, 1] == 0, 1.0, sums[:, 1])
    ratio: np.ndarray = sums[:, 0] / below
    return ratio
