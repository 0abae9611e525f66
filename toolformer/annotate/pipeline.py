"""Shards of documents through the stages: cut, propose, execute, score, select.

The batches of all shards are one stream, and each stage passes it on; a batch holds excerpts of one
shard only. While the tools run the calls of a batch, the model reads the next one, or the next
shard's first. What is done in which order follows from the shards and the plan, never from how long
anything takes.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from toolformer.annotate.ahead import ahead
from toolformer.annotate.execute import execute
from toolformer.annotate.methods import (
    in_context_propose,
    in_context_score,
    paper_propose,
    paper_score,
)
from toolformer.annotate.methods.in_context_propose import ReadBatch
from toolformer.annotate.methods.proposal import Proposal
from toolformer.annotate.plan import Plan
from toolformer.annotate.shards import Shard
from toolformer.annotate.texts.excerpts import Excerpt, batches, cut_excerpts
from toolformer.annotate.texts.peeking import argument_terms, first_mentions, peeks
from toolformer.calls import CallGrammar
from toolformer.garbage import gc_paused
from toolformer.records import AnnotatedDocument, Candidate, Document, UntriedPlace, Verdict
from toolformer.runs.select import select
from toolformer.threads import Threads

_Placed = TypeVar("_Placed", Candidate, UntriedPlace)


@dataclass(frozen=True, slots=True)
class ShardBatch:
    """Excerpts of one shard that are read together, and what comes of them stage by stage."""

    shard: Shard
    excerpts: Sequence[Excerpt] = ()
    share: float = 1.0  # of its shard's work
    is_last: bool = True  # of its shard
    proposals: Sequence[Proposal] = ()
    untried: Sequence[tuple[Excerpt, UntriedPlace]] = ()
    read: ReadBatch | None = None  # its texts as they were read, while calls are scored from them
    annotated: Sequence[AnnotatedDocument] = ()  # the shard's documents, in its last batch


def annotate_shard(
    plan: Plan, number: int, documents: Sequence[Document]
) -> list[AnnotatedDocument]:
    """Returns the documents of one shard with every candidate, in their order.

    Touches nothing but the plan's model and tools: what a worker does, wherever it runs. The
    result is what `RunWriter.write` takes under the same number.

    Args:
        plan: of the run.
        number: of the shard, counted from 0.
        documents: of the shard.
    """
    shard = Shard(number, documents)
    with gc_paused(), Threads(1, name="tools") as thread:
        *_, last = annotate_batches([shard], plan, tool_thread=thread)
    return list(last.annotated)


def annotate_batches(
    shards: Iterable[Shard],
    plan: Plan,
    *,
    tool_thread: Executor,
    on_proposed: Callable[[ShardBatch], None] | None = None,
) -> Iterator[ShardBatch]:
    """Yields the batches of shards in order; the last one of a shard has its annotated documents.

    Args:
        shards: a shard that is not due passes as one empty batch.
        plan: of the run.
        tool_thread: runs one thing at a time, in order; the tools run in it.
        on_proposed: called with each batch that was read, before its tools run.
    """

    def propose_batch(batch: ShardBatch) -> ShardBatch:
        batch = _propose(batch, plan)
        if on_proposed is not None:
            on_proposed(batch)
        return batch

    proposed = (propose_batch(batch) for batch in _cut(shards, plan))
    executed = ahead((partial(_execute, batch, plan) for batch in proposed), tool_thread)
    scored = (_score(batch, plan) for batch in executed)
    return _select(scored, plan)


def skip_reason(document: Document, grammar: CallGrammar) -> str | None:
    """Returns why a document is not annotated at all.

    >>> from toolformer.calls import InlineGrammar
    >>> skip_reason(Document("1", "It is [Calculator(1 + 1)] 2."), InlineGrammar())
    'holds a call already'
    """
    if not document.text.strip():
        return "empty"
    return "holds a call already" if grammar.holds_call(document.text) else None


def _cut(shards: Iterable[Shard], plan: Plan) -> Iterator[ShardBatch]:
    """Yields one batch for a shard in which there is nothing to do."""
    model = plan.model
    for shard in shards:
        documents = dict(enumerate(shard.documents)) if shard.is_due else {}
        excerpts = cut_excerpts(
            {n: each for n, each in documents.items() if not skip_reason(each, model.grammar)},
            model=model,
            tools=plan.tools,
            window_tokens=plan.window_tokens,
            overlap_tokens=plan.overlap_tokens,
        )
        if not excerpts:
            yield ShardBatch(shard)
        done, all_tokens = 0, max(1, _tokens(excerpts))
        for batch in batches(
            excerpts,
            batch_tokens=model.batch_tokens,
            copies=plan.prompts.copies,
            own_tokens=plan.own_tokens,
        ):
            done += len(batch)
            yield ShardBatch(shard, batch, _tokens(batch) / all_tokens, done == len(excerpts))


def _tokens(excerpts: Sequence[Excerpt]) -> int:
    """Returns how many tokens are read, those of a text once for each tool: a measure of work."""
    return sum(each.window.tokens * len(each.tools) for each in excerpts)


def _propose(batch: ShardBatch, plan: Plan) -> ShardBatch:
    if plan.is_in_context:
        found = in_context_propose.propose(batch.excerpts, plan)
        return replace(batch, proposals=found.proposals, untried=found.untried, read=found.read)
    proposals, untried = paper_propose.propose(batch.excerpts, plan)
    return replace(batch, proposals=proposals, untried=untried)


def _score(batch: ShardBatch, plan: Plan) -> ShardBatch:
    if not plan.is_in_context:
        return replace(batch, proposals=paper_score.score(batch.proposals, plan))
    if batch.read is None:
        return batch
    with batch.read.trunks:
        proposals = in_context_score.score(
            batch.proposals, batch.read, plan, with_placebos=plan.has_placebos(batch.shard.number)
        )
    return replace(batch, proposals=proposals, read=None)


def _execute(batch: ShardBatch, plan: Plan) -> ShardBatch:
    return replace(batch, proposals=execute(batch.proposals, plan))


def _select(scored: Iterable[ShardBatch], plan: Plan) -> Iterator[ShardBatch]:
    """Collects the candidates of each shard and decides about them when it ends."""
    found: dict[int, list[Candidate]] = {}  # by the number of their document
    untried: dict[int, list[UntriedPlace]] = {}
    tried: dict[int, set[str]] = {}
    for batch in scored:
        for excerpt in batch.excerpts:
            tried.setdefault(excerpt.number, set()).update(tool.name for tool in excerpt.tools)
        for proposal in batch.proposals:
            found.setdefault(proposal.excerpt.number, []).append(proposal.candidate)
        for excerpt, place in batch.untried:
            untried.setdefault(excerpt.number, []).append(place)
        if not (batch.is_last and batch.shard.is_due):
            yield batch
            continue
        annotated = [
            AnnotatedDocument(
                document,
                tried=tuple(name for name in plan.thresholds if name in tried.get(number, ())),
                skipped=None
                if tried.get(number)
                else skip_reason(document, plan.model.grammar)
                or ("nothing the model reads" if number in tried else "no tool suits it"),
                candidates=_decide(document, found.get(number, []), plan=plan),
                untried=tuple(_in_order(untried.get(number, []), plan=plan)),
            )
            for number, document in enumerate(batch.shard.documents)
        ]
        found, untried, tried = {}, {}, {}
        yield replace(batch, annotated=annotated)


def _decide(
    document: Document, candidates: Sequence[Candidate], *, plan: Plan
) -> tuple[Candidate, ...]:
    """Returns a document's candidates by position and tool, with their verdicts."""
    if not candidates:
        return ()
    in_order = _in_order(candidates, plan=plan)
    allow_peeking = plan.config.allow_peeking
    marked = in_order if allow_peeking else _mark_peeking(document, in_order, plan=plan)
    return select(marked, thresholds=plan.selecting, allow_peeking=allow_peeking)


def _in_order(places: Sequence[_Placed], *, plan: Plan) -> list[_Placed]:
    """Returns candidates or places by position and tool."""
    order = {name: number for number, name in enumerate(plan.thresholds)}
    return sorted(places, key=lambda each: (each.position, order[each.tool]))


def _mark_peeking(
    document: Document, candidates: Sequence[Candidate], *, plan: Plan
) -> list[Candidate]:
    """Returns a document's candidates; those that peek, and have no verdict yet, have this one."""
    looked_for = {
        term
        for each in candidates
        if each.verdict is None
        for term in argument_terms(each.arguments or "")
    }
    mentions = first_mentions(document.text, of=looked_for)
    return [
        replace(each, verdict=Verdict.PEEKS)
        if each.verdict is None
        and peeks(
            each.arguments or "",
            each.position,
            mentions=mentions,
            vocabulary=plan.vocabularies[each.tool],
        )
        else each
        for each in candidates
    ]
