"""Runs the proposed calls and records their outputs."""

from collections.abc import Sequence
from dataclasses import replace

from toolformer.annotate.methods.proposal import Proposal
from toolformer.annotate.plan import Plan
from toolformer.calls import CallGrammar
from toolformer.records import Candidate, Verdict
from toolformer.tools.result import ToolResult


def execute(proposals: Sequence[Proposal], plan: Plan) -> list[Proposal]:
    """Runs the calls that have no verdict, in their order; returns all proposals.

    A call still has no verdict when its output can be scored.
    """
    pending = [each for each in proposals if each.candidate.verdict is None]
    calls = [each.candidate.placed.call for each in pending]
    contexts = [each.excerpt.context for each in pending]
    results = iter(plan.toolbox.execute(calls, contexts) if calls else [])
    return [
        each
        if each.candidate.verdict is not None
        else each.having(_with_result(each.candidate, next(results), plan.model.grammar))
        for each in proposals
    ]


def _with_result(candidate: Candidate, result: ToolResult, grammar: CallGrammar) -> Candidate:
    if result.output is None:
        failed = Verdict.UNAVAILABLE if result.is_unavailable else Verdict.TOOL_ERROR
        return replace(candidate, error=result.error, verdict=failed)
    verdict = None if grammar.is_renderable_output(result.output) else Verdict.NOT_RENDERABLE
    return replace(candidate, output=result.output, verdict=verdict)
