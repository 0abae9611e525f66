"""Annotating with `transformers` alone, plainly: what the engine is measured against.

For every text the prompt and the text are forwarded, then `generate` is called at each place with m
return sequences and a key-value cache, and the losses come from whole rows, batched per text.
Nothing is kept from one call to the next. Prompts, places, draws, filter and decision are the
engine's, so that both keep the same calls; text, prompt and calls are joined by the same encoding.
"""

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from transformers import GenerationConfig, LogitsProcessor, StoppingCriteria

from benchmarks.engine_work import Measured
from toolformer.annotate.methods.losses import weighted_losses
from toolformer.annotate.plan import Plan
from toolformer.annotate.texts.places import Place, likeliest_places
from toolformer.calls import ToolCall
from toolformer.lm.base import SCORED_TOKENS
from toolformer.lm.drawing import uniform
from toolformer.lm.encoded import EncodedText
from toolformer.lm.encoding import Encoding
from toolformer.lm.hf.load import Loaded
from toolformer.records import AnnotatedDocument, Candidate, Document, Losses, Verdict
from toolformer.runs.directory import Run
from toolformer.runs.select import select
from toolformer.tools.base import Tool

ROWS_AT_ONCE = 16  # of one text: more would take memory for logits, and no less time


@dataclass(slots=True)
class Naive:
    """A model of `transformers`, and how many tokens it was given to forward."""

    loaded: Loaded
    plan: Plan
    tokens: int = 0
    encoding: Encoding = field(init=False)

    def __post_init__(self) -> None:
        loaded = self.loaded
        self.encoding = Encoding(
            loaded.tokenizer, self.plan.model.grammar, start=loaded.start, name=loaded.name
        )
        loaded.model.register_forward_pre_hook(self._count, with_kwargs=True)

    @torch.inference_mode()
    def annotate(self, documents: Iterable[Document]) -> list[AnnotatedDocument]:
        """Returns the documents with every candidate; a text must fit the model in one window."""
        return [self._annotate(document) for document in documents]

    def _annotate(self, document: Document) -> AnnotatedDocument:
        text = self.encoding.text(document.text)
        found: list[Candidate] = []
        for tool in self.plan.tools:
            places = self._places(document.text, text, tool)
            for place in places:
                found += self._candidates(document, text, tool, place)
        scored = self._score(text, found)
        chosen = select(
            sorted(scored, key=lambda each: each.position),
            thresholds=self.plan.selecting,
            allow_peeking=True,
        )
        return AnnotatedDocument(document, tuple(self.plan.thresholds), None, chosen)

    def _places(self, written: str, text: EncodedText, tool: Tool) -> list[Place]:
        before = self._prompt(tool, written)
        ids = self._tensor([before + text.ids])
        logits = self.loaded.model(input_ids=ids, use_cache=False).logits[0]
        log_probs = logits.float().log_softmax(dim=-1)[len(before) + torch.as_tensor(text.inner)]
        numbers = self.plan.thresholds[tool.name]
        tried, _ = likeliest_places(
            written,
            text.ends[text.inner],
            scores=log_probs[:, list(self.encoding.marker_ids)]
            .logsumexp(dim=-1)
            .exp()
            .cpu()
            .numpy(),
            above=numbers.min_prob,
            max_positions=numbers.max_positions,
        )
        return tried

    def _candidates(
        self, document: Document, text: EncodedText, tool: Tool, place: Place
    ) -> list[Candidate]:
        """Writes calls at a place and runs them."""
        config, numbers = self.plan.config, self.plan.thresholds[tool.name]
        before = text.tokens_before(place.position) or 0
        lead = self.encoding.piece(self.plan.model.grammar.lead(tool.name))
        root = self._prompt(tool, document.text) + text.ids[:before] + lead
        key = f"{config.seed}|{document.id}|{tool.name}|{place.position}"
        samples = numbers.samples if self.plan.temperature > 0 else 1
        limit = min(config.max_tokens, self.plan.model.max_length - len(root))
        rows = self.loaded.model.generate(
            input_ids=self._tensor([root]),
            attention_mask=torch.ones(1, len(root), dtype=torch.int64, device=self._device),
            generation_config=GenerationConfig(
                do_sample=True,
                top_k=0,
                num_return_sequences=samples,
                max_new_tokens=limit,
                eos_token_id=sorted(self.loaded.specials),
                pad_token_id=min(self.loaded.specials),
            ),
            logits_processor=[_Draws(key, len(root), self.plan.temperature)],
            stopping_criteria=[_Closes(self.encoding, len(root))],
        )
        written = Counter(self._read(row[len(root) :]) for row in rows.tolist())
        calls = [ToolCall(tool.name, arguments) for arguments, closed in written]
        results = self.plan.toolbox.execute(calls)
        made = []
        for ((arguments, closed), count), result in zip(written.items(), results, strict=True):
            grammar = self.plan.model.grammar
            verdict = None
            if not closed or not grammar.is_readable(result.call):
                verdict = Verdict.UNREADABLE
            elif result.output is None:
                verdict = Verdict.TOOL_ERROR
            elif not grammar.is_renderable_output(result.output):
                verdict = Verdict.NOT_RENDERABLE
            made.append(
                Candidate(
                    place.position,
                    tool.name,
                    arguments,
                    place.score,
                    count,
                    output=result.output,
                    verdict=verdict,
                    token=before,
                )
            )
        return made

    def _read(self, ids: list[int]) -> tuple[str, bool]:
        """Returns the arguments that some tokens say, and whether they are closed."""
        end = next((n for n, token in enumerate(ids) if token in self.loaded.specials), len(ids))
        text = self.encoding.decode(ids[:end])
        found = self.encoding.grammar.end_of_arguments(text)
        return (text, False) if found is None else (found.arguments, found.is_closed)

    def _score(self, text: EncodedText, candidates: Sequence[Candidate]) -> list[Candidate]:
        """Takes L(ε), L(e(c, r)) and L(e(c, ε)) of every call that can be scored."""
        rows = [self.encoding.start]
        for each in candidates:
            if each.verdict is None and each.call is not None:
                rows.append(self._before(each.call, each.output))
                rows.append(self._before(each.call, None))
        log_probs = self._log_probs([(row, text) for row in rows]) if candidates else []
        following = iter(log_probs[1:])
        scored = []
        for each in candidates:

            def loss(of: np.ndarray, each: Candidate = each) -> float:
                first = text.tokens_before(each.position) or 0
                return weighted_losses([of[first : first + SCORED_TOKENS]])[0]

            losses = Losses(loss(log_probs[0]))
            if each.verdict is None:
                losses = Losses(losses.no_call, loss(next(following)), loss(next(following)))
            scored.append(
                Candidate(
                    each.position,
                    each.tool,
                    each.arguments,
                    each.start_prob,
                    each.count,
                    output=each.output,
                    losses=losses,
                    verdict=each.verdict,
                    token=each.token,
                )
            )
        return scored

    def _before(self, call: ToolCall, output: str | None) -> tuple[int, ...]:
        return self.encoding.start + self.encoding.call(call, output, first=True).ids

    def _log_probs(self, rows: Sequence[tuple[tuple[int, ...], EncodedText]]) -> list[np.ndarray]:
        """Returns per row (text's tokens,) float32: log p of each, the whole row forwarded."""
        found = []
        for at in range(0, len(rows), ROWS_AT_ONCE):
            batch = rows[at : at + ROWS_AT_ONCE]
            width = max(len(before) + len(text.ids) for before, text in batch)
            ids = self._tensor(
                [
                    [*before, *text.ids] + [0] * (width - len(before) - len(text.ids))
                    for before, text in batch
                ]
            )
            logits = self.loaded.model(input_ids=ids, use_cache=False).logits
            for row, (before, text) in enumerate(batch):
                start, end = len(before), len(before) + len(text.ids)
                seen = logits[row, start - 1 : end - 1].float().log_softmax(dim=-1)
                found.append(seen.gather(1, ids[row, start:end, None])[:, 0].cpu().numpy())
        return found

    def _prompt(self, tool: Tool, text: str) -> tuple[int, ...]:
        prompt = self.encoding.prompt(self.plan.prompts.of(tool, text, document=text))
        return prompt.shared + prompt.own

    @property
    def _device(self) -> torch.device:
        return next(self.loaded.model.parameters()).device

    def _tensor(self, rows: Sequence[Sequence[int]]) -> torch.Tensor:
        return torch.tensor(rows, device=self._device)

    def _count(self, _: torch.nn.Module, __: Any, named: dict[str, Any]) -> None:
        self.tokens += named["input_ids"].numel()


