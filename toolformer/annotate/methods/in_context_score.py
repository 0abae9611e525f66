"""The filter in context: a call at its place, under the demonstrations, and the words after it.

A row forks from the text where its place is, and costs its call and the tokens that are scored.
"""

from collections.abc import Sequence
from dataclasses import replace

from toolformer.annotate.methods.in_context_propose import ReadText
from toolformer.annotate.methods.losses import unit_loss
from toolformer.annotate.methods.paper_score import drop_overlong
from toolformer.annotate.methods.placebos import placebo_outputs
from toolformer.annotate.methods.proposal import Proposal
from toolformer.annotate.plan import Plan
from toolformer.annotate.texts.trivial import is_trivial
from toolformer.lm.base import CallScoreRequest, Trunks
from toolformer.records import Candidate, Losses, Placebo, Verdict


def score(
    proposals: Sequence[Proposal], trunks: Trunks | None, plan: Plan, *, with_placebos: bool
) -> list[Proposal]:
    """Returns the proposals with the losses of their calls; those with a verdict are left alone.

    A call whose output tells nothing new is `trivial`, one that is too long with its output to be
    scored `not_renderable`.

    Args:
        proposals: of a batch, their calls run.
        trunks: the texts of the batch, as they were read.
        plan: of the run.
        with_placebos: whether calls are scored with the output of another call, too.
    """
    if trunks is None:
        return list(proposals)
    texts = {id(each.excerpt): each.excerpt.window.text for each in proposals}
    read = {name: ReadText.of(text, plan) for name, text in texts.items()}
    checked = [
        _drop_trivial(drop_overlong(each, plan), read[id(each.excerpt)]) for each in proposals
    ]
    scored = [each for each in checked if each.candidate.verdict is None]
    placebos = placebo_outputs([each.candidate for each in scored], seed=plan.config.seed)
    outputs = [
        (None, each.candidate.output, placebo if with_placebos else None)
        for each, placebo in zip(scored, placebos, strict=True)
    ]
    sizes = [read[id(each.excerpt)].sizes(each.position) for each in scored]
    rows = [
        _row(each, output, tokens=sum(units))
        for each, units, (nothing, own, other) in zip(scored, sizes, outputs, strict=True)
        for output in ([nothing, own] if other is None else [nothing, own, other])
    ]
    losses = iter(trunks.score(rows) if rows else [])
    found = iter(
        [
            each.having(
                _with_losses(
                    each.candidate,
                    no_output=unit_loss(next(losses), units),
                    with_output=unit_loss(next(losses), units),
                    placebo=None
                    if other is None
                    else Placebo(other, unit_loss(next(losses), units)),
                )
            )
            for each, units, (_, _, other) in zip(scored, sizes, outputs, strict=True)
        ]
    )
    return [each if each.candidate.verdict else next(found) for each in checked]


def _row(proposal: Proposal, output: str | None, *, tokens: int) -> CallScoreRequest:
    call = proposal.candidate.placed.call
    return CallScoreRequest(proposal.request, proposal.position, call, output, tokens)


def _drop_trivial(proposal: Proposal, text: ReadText) -> Proposal:
    """Returns the proposal, with its verdict if its output tells nothing new."""
    candidate = proposal.candidate
    if candidate.verdict is not None or candidate.arguments is None or candidate.output is None:
        return proposal
    start, end = text.units.before(proposal.position)
    before = proposal.excerpt.window.text[start:end]
    if not is_trivial(candidate.arguments, candidate.output, before=before):
        return proposal
    return proposal.having(replace(candidate, verdict=Verdict.TRIVIAL))


def _with_losses(
    candidate: Candidate, *, no_output: float, with_output: float, placebo: Placebo | None
) -> Candidate:
    if candidate.losses is None:
        raise ValueError(f"a call without L(ε) cannot be scored: {candidate}")
    losses = Losses(candidate.losses.no_call, with_output, no_output)
    return replace(candidate, losses=losses, placebo=placebo)
