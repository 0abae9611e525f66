"""How much a call helps to predict the words after it; asks only for losses that can matter.

gain = min(L(ε), L(e(c, ε))) − L(e(c, r)) is at most L(ε) − L(e(c, r)): where that is below what a
run can ever select, L(e(c, ε)) is not asked for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from toolformer.annotate.config import ToolThresholds
from toolformer.annotate.execute import Outcome
from toolformer.annotate.losses import ask_losses
from toolformer.annotate.propose import Proposal
from toolformer.calls import ToolCall
from toolformer.lm.base import LanguageModel, LossRequest
from toolformer.records import Losses, Verdict


def drop_overlong(
    proposals: Sequence[Proposal],
    outcomes: Sequence[Outcome],
    *,
    max_tokens: int,
    model: LanguageModel,
) -> list[Outcome]:
    """Returns the outcomes with those marked whose call and output are too long to be scored.

    Args:
        proposals: of one batch.
        outcomes: one per proposal.
        max_tokens: how many tokens a call with its output may have.
        model: counts them.
    """
    checked = list(outcomes)
    for index, (proposal, outcome) in enumerate(zip(proposals, outcomes, strict=True)):
        call = ToolCall(proposal.tool.name, proposal.arguments or "")
        written = model.grammar.format(call, outcome.output)
        # A token has a byte at least, so most need no counting.
        if outcome.verdict is not None or len(written.encode()) <= max_tokens:
            continue
        if model.count_tokens([written])[0] > max_tokens:
            checked[index] = replace(outcome, verdict=Verdict.NOT_RENDERABLE)
    return checked


def score(
    proposals: Sequence[Proposal],
    outcomes: Sequence[Outcome],
    *,
    model: LanguageModel,
    numbers: Mapping[str, ToolThresholds],
    inline: bool = False,
    without_marker: bool = False,
    keep_all_losses: bool = False,
) -> list[Losses]:
    """Returns the losses of each proposal; what has no usable output has L(ε) alone.

    Args:
        proposals: of one batch.
        outcomes: one per proposal.
        model: reads the rows.
        numbers: of each tool; `prune_below` decides.
        inline: whether the call stands at its place instead of in front of the text.
        without_marker: whether the open marker's probability is taken out.
        keep_all_losses: whether L(e(c, ε)) is asked for even where it cannot matter.
    """

    def ask(indices: Sequence[int], *, with_output: bool) -> list[float]:
        requests = [
            LossRequest(
                proposals[index].excerpt.window.text,
                proposals[index].place.position,
                ToolCall(proposals[index].tool.name, proposals[index].arguments or ""),
                outcomes[index].output if with_output else None,
                inline=inline,
                without_marker=without_marker,
            )
            for index in indices
        ]
        return ask_losses(model, requests)

    losses = [Losses(proposal.no_call) for proposal in proposals]
    runs = [index for index, outcome in enumerate(outcomes) if outcome.verdict is None]
    for index, loss in zip(runs, ask(runs, with_output=True), strict=True):
        losses[index] = Losses(losses[index].no_call, loss)
    hopeful = [
        index
        for index in runs
        if keep_all_losses
        or losses[index].gain_at_most >= numbers[proposals[index].tool.name].prune_below
    ]
    for index, loss in zip(hopeful, ask(hopeful, with_output=False), strict=True):
        losses[index] = Losses(losses[index].no_call, losses[index].with_output, loss)
    return losses