class _Draws(LogitsProcessor):
    """Leaves each row the one token that its hash draws."""

    def __init__(self, key: str, first: int, temperature: float) -> None:
        self._key, self._first, self._temperature = key, first, temperature

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        step = input_ids.shape[1] - self._first
        if self._temperature == 0:
            chosen = scores.argmax(dim=-1)
        else:
            cumulated = (scores.double() / self._temperature).softmax(dim=-1).cumsum(dim=-1)
            numbers = [uniform(self._key, sample, step) for sample in range(len(scores))]
            drawn = torch.tensor(numbers, dtype=torch.float64, device=scores.device)[:, None]
            chosen = torch.searchsorted(cumulated, drawn * cumulated[:, -1:], right=True)[:, 0]
        only = torch.full_like(scores, -torch.inf)
        return only.scatter(1, chosen.clamp(max=scores.shape[-1] - 1)[:, None], 0.0)


class _Closes(StoppingCriteria):
    """Ends a row where its call's arguments close, or can close no more."""

    def __init__(self, encoding: Encoding, first: int) -> None:
        self._encoding, self._first = encoding, first

    def __call__(self, input_ids: torch.Tensor, _: Any, **__: Any) -> torch.Tensor:
        said = [self._encoding.decode(row[self._first :]) for row in input_ids.tolist()]
        ends = [self._encoding.grammar.end_of_arguments(text) for text in said]
        return torch.tensor([end is not None for end in ends], device=input_ids.device)


def annotate_plainly(
    naive: Naive, documents: Sequence[Document], *, run: Run
) -> tuple[Measured, list[AnnotatedDocument]]:
    """Annotates documents with a clock running; the run is the engine's, for its settings."""
    start = time.perf_counter()
    annotated = naive.annotate(documents)
    seconds = time.perf_counter() - start
    return Measured(run, len(documents), seconds, {"all": naive.tokens}), annotated
