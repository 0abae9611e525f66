"""Beam search for names: along a trie, so that only those there are can be written, or freely.

Along a trie a step computes the logits of the tokens that may follow and of no others, so nothing
in it grows with the catalogue but the rows of the head at a node where many names part. A beam's
score is the probability of its name among all the names: the tokens that may follow share out 1.
"""

import inspect
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import DynamicCache, PreTrainedModel

from toolformer.errors import ModelError
from toolformer.lm.trie import Trie, TrieNode

_CLOSE = 1e-2  # of logits that are computed in another order


@dataclass(frozen=True, slots=True)
class Beam:
    """A name that was written, or free text, and how likely it is."""

    ids: tuple[int, ...]
    log_prob: float  # nats
    name: int | None = None  # its number in the trie


@dataclass(frozen=True, slots=True)
class _Begun:
    """A beam that continues."""

    ids: tuple[int, ...]
    log_prob: float
    row: int  # of the batch
    node: TrieNode | None


class BeamSearch:
    """Searches with one model, of which the head is one linear layer."""

    def __init__(self, model: PreTrainedModel) -> None:
        """Wraps a model.

        Raises:
            ModelError: its head is something else.
        """
        of: Any = model
        self._trunk: Any = of.base_model
        self._head: Any = of.get_output_embeddings()
        self.device = model.device
        with torch.inference_mode():
            ids = torch.tensor([[0, 1]], device=self.device)
            whole = model(input_ids=ids).logits.float()
            rows = self._head.weight.shape[0] if self._head is not None else 0
            own = self._logits(self._trunk(input_ids=ids).last_hidden_state[0], range(rows))
        if own.shape != whole[0].shape or (own - whole[0]).abs().max() > _CLOSE:
            raise ModelError(
                f"The head of a {type(model).__name__} is not one linear layer, so the logits of "
                "a few tokens cannot be taken alone: use another model."
            )

    def along(
        self, prompts: Sequence[Sequence[int]], trie: Trie, *, beams: int
    ) -> list[list[Beam]]:
        """Returns for each prompt the likeliest names behind it, the best first.

        Args:
            prompts: the tokens of each, the start token included.
            trie: of the names.
            beams: how many are followed, and returned where there are so many.
        """
        return self._search(prompts, beams=beams, root=trie.root)

    def freely(
        self, prompts: Sequence[Sequence[int]], *, beams: int, ends: Collection[int], most: int
    ) -> list[list[Beam]]:
        """Returns for each prompt the likeliest texts behind it, the best first.

        Args:
            prompts: the tokens of each.
            beams: how many are followed and returned.
            ends: tokens that end a text; they are not part of it, but of its probability.
            most: tokens of a text, at which it ends in any case.
        """
        return self._search(prompts, beams=beams, ends=ends, most=most)

    @torch.inference_mode()
    def head_seconds(self, trie: Trie) -> float:
        """Returns how long one row's logits of the tokens that begin a name take."""
        hidden = self._head.weight.new_ones(1, self._head.weight.shape[1])
        began = time.perf_counter()
        self._logits(hidden, trie.root.tokens).sum().item()  # waits for a GPU
        return time.perf_counter() - began

    @torch.inference_mode()
    def _search(
        self,
        prompts: Sequence[Sequence[int]],
        *,
        beams: int,
        root: TrieNode | None = None,
        ends: Collection[int] = (),
        most: int = 0,
    ) -> list[list[Beam]]:
        if not prompts:
            return []
        batch = _Batch(self._trunk, prompts, device=self.device)
        begun = [[_Begun((), 0.0, number, root)] for number in range(len(prompts))]
        done: list[list[Beam]] = [[] for _ in prompts]
        while True:
            scored = self._extended(begun, batch.hidden, beams=beams)
            for number, found in enumerate(scored):
                begun[number] = _sort(
                    found, done[number], beams=beams, ends=ends, most=most, free=root is None
                )
            alive = [each for group in begun for each in group]
            if not alive:
                return done
            batch.step([each.row for each in alive], [each.ids[-1] for each in alive])
            rows = iter(range(len(alive)))
            begun = [
                [_Begun(each.ids, each.log_prob, next(rows), each.node) for each in group]
                for group in begun
            ]

    def _extended(
        self, begun: Sequence[Sequence[_Begun]], hidden: torch.Tensor, *, beams: int
    ) -> list[list[_Begun]]:
        """Returns the likeliest continuations of each prompt's beams."""
        at_node: dict[int, list[tuple[int, _Begun]]] = {}
        for number, group in enumerate(begun):
            for each in group:
                at_node.setdefault(id(each.node), []).append((number, each))
        found: list[list[_Begun]] = [[] for _ in begun]
        for members in at_node.values():
            node = members[0][1].node
            tokens = range(self._head.weight.shape[0]) if node is None else node.tokens
            rows = torch.tensor([each.row for _, each in members], device=self.device)
            log_probs = torch.log_softmax(self._logits(hidden[rows], tokens), dim=-1)
            # One more of each: a text that ends here leaves room for another.
            top = log_probs.topk(min(beams + 1, len(tokens)), dim=-1)
            for (number, each), values, places in zip(
                members, top.values.tolist(), top.indices.tolist(), strict=True
            ):
                found[number] += [
                    _Begun((*each.ids, tokens[place]), each.log_prob + value, each.row, node)
                    for value, place in zip(values, places, strict=True)
                ]
        return found

    def _logits(self, hidden: torch.Tensor, tokens: Sequence[int]) -> torch.Tensor:
        """Returns (rows, tokens) float32 of (rows, width)."""
        if self._head is None:
            return hidden.new_zeros(0)
        picked: Any = (
            slice(tokens.start, tokens.stop)  # a view: nothing is copied
            if isinstance(tokens, range)
            else torch.tensor(tokens, device=self.device)
        )
        logits = hidden @ self._head.weight[picked].T
        bias = getattr(self._head, "bias", None)
        found: torch.Tensor = (logits if bias is None else logits + bias[picked]).float()
        return found


