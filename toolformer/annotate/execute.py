"""What the tools say to the proposed calls."""

from collections.abc import Sequence
from dataclasses import dataclass

from toolformer.annotate.propose import Proposal
from toolformer.calls import CallGrammar, ToolCall
from toolformer.records import Verdict
from toolformer.tools.base import ToolResult
from toolformer.tools.toolbox import Toolbox


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a proposal before it is scored; `verdict` is None when it can be."""

    output: str | None = None
    error: str | None = None
    verdict: Verdict | None = None


def execute(
    proposals: Sequence[Proposal], *, toolbox: Toolbox, grammar: CallGrammar
) -> list[Outcome]:
    """Runs the calls that can be read, in the order of the proposals; returns one outcome each."""
    unread = [_check(proposal, grammar) for proposal in proposals]
    runnable = [
        (ToolCall(proposal.tool.name, proposal.arguments), proposal.excerpt.context)
        for proposal, outcome in zip(proposals, unread, strict=True)
        if outcome is None and proposal.arguments is not None
    ]
    calls = [call for call, _ in runnable]
    contexts = [context for _, context in runnable]
    results = iter(toolbox.execute(calls, contexts) if calls else [])
    return [outcome or _outcome(next(results), grammar) for outcome in unread]


def _check(proposal: Proposal, grammar: CallGrammar) -> Outcome | None:
    """Returns why a proposal cannot be run, None when it can."""
    if proposal.arguments is None:
        return Outcome(verdict=Verdict.PRUNED)
    call = ToolCall(proposal.tool.name, proposal.arguments)
    if not proposal.closed or not grammar.is_readable(call):
        return Outcome(verdict=Verdict.UNREADABLE)
    return None


def _outcome(result: ToolResult, grammar: CallGrammar) -> Outcome:
    if result.output is None:
        return Outcome(error=result.error, verdict=Verdict.TOOL_ERROR)
    if not grammar.is_renderable_output(result.output):
        return Outcome(output=result.output, verdict=Verdict.NOT_RENDERABLE)
    return Outcome(output=result.output)
