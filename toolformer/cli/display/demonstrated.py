"""Texts with calls in them, which a model reads before a prompt: tools that it was not taught."""

from collections.abc import Iterable, Sequence
from itertools import zip_longest

from toolformer.annotate.demonstrations import own_demonstrations
from toolformer.infer.live_tools import LiveTools
from toolformer.lm.base import LanguageModel
from toolformer.lm.lending import lent
from toolformer.tools.base import Tool
from toolformer.tools.toolbox import Toolbox

PART = "\n\n"  # between two texts: behind them, an answer ends at it, too


def demonstrated(
    model: LanguageModel, taught: Sequence[str], tools: Sequence[Tool], toolbox: Toolbox
) -> str:
    """Returns the exemplars, with their outputs, of the tools that a model was not taught.

    As many as take half of the model's context, of each tool alike.

    Args:
        model: reads them.
        taught: names of tools that it was taught.
        tools: that it may call.
        toolbox: runs the exemplars' calls.

    Raises:
        ConfigError: a tool cannot be reached.
    """
    with toolbox.lending(lent(model)):
        by_tool = [own_demonstrations(tool, toolbox) for tool in _others(tools, taught)]
    in_turn = [each for found in zip_longest(*by_tool) for each in found if each is not None]
    shown, room = "", model.max_length // 2
    for each in in_turn:
        longer = shown + each.render(model.grammar) + PART
        if model.count_tokens([longer])[0] > room:
            break
        shown = longer
    return shown


def shown_of(tools: LiveTools, taught: Sequence[str]) -> str:
    """Returns the note about what a model is shown."""
    names = ", ".join(each.name for each in _others(tools.tools, taught))
    count = tools.shown.count(PART)
    return (
        f"It was not taught {names}: it is shown {count} texts with calls first, and stops at a "
        "blank line."
    )


def _others(tools: Iterable[Tool], taught: Sequence[str]) -> list[Tool]:
    known = {name.casefold() for name in taught}
    return [each for each in tools if each.name.casefold() not in known]
