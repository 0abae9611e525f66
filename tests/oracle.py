"""What the losses, starts and calls should be: one plain forward per text, place and call.

No batches, no caches, nothing shared, every row whole. Only the encoding is the program's own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel

from toolformer.calls import InlineGrammar
from toolformer.lm.base import Branch, CallScoreRequest, LossRequest, Sampled, TextRequest
from toolformer.lm.drawing import uniform
from toolformer.lm.encoding import Encoding

GRAMMAR = InlineGrammar()


@dataclass(frozen=True)
class Oracle:
    """A model, forwarded plainly."""

    model: PreTrainedModel
    encoding: Encoding
    ends_text: frozenset[int]

    def log_probs(self, request: LossRequest) -> np.ndarray:
        """Returns (up to 5,) float64: log p of the tokens from the place on."""
        text = self.encoding.text(request.text)
        place = self._tokens_before(request.text, request.position)
        before, after = text.ids[:place], text.ids[place:]
        start = self.encoding.start
        if request.call is None:
            context = start + before
        elif request.inline:
            call = self.encoding.call(request.call, request.output, first=False)
            context = start + before + call.ids
        else:
            call = self.encoding.call(request.call, request.output, first=True)
            context = start + call.ids + before
        predicted = self._predicted(context + after, first=len(context) - 1)[:5]
        markers = list(self.encoding.marker_ids)
        found = []
        for index, token in enumerate(after[:5]):
            p = predicted[index].exp()
            disabled = request.without_marker and token not in markers
            found.append((p[token] / ((1 - p[markers].sum()) if disabled else 1)).log().item())
        return np.array(found)

    def start_probability(self, request: TextRequest, position: int) -> float:
        """Returns p(the open marker is next) at a place."""
        row = self._row(request, position)
        if self.encoding.marker_ids:
            return float(self._predicted(row)[0].exp()[list(self.encoding.marker_ids)].sum())
        p = 1.0
        for piece in self.encoding.marker_pieces:
            p *= float(self._predicted(row)[0, piece].exp())
            row = (*row, piece)
        return p

    def text_log_probs(self, request: TextRequest) -> np.ndarray:
        """Returns (tokens - 1,) float64: log p of the text's tokens but the first."""
        prompt = self.encoding.prompt(request.prompt)
        ids = self.encoding.text(request.text).ids
        return self._next_log_probs(prompt.shared + prompt.own + ids[:1], ids[1:])

    def call_log_probs(self, request: TextRequest, asked: CallScoreRequest) -> np.ndarray:
        """Returns (up to `tokens`,) float64: log p of what follows a call at its place."""
        call = self.encoding.call(asked.call, asked.output, first=False)
        after = self.encoding.text(request.text).ids[
            self._tokens_before(request.text, asked.position) :
        ]
        row = self._row(request, asked.position) + call.ids
        return self._next_log_probs(row, after[: asked.tokens])

    def _next_log_probs(self, row: Sequence[int], following: Sequence[int]) -> np.ndarray:
        """Returns (following,) float64: log p of each token after all that stands before it."""
        predicted = self._predicted((*row, *following), first=len(row) - 1)
        found = [predicted[index, token].item() for index, token in enumerate(following)]
        return np.array(found)

    def sample(self, request: TextRequest, branch: Branch) -> list[Sampled]:
        """Writes each sample of a branch on its own."""
        root = self._row(request, branch.position) + self.encoding.piece(branch.lead)
        return [self._write(root, branch, sample) for sample in range(branch.samples)]

    def _write(self, root: tuple[int, ...], branch: Branch, sample: int) -> Sampled:
        ids: tuple[int, ...] = ()
        text = ""
        while len(ids) < branch.max_tokens:
            log_probs = self._predicted(root + ids)[0]
            if branch.temperature == 0 or (branch.first_greedy and sample == 0):
                token = int(log_probs.argmax())
            else:
                p = (log_probs / branch.temperature).softmax(-1).numpy()
                number = uniform(branch.key, sample, len(ids))
                token = int(np.argmax(np.cumsum(p) > number))
            if token in self.ends_text:
                return Sampled(text, closed=False)
            ids = (*ids, token)
            text = self.encoding.decode(ids)
            depth = 1
            for index, sign in enumerate(text):
                if sign in "\n\r":
                    return Sampled(text[:index], closed=False)
                depth += {"(": 1, ")": -1}.get(sign, 0)
                if depth == 0:
                    return Sampled(text[:index], closed=True)
                if self.encoding.grammar.holds_lead(text[: index + 1]):
                    return Sampled(text[: index + 1], closed=False)
        return Sampled(text, closed=False)

    def _row(self, request: TextRequest, position: int) -> tuple[int, ...]:
        prompt = self.encoding.prompt(request.prompt)
        place = self._tokens_before(request.text, position)
        return prompt.shared + prompt.own + self.encoding.text(request.text).ids[:place]

    def _tokens_before(self, text: str, position: int) -> int:
        ends = self.encoding.text(text).ends.tolist()
        return 0 if position == 0 else ends.index(position) + 1

    @torch.inference_mode()
    def _predicted(self, row: Sequence[int], *, first: int = -1) -> torch.Tensor:
        """Returns (tokens, vocabulary) float64 log-probabilities after the tokens from `first`."""
        logits = self.model(input_ids=torch.tensor([row]), use_cache=False).logits[0]
        return logits[first:].double().log_softmax(-1)


def load_oracle(directory: Path) -> Oracle:
    """Loads a model to be forwarded plainly."""
    tokenizer = AutoTokenizer.from_pretrained(directory)
    start = next(iter(tokenizer("").input_ids), None)
    model = AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32).eval()
    end = model.generation_config.eos_token_id  # of these models one, if any
    return Oracle(
        model=model,
        encoding=Encoding(tokenizer.backend_tokenizer, GRAMMAR, start=start, name="oracle"),
        ends_text=frozenset(tokenizer.all_special_ids) | {end} - {None},
    )
