"""The paper's filter: how much a call in front of the text helps to predict the words after it.

Asks only for losses that can matter: gain = min(L(ε), L(e(c, ε))) − L(e(c, r)) is at most
L(ε) − L(e(c, r)); where that is below what a run can ever select, L(e(c, ε)) is not asked for.
"""

from collections.abc import Sequence
from dataclasses import replace

from toolformer.annotate.methods.losses import ask_losses
from toolformer.annotate.methods.proposal import Proposal, drop_overlong
from toolformer.annotate.plan import Plan
from toolformer.lm.base import LossRequest
from toolformer.records import Candidate, Losses


def score(proposals: Sequence[Proposal], plan: Plan) -> list[Proposal]:
    """Returns the proposals with the losses of their calls; those with a verdict are left alone.

    A call that is too long with its output to be scored is `not_renderable`.
    """
    checked = [drop_overlong(each, plan) for each in proposals]
    scored = _add_losses(checked, plan, with_output=True)
    return _add_losses(scored, plan, with_output=False)


def _add_losses(proposals: Sequence[Proposal], plan: Plan, *, with_output: bool) -> list[Proposal]:
    """Returns the proposals, with L(e(c, r)) or with L(e(c, ε)) where it is asked for."""

    def is_asked(candidate: Candidate) -> bool:
        if candidate.verdict is not None or candidate.losses is None:
            return False
        is_hopeful = plan.config.keep_all_losses or plan.thresholds[candidate.tool].can_gain(
            candidate.losses.gain_at_most
        )
        return with_output or is_hopeful

    requests = [
        LossRequest(
            each.excerpt.window.text,
            each.position,
            each.candidate.call,
            each.candidate.output if with_output else None,
            inline=plan.config.loss_context == "inline",
            without_marker=plan.prompts.are_empty,
        )
        for each in proposals
        if is_asked(each.candidate)
    ]
    losses = iter(ask_losses(plan.model, requests))
    return [
        _with_loss(each, next(losses), with_output=with_output)
        if is_asked(each.candidate)
        else each
        for each in proposals
    ]


def _with_loss(proposal: Proposal, loss: float, *, with_output: bool) -> Proposal:
    known = proposal.candidate.losses
    if known is None:
        raise ValueError(f"a call without L(ε) cannot be scored: {proposal.candidate}")
    losses = (
        Losses(known.no_call, loss)
        if with_output
        else Losses(known.no_call, known.with_output, loss)
    )
    return proposal.having(replace(proposal.candidate, losses=losses))
