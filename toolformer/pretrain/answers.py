"""How well a small model foretells given answers to given prompts; greedy recall follows.

Knows no facts and no tools.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from transformers import PreTrainedTokenizerFast

from toolformer.pretrain.model import SmallModel

_BATCH_TOKENS = 8192


@dataclass(frozen=True, slots=True)
class AnswerScore:
    """How well an answer is foretold."""

    nats: float  # -log p of the answer after its prompt
    ranks: tuple[int, ...]  # of each token in the vocabulary, the right ones before it given

    @property
    def is_recalled(self) -> bool:
        """Whether greedy decoding writes the answer: each of its tokens is the likeliest."""
        return max(self.ranks) == 1


def score_answers(
    model: SmallModel,
    tokenizer: PreTrainedTokenizerFast,
    prompts: Sequence[str],
    answers: Sequence[Sequence[str]],
) -> Iterator[list[AnswerScore]]:
    """Yields how well each prompt's answers are foretold.

    Args:
        model: on any device; it is left as it was.
        tokenizer: the model's; a row begins with its start token.
        prompts: without white space at their ends.
        answers: of each prompt, at least one; a space parts them from the prompt.
    """
    start = tokenizer.bos_token_id
    rows: list[_Row] = []
    for prompt, said in zip(prompts, answers, strict=True):
        before = [start, *tokenizer.encode(prompt, add_special_tokens=False)]
        for answer in said:
            after = tokenizer.encode(f" {answer}", add_special_tokens=False)
            rows.append(_Row([*before, *after], len(before)))
    was_training = model.training
    model.eval()  # type: ignore[no-untyped-call]
    scored: dict[int, AnswerScore] = {}
    with torch.inference_mode():
        for batch in _batches(rows):
            scored.update(zip(batch, _score([rows[index] for index in batch], model), strict=True))
    model.train(was_training)
    numbers = iter(range(len(rows)))
    for said in answers:
        yield [scored[next(numbers)] for _ in said]


@dataclass(frozen=True, slots=True)
class _Row:
    ids: list[int]
    first: int  # the answer's first token


def _batches(rows: Sequence[_Row]) -> Iterator[list[int]]:
    """Yields the numbers of rows to be read together, which are of similar lengths."""
    batch: list[int] = []
    for index in sorted(range(len(rows)), key=lambda index: len(rows[index].ids)):
        if batch and (len(batch) + 1) * len(rows[index].ids) > _BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def _score(rows: Sequence[_Row], model: SmallModel) -> list[AnswerScore]:
    device = next(model.parameters()).device
    width = max(len(row.ids) for row in rows) - 1
    # Attention is causal: what pads a row behind its end changes nothing before it.
    ids = [row.ids[:-1] + [0] * (width + 1 - len(row.ids)) for row in rows]
    places = [
        number * width + place
        for number, row in enumerate(rows)
        for place in range(row.first - 1, len(row.ids) - 1)
    ]
    hidden = model.base_model(input_ids=torch.tensor(ids, device=device)).last_hidden_state
    answered = hidden.flatten(0, 1)[torch.tensor(places, device=device)]  # (tokens, hidden)
    logits = model.lm_head(answered).float()  # (tokens, vocabulary)
    targets = torch.tensor([token for row in rows for token in row.ids[row.first :]], device=device)
    own = logits.gather(1, targets[:, None])  # (tokens, 1)
    ranks = (1 + (logits > own).sum(1)).tolist()
    nats = (logits.logsumexp(1) - own[:, 0]).tolist()
    scores: list[AnswerScore] = []
    at = 0
    for row in rows:
        end = at + len(row.ids) - row.first
        scores.append(AnswerScore(sum(nats[at:end]), tuple(ranks[at:end])))
        at = end
    return scores