class _Batch:
    """The rows of a search, and what the model keeps of each."""

    def __init__(
        self, trunk: Any, prompts: Sequence[Sequence[int]], *, device: torch.device
    ) -> None:
        width = max(map(len, prompts))
        ids = torch.zeros(len(prompts), width, dtype=torch.long)
        self._mask = torch.zeros(len(prompts), width, dtype=torch.long)
        for number, prompt in enumerate(prompts):  # on the right, so that the last places are one
            ids[number, width - len(prompt) :] = torch.tensor(prompt)
            self._mask[number, width - len(prompt) :] = 1
        self._mask = self._mask.to(device)
        self._trunk = trunk
        self._cache: Any = DynamicCache(config=trunk.config)
        # `past_key_values` until transformers 5.24.
        parameters = inspect.signature(trunk.forward).parameters
        self._cache_name = "cache" if "cache" in parameters else "past_key_values"
        self._forward(ids.to(device))

    def step(self, parents: Sequence[int], tokens: Sequence[int]) -> None:
        """Reads a token behind each of some rows, which become the rows."""
        chosen = torch.tensor(parents, device=self._mask.device)
        self._mask = torch.cat([self._mask[chosen], self._mask.new_ones(len(parents), 1)], dim=1)
        self._cache.reorder_cache(chosen)
        self._forward(torch.tensor(tokens, device=self._mask.device)[:, None])

    def _forward(self, ids: torch.Tensor) -> None:
        positions = (self._mask.cumsum(dim=1) - 1).clamp(min=0)[:, -ids.shape[1] :]
        output = self._trunk(
            input_ids=ids,
            attention_mask=self._mask,
            position_ids=positions,
            use_cache=True,
            **{self._cache_name: self._cache},
        )
        self.hidden: torch.Tensor = output.last_hidden_state[:, -1]  # (rows, width)


def _sort(
    found: Sequence[_Begun],
    done: list[Beam],
    *,
    beams: int,
    ends: Collection[int],
    most: int,
    free: bool,
) -> list[_Begun]:
    """Puts what is finished with `done`, the best first, and returns what may still get there.

    A beam can only become less likely, so one below enough finished ones is given up.
    """
    alive = []
    for each in sorted(found, key=lambda each: (-each.log_prob, each.ids)):
        last = each.ids[-1]
        if each.node is not None:
            name = each.node.names.get(last)
            if name is not None:
                done.append(Beam(each.ids, each.log_prob, name))
            else:
                below = each.node.children[last]
                alive.append(_Begun(each.ids, each.log_prob, each.row, below))
        elif last in ends:
            done.append(Beam(each.ids[:-1], each.log_prob))
        elif free and len(each.ids) >= most:
            done.append(Beam(each.ids, each.log_prob))
        else:
            alive.append(each)
    done.sort(key=lambda beam: (-beam.log_prob, beam.ids))
    del done[beams:]
    worst = done[-1].log_prob if len(done) == beams else -float("inf")
    return [each for each in alive if each.log_prob > worst][:beams]
