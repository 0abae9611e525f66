"""Calls that can be read are run, in the order of the proposals; the others say why not."""

from collections.abc import Sequence
from dataclasses import replace

from tests.annotate.given import BRIEF, echo
from toolformer.annotate import make_plan
from toolformer.annotate.execute import execute
from toolformer.annotate.methods.proposal import Proposal
from toolformer.annotate.texts.excerpts import Excerpt
from toolformer.annotate.texts.windows import whole
from toolformer.lm.scripted.model import ScriptedLanguageModel
from toolformer.records import Candidate, Document, Losses, Verdict
from toolformer.tools.base import Tool
from toolformer.tools.context import ToolContext
from toolformer.tools.decorator import tool
from toolformer.tools.toolbox import Toolbox

EXCERPT = Excerpt(0, Document("d", "a b c"), whole("a b c", 3), (echo,), ToolContext())
OPEN = Candidate(1, "Echo", "one", start_prob=0.5, count=1, losses=Losses(2.0), token=1)


def executed(candidates: Sequence[Candidate], *, tool: Tool = echo) -> list[Candidate]:
    with Toolbox([tool]) as toolbox:
        plan = make_plan(BRIEF, model=ScriptedLanguageModel(), toolbox=toolbox)
        found = execute([Proposal(EXCERPT, each) for each in candidates], plan)
    assert all(each.excerpt is EXCERPT for each in found)
    return [each.candidate for each in found]


def test_every_proposal_has_its_own_result_in_order() -> None:
    pruned = replace(OPEN, arguments=None, verdict=Verdict.PRUNED)
    unreadable = replace(OPEN, arguments="open", verdict=Verdict.UNREADABLE)
    fails, broken, two = (replace(OPEN, arguments=text) for text in ("fail", "a]", "two"))
    assert executed([OPEN, pruned, unreadable, fails, broken, two]) == [
        replace(OPEN, output="one"),
        pruned,
        unreadable,
        replace(fails, error="It failed.", verdict=Verdict.TOOL_ERROR),
        replace(broken, output="a]", verdict=Verdict.NOT_RENDERABLE),
        replace(two, output="two"),
    ]


def test_a_tool_with_a_memory_hears_the_calls_in_text_order() -> None:
    heard: list[str] = []

    @tool(name="Diary", pure=False)
    def diary(text: str) -> str:
        """Writes it down."""
        heard.append(text)
        return "noted"

    words = ["c", "a", "b", "a"]
    executed([replace(OPEN, tool="Diary", arguments=word) for word in words], tool=diary)
    assert heard == words


def test_nothing_to_run_is_nothing_run() -> None:
    assert executed([]) == []
