"""Calls that can be read are run, in the order of the proposals; the others say why not."""

import numpy as np

from tests.annotate.given import echo
from toolformer.annotate.excerpts import Excerpt
from toolformer.annotate.execute import Outcome, execute
from toolformer.annotate.places import Place
from toolformer.annotate.propose import Proposal
from toolformer.annotate.windows import whole
from toolformer.calls import InlineGrammar
from toolformer.records import Document, Verdict
from toolformer.tools.base import ToolContext, tool
from toolformer.tools.toolbox import Toolbox

EXCERPT = Excerpt(0, Document("d", "a b c"), whole("a b c", 3), (echo,), ToolContext())
PLACE = Place(1, float(np.float32(0.5)), number=1)


def proposal(arguments: str | None, *, closed: bool = True) -> Proposal:
    return Proposal(EXCERPT, echo, PLACE, 1, 2.0, arguments, closed, 1)


def test_every_proposal_has_its_own_outcome_in_order() -> None:
    proposals = [
        proposal("one"),
        proposal(None),
        proposal("open", closed=False),
        proposal("fail"),
        proposal("a]"),
        proposal("two"),
    ]
    with Toolbox([echo]) as toolbox:
        assert execute(proposals, toolbox=toolbox, grammar=InlineGrammar()) == [
            Outcome(output="one"),
            Outcome(verdict=Verdict.PRUNED),
            Outcome(verdict=Verdict.UNREADABLE),
            Outcome(error="It failed.", verdict=Verdict.TOOL_ERROR),
            Outcome(output="a]", verdict=Verdict.NOT_RENDERABLE),
            Outcome(output="two"),
        ]


def test_a_tool_with_a_memory_hears_the_calls_in_text_order() -> None:
    heard: list[str] = []

    @tool(name="Diary", pure=False)
    def diary(text: str) -> str:
        """Writes it down."""
        heard.append(text)
        return "noted"

    words = ["c", "a", "b", "a"]
    proposals = [Proposal(EXCERPT, diary, PLACE, 1, 2.0, word, True, 1) for word in words]
    with Toolbox([diary]) as toolbox:
        execute(proposals, toolbox=toolbox, grammar=InlineGrammar())
    assert heard == words


def test_nothing_to_run_is_nothing_run() -> None:
    with Toolbox([echo]) as toolbox:
        assert execute([], toolbox=toolbox, grammar=InlineGrammar()) == []
