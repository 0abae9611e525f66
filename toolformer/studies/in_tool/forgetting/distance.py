"""How far a model is from another on the same texts: total variation, perplexity, choices."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any

from toolformer.lm.base import LanguageModel
from toolformer.lm.fitting import beginning

if TYPE_CHECKING:
    from toolformer.lm.hf.load import Loaded

_CHOICES = 4


@dataclass(frozen=True, slots=True)
class Choice:
    """The beginning of a text and several endings, the first of which is its own."""

    beginning: str
    endings: tuple[str, ...]


def total_variation(base: "Loaded", tuned: "Loaded", texts: Sequence[str], *, tokens: int) -> float:
    """Returns ½ Σ |p − q| over the next token, averaged over the places of the texts.

    Args:
        base: predicts with p.
        tuned: predicts with q; of the same tokens.
        texts: read by both.
        tokens: of each text that are read, at most.
    """
    import torch

    distances: list[float] = []
    with torch.inference_mode():
        for text in texts:
            ids = base.tokenizer.encode(text, add_special_tokens=False).ids[:tokens]
            row = torch.tensor([ids if base.start is None else [base.start, *ids]])
            first, second = (
                torch.softmax(_logits(each.model, row), dim=-1) for each in (base, tuned)
            )
            distances += (0.5 * (first - second).abs().sum(-1)).tolist()
    return math.fsum(distances) / len(distances)


def _logits(model: Any, row: Any) -> Any:
    """Returns (tokens, vocabulary) float32 on the processor."""
    return model(row.to(model.device)).logits[0].float().cpu()


def perplexity(model: LanguageModel, texts: Sequence[str], *, tokens: int) -> float:
    """Returns exp of the mean loss a token of the texts' beginnings, calls disabled."""
    begun = [beginning(text, model.token_ends, tokens=tokens) for text in texts]
    log_probs = model.text_log_probs(begun, without_marker=True)
    nats = -math.fsum(float(each.sum(dtype="float64")) for each in log_probs)
    return math.exp(nats / sum(map(len, log_probs)))


def make_choices(texts: Sequence[str], *, seed: int = 0) -> list[Choice]:
    """Returns a choice for each text of two halves: its own second half, or that of three others.

    Endings are as many words as the shortest of the four, so that length tells nothing.

    >>> [choice, *_] = make_choices(["a b c d", "e f g h", "i j k l", "m n o p q r"])
    >>> choice.beginning, choice.endings[0], len(choice.endings)
    ('a b', ' c d', 4)
    """
    halves = []
    for text in texts:
        words = text.split()
        if len(words) >= _CHOICES:
            halves.append((words[: len(words) // 2], words[len(words) // 2 :]))
    choices = []
    for number, (first, own) in enumerate(halves):
        others = [each for place, (_, each) in enumerate(halves) if place != number]
        if len(others) < _CHOICES - 1:
            continue
        drawn = [own, *Random(f"{seed}/{number}").sample(others, _CHOICES - 1)]  # noqa: S311
        length = min(map(len, drawn))
        endings = tuple(" " + " ".join(each[:length]) for each in drawn)
        choices.append(Choice(" ".join(first), endings))
    return choices


def chosen_rightly(model: LanguageModel, choices: Sequence[Choice]) -> int:
    """Returns for how many choices a model finds the own ending likeliest, by nats a token.

    >>> from toolformer.lm.scripted import ScriptedLanguageModel
    >>> chosen_rightly(ScriptedLanguageModel(), [])
    0
    """
    right = 0
    for choice in choices:
        texts = [choice.beginning + each for each in choice.endings]
        before = model.count_tokens([choice.beginning])[0]
        counts = model.count_tokens(texts)
        scores = [
            float(log_probs[-max(1, count - before) :].mean(dtype="float64"))
            for log_probs, count in zip(
                model.text_log_probs(texts, without_marker=True), counts, strict=True
            )
        ]
        right += scores[0] == max(scores)
    return right
