"""One shard of documents through the stages: propose, execute, score, select.

While the tools run the calls of one batch, the model reads the next, or the next shard's. What is
done in which order follows from the shards and the plan, never from how long anything takes.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import replace

from toolformer.annotate.excerpts import batches, cut_excerpts
from toolformer.annotate.execute import Outcome, execute
from toolformer.annotate.peeking import argument_terms, first_mentions, peeks
from toolformer.annotate.plan import Plan
from toolformer.annotate.propose import Proposal, propose
from toolformer.annotate.score import drop_overlong, score
from toolformer.calls import CallGrammar
from toolformer.records import AnnotatedDocument, Candidate, Document, Losses, Verdict
from toolformer.runs.select import select

EMPTY = "empty"
HOLDS_CALL = "holds a call already"
UNSUITED = "no tool suits it"


class Shard:
    """Documents on their way through the stages."""

    def __init__(self, documents: Sequence[Document], *, plan: Plan, tool_thread: Executor) -> None:
        """Cuts the documents into excerpts.

        Args:
            documents: of one shard.
            plan: of the run.
            tool_thread: runs one thing at a time, in order; the tools run in it.
        """
        self._documents = documents
        self._plan = plan
        self._tool_thread = tool_thread
        self._skipped = [skip_reason(each, plan.model.grammar) for each in documents]
        self._excerpts = cut_excerpts(
            {n: document for n, document in enumerate(documents) if not self._skipped[n]},
            model=plan.model,
            tools=plan.tools,
            window_tokens=plan.window_tokens,
            overlap_tokens=plan.overlap_tokens,
        )
        self._found: dict[int, list[Candidate]] = {}  # by the number of their document
        self._waiting: tuple[list[Proposal], Future[list[Outcome]]] | None = None

    def propose(self, on_batch: Callable[[float], None]) -> None:
        """Takes all batches through the stages, but leaves the last one's calls to the tools.

        Args:
            on_batch: is told which share of the shard is done, from 0 to 1.
        """
        plan = self._plan
        done = 0
        for batch in batches(
            self._excerpts,
            batch_tokens=plan.model.batch_tokens,
            copies=1 if plan.prompts.are_empty else 2,
        ):
            proposals = propose(
                batch,
                model=plan.model,
                prompts=plan.prompts,
                numbers=plan.numbers,
                config=plan.config,
            )
            future = self._tool_thread.submit(
                execute, proposals, toolbox=plan.toolbox, grammar=plan.model.grammar
            )
            self._score_waiting()
            self._waiting = proposals, future
            done += len(batch)
            on_batch(done / len(self._excerpts))

    def finish(self) -> list[AnnotatedDocument]:
        """Returns the documents with every candidate, in their order."""
        self._score_waiting()
        tried: dict[int, set[str]] = {}
        for excerpt in self._excerpts:
            tried.setdefault(excerpt.number, set()).update(tool.name for tool in excerpt.tools)
        return [
            AnnotatedDocument(
                document,
                tried=tuple(name for name in self._plan.numbers if name in tried.get(number, ())),
                skipped=self._skipped[number] or (None if number in tried else UNSUITED),
                candidates=_decide(document, self._found.get(number, []), plan=self._plan),
            )
            for number, document in enumerate(self._documents)
        ]

    def _score_waiting(self) -> None:
        """Waits for the tools of the batch before and takes the losses of its calls."""
        if self._waiting is None:
            return
        plan = self._plan
        proposals, future = self._waiting
        self._waiting = None
        outcomes = drop_overlong(
            proposals, future.result(), max_tokens=plan.call_tokens, model=plan.model
        )
        losses = score(
            proposals,
            outcomes,
            model=plan.model,
            numbers=plan.numbers,
            inline=plan.config.loss_context == "inline",
            without_marker=plan.prompts.are_empty,
            keep_all_losses=plan.config.keep_all_losses,
        )
        for proposal, outcome, loss in zip(proposals, outcomes, losses, strict=True):
            candidate = _candidate(proposal, outcome, loss)
            self._found.setdefault(proposal.excerpt.number, []).append(candidate)


def skip_reason(document: Document, grammar: CallGrammar) -> str | None:
    """Returns why a document is not annotated at all.

    >>> from toolformer.calls import InlineGrammar
    >>> skip_reason(Document("1", "It is [Calculator(1 + 1)] 2."), InlineGrammar())
    'holds a call already'
    """
    if not document.text.strip():
        return EMPTY
    return HOLDS_CALL if grammar.holds_call(document.text) else None


def _candidate(proposal: Proposal, outcome: Outcome, losses: Losses) -> Candidate:
    return Candidate(
        position=proposal.excerpt.window.start + proposal.place.position,
        token=proposal.token,
        tool=proposal.tool.name,
        arguments=proposal.arguments,
        start_prob=proposal.place.start_prob,
        count=proposal.count,
        output=outcome.output,
        error=outcome.error,
        losses=losses,
        verdict=outcome.verdict,
    )


def _decide(
    document: Document, candidates: Sequence[Candidate], *, plan: Plan
) -> tuple[Candidate, ...]:
    """Returns a document's candidates by position and tool, with their verdicts."""
    if not candidates:
        return ()
    order = {name: number for number, name in enumerate(plan.numbers)}
    in_order = sorted(candidates, key=lambda each: (each.position, order[each.tool]))
    marked = in_order if plan.config.allow_peeking else _mark_peeking(document, in_order, plan=plan)
    return select(marked, thresholds=plan.thresholds, allow_peeking=plan.config.allow_peeking)


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
