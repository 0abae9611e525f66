"""The filter in context: a call at its place, behind the demonstrations, and the words after it.

A row forks from the text where its place is, and costs its call and the tokens that are scored.
Where a call with its output helps less than a run can ever select, L(e(c, ε)) is not asked for.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from toolformer.annotate.methods.in_context_propose import ReadBatch
from toolformer.annotate.methods.losses import unit_loss
from toolformer.annotate.methods.placebos import placebo_outputs
from toolformer.annotate.methods.proposal import Proposal, drop_overlong
from toolformer.annotate.plan import Plan
from toolformer.annotate.texts.trivial import is_trivial
from toolformer.lm.base import CallScoreRequest
from toolformer.records import Candidate, Losses, Placebo, Verdict


def score(
    proposals: Sequence[Proposal], read: ReadBatch, plan: Plan, *, with_placebos: bool
) -> list[Proposal]:
    """Returns the proposals with the losses of their calls; those with a verdict are left alone.

    A call whose output tells nothing new is `trivial`, one that is too long with its output to be
    scored `not_renderable`.

    Args:
        proposals: of a batch, their calls run.
        read: the texts of the batch.
        plan: of the run.
        with_placebos: whether calls are scored with the output of another call, too.
    """
    rows = _Rows(read)
    checked = [_drop_trivial(drop_overlong(each, plan), read) for each in proposals]
    answered = _each(checked, lambda each: each.verdict is None, rows.with_output)
    if with_placebos:
        answered = _draw_placebos(answered, seed=plan.config.seed)

    def can_gain(candidate: Candidate) -> bool:
        return (
            candidate.verdict is None
            and candidate.losses is not None
            and plan.thresholds[candidate.tool].can_gain(candidate.losses.gain_at_most)
        )

    return _each(answered, can_gain, rows.without_output)


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of a batch's calls."""

    read: ReadBatch

    def with_output(self, asked: Sequence[Proposal]) -> list[Candidate]:
        """Returns the candidates with L(e(c, r))."""
        losses = self._losses([(each, each.candidate.output) for each in asked])
        return [
            replace(each.candidate, losses=Losses(_no_call(each), loss))
            for each, loss in zip(asked, losses, strict=True)
        ]

    def without_output(self, asked: Sequence[Proposal]) -> list[Candidate]:
        """Returns the candidates with L(e(c, ε)), and those with a placebo r' with L(e(c, r')).

        They are asked for together: rows that begin alike are read once.
        """
        placebos = [
            (each, each.candidate.placebo.output) for each in asked if each.candidate.placebo
        ]
        losses = self._losses([*((each, None) for each in asked), *placebos])
        told = iter(losses[len(asked) :])
        return [
            replace(
                each.candidate,
                losses=Losses(_no_call(each), _with_output(each), loss),
                placebo=each.candidate.placebo
                and replace(each.candidate.placebo, with_output=next(told)),
            )
            for each, loss in zip(asked, losses, strict=False)
        ]

    def _losses(self, rows: Sequence[tuple[Proposal, str | None]]) -> list[float]:
        """Returns the loss over units behind each call with an output, or without."""
        if not rows:
            return []
        sizes = [self.read.text(each.excerpt).sizes(each.position) for each, _ in rows]
        log_probs = self.read.trunks.score(
            [
                CallScoreRequest(
                    request=each.request,
                    position=each.position,
                    call=each.candidate.placed.call,
                    output=output,
                    tokens=sum(units),
                )
                for (each, output), units in zip(rows, sizes, strict=True)
            ]
        )
        return [unit_loss(row, units) for row, units in zip(log_probs, sizes, strict=True)]


def _each(
    proposals: Sequence[Proposal],
    is_asked: Callable[[Candidate], bool],
    ask: Callable[[Sequence[Proposal]], list[Candidate]],
) -> list[Proposal]:
    """Returns the proposals, those further on that are asked about."""
    asked = [each for each in proposals if is_asked(each.candidate)]
    found = iter(ask(asked))
    return [each.having(next(found)) if is_asked(each.candidate) else each for each in proposals]


def _draw_placebos(proposals: Sequence[Proposal], *, seed: int) -> list[Proposal]:
    """Returns the proposals, those about which losses decide with a placebo, not scored yet."""
    judged = [each.candidate for each in proposals if each.candidate.verdict is None]
    drawn = iter(placebo_outputs(judged, seed=seed))
    return [
        each.having(replace(each.candidate, placebo=Placebo(output)))
        if each.candidate.verdict is None and (output := next(drawn)) is not None
        else each
        for each in proposals
    ]


def _drop_trivial(proposal: Proposal, read: ReadBatch) -> Proposal:
    """Returns the proposal, with its verdict if its output tells nothing new."""
    candidate = proposal.candidate
    if candidate.verdict is not None or candidate.arguments is None or candidate.output is None:
        return proposal
    start, end = read.text(proposal.excerpt).units.before(proposal.position)
    before = proposal.excerpt.window.text[start:end]
    if not is_trivial(candidate.arguments, candidate.output, before=before):
        return proposal
    return proposal.having(replace(candidate, verdict=Verdict.TRIVIAL))


def _no_call(proposal: Proposal) -> float:
    losses = proposal.candidate.losses
    if losses is None:
        raise ValueError(f"a call without L(ε) cannot be scored: {proposal.candidate}")
    return losses.no_call


def _with_output(proposal: Proposal) -> float | None:
    losses = proposal.candidate.losses
    return None if losses is None else losses.with_output
