"""The demonstrations of a run's tools: the user's, or each tool's own."""

from collections.abc import Sequence
from pathlib import Path

from toolformer.annotate.demonstrations.demonstration import Demonstration
from toolformer.annotate.demonstrations.exemplars_file import read_exemplars_file
from toolformer.annotate.demonstrations.own import own_demonstrations
from toolformer.annotate.demonstrations.pool import Pool
from toolformer.calls import CallGrammar, ToolCall
from toolformer.errors import ConfigError
from toolformer.tools.base import Tool
from toolformer.tools.exemplar import NOTATION
from toolformer.tools.toolbox import Toolbox


def make_pools(
    toolbox: Toolbox,
    grammar: CallGrammar,
    *,
    exemplars: Path | None = None,
    given: Sequence[Demonstration] | None = None,
) -> dict[str, Pool]:
    """Returns the demonstrations of each tool by its name, in the order of the tools.

    Args:
        toolbox: the tools; they fill in or check the outputs.
        grammar: how the model's calls are written.
        exemplars: a file of texts with calls; a tool without a call in it is shown by its own.
        given: instead of the file's.

    Raises:
        ConfigError: the file cannot be read, or a tool has no demonstration at all.
    """
    if given is None:
        given = () if exemplars is None else read_exemplars_file(exemplars, toolbox)
    pools: dict[str, Pool] = {}
    for name, tool in toolbox.items():
        pools[name] = _pool(given, tool, toolbox, grammar)
        if not len(pools[name]):
            pools[name] = _pool(own_demonstrations(tool, toolbox), tool, toolbox, grammar)
        if not len(pools[name]):
            raise ConfigError(
                f"There is no text that shows a call of {name}: write some under Examples: in its "
                "docstring, or into a file for --exemplars, with calls written as in "
                f"'… {NOTATION.format(ToolCall(name, '…')).strip()} …'. Or choose --method paper."
            )
    return pools


def _pool(
    demonstrations: Sequence[Demonstration], tool: Tool, toolbox: Toolbox, grammar: CallGrammar
) -> Pool:
    own = [each.of(tool.name) for each in demonstrations]
    return Pool([each.spelled(grammar, toolbox) for each in own], tool=tool)
