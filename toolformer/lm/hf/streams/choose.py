"""How the next tokens of several rows are chosen, and how likely a call is to start there.

The only numbers to come back from the device are the chosen ids, their log probabilities and ranks.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import torch

from toolformer.lm.hf.sampling import choose, confine


@dataclass(frozen=True, slots=True)
class TokenConstraint:
    """How a row's next token is to be chosen."""

    temperature: float = 0.0
    uniform: float = 0.0  # the number behind a draw
    only: Collection[int] = ()  # if there are any, one of these
    never: Collection[int] = ()  # none of these


@dataclass(frozen=True, slots=True)
class TokenChoice:
    """A chosen token."""

    token: int
    log_prob: float  # nats, masks applied, before the temperature
    marker_rank: int  # of all tokens that hold the marker, taken together; 1 is likeliest


@torch.inference_mode()
def choose_next(
    logits: torch.Tensor, wishes: Sequence[TokenConstraint], *, markers: torch.Tensor | None
) -> list[TokenChoice]:
    """Chooses a token for each row.

    Args:
        logits: (rows, vocabulary) float32; not changed.
        wishes: one per row.
        markers: (tokens,) int64, those that hold the open marker; None where ranks are not wanted.
    """
    logits = masked(logits, wishes)
    best_logits, best = logits.max(dim=-1)  # a third of argmax's time on a processor
    drawn = [row for row, wish in enumerate(wishes) if wish.temperature > 0]
    if drawn:
        rows = logits if len(drawn) == len(wishes) else logits[drawn]
        temperatures = [wishes[row].temperature for row in drawn]
        ids = choose(rows, temperatures, [[wishes[row].uniform] for row in drawn])
        best[drawn] = torch.tensor(ids, device=best.device)[:, 0]
        best_logits = logits.gather(1, best[:, None])[:, 0]
    log_probs = best_logits - logits.logsumexp(dim=-1)
    columns = [best.double(), log_probs.double()]
    if markers is not None:
        columns.append(ranks(logits, markers).double())
    else:
        columns.append(torch.zeros_like(columns[0]))
    numbers = torch.stack(columns, dim=1).tolist()
    return [TokenChoice(int(token), log_prob, int(rank)) for token, log_prob, rank in numbers]


def masked(logits: torch.Tensor, wishes: Sequence[TokenConstraint]) -> torch.Tensor:
    """Returns logits in which what may not be chosen is impossible."""
    never = [(row, token) for row, wish in enumerate(wishes) for token in wish.never]
    masked = confine(logits, {row: wish.only for row, wish in enumerate(wishes) if wish.only})
    if never:
        masked = logits.clone() if masked is logits else masked
        rows, tokens = torch.tensor(never, device=logits.device).unbind(1)
        masked[rows, tokens] = -torch.inf
    return masked


def ranks(logits: torch.Tensor, markers: torch.Tensor) -> torch.Tensor:
    """Returns (rows,) int64: the ranks of the markers, their probabilities added, among the others.

    One of them is never likelier than all of them, so it need not be distinguished from the others.

    >>> logits = torch.tensor([[0.5, 0.2, 0.2, 0.1], [0.3, 0.2, 0.2, 0.3]]).log()
    >>> ranks(logits, torch.tensor([1, 2])).tolist()
    [2, 1]
    """
    marker = logits.index_select(1, markers)
    if len(markers) > 1:
        marker = marker.logsumexp(dim=-1, keepdim=True)
    return 1 + (logits > marker).sum(dim=-1)
