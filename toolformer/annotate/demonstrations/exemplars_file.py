"""A file of exemplars, read and written; tools fill in the outputs in it, or check them."""

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from toolformer.annotate.demonstrations.demonstration import Demonstration
from toolformer.annotate.demonstrations.exemplar_texts import (
    MOST_TEXTS,
    ExemplarText,
    read_exemplar_texts,
    written,
)
from toolformer.calls import PlacedCall, ToolCall
from toolformer.errors import CallError, ConfigError, clipped, closest
from toolformer.files import write_whole
from toolformer.tools.base import Tool
from toolformer.tools.context import ToolContext
from toolformer.tools.exemplar import NOTATION
from toolformer.tools.registry import available
from toolformer.tools.result import ToolResult
from toolformer.tools.toolbox import Toolbox

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Call:
    """A call of a file, and where it stands."""

    exemplar: int  # of the file's, counted from 0
    line: int
    placed: PlacedCall
    context: ToolContext


def read_exemplars_file(path: str | Path, toolbox: Toolbox) -> tuple[Demonstration, ...]:
    """Returns the texts of a file as demonstrations, each call with the output that its tool gives.

    A .txt file has texts parted by blank lines or by lines `---`, a .jsonl file an object
    `{"text": …, "date": …}` a line. A call is written as in `2 + 2 = [Calculator(2 + 2)] 4.`,
    whatever the model's grammar, with its output (` -> 4`) or without. An output that stands there
    is what the tool gives, or the file is refused; of a tool that does not always give the same,
    what stands there counts. Calls of tools that are not in the toolbox are left out, and texts in
    which none is left.

    Args:
        path: the file.
        toolbox: the run's tools; runs the calls, as one batch.

    Raises:
        ConfigError: the file cannot be read; a text has no call, or one that cannot be read; a
            tool is known to nobody, fails, or says something else than what stands there. Its
            sentence names the line.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder, Toolbox("calculator") as toolbox:
    ...     path = Path(folder, "mine.txt")
    ...     _ = path.write_text("So 2 + 2 = [Calculator(2 + 2)] 4.")
    ...     for each in read_exemplars_file(path, toolbox):
    ...         print(each.render(NOTATION))
    So 2 + 2 = [Calculator(2 + 2) -> 4] 4.
    """
    path = Path(path)
    texts = read_exemplar_texts(path)
    if len(texts) > MOST_TEXTS:
        raise ConfigError(
            f"'{path}' has {len(texts):,} texts, and at most {MOST_TEXTS:,} are read."
        )
    calls = list(_calls(texts, toolbox, path))
    results = _results(calls, toolbox)
    problems = (_problem(call, result) for call, result in zip(calls, results, strict=True))
    if wrong := list(filter(None, problems)):
        raise ConfigError(f"'{path}', {wrong[0]}{_and_more(len(wrong) - 1)}")
    outputs: dict[int, list[PlacedCall]] = {}
    for call, result in zip(calls, results, strict=True):
        placed = call.placed
        if result is not None:
            placed = replace(placed, output=result.output)
        outputs.setdefault(call.exemplar, []).append(placed)
    return tuple(
        Demonstration(NOTATION.strip(texts[number].text), tuple(placed), texts[number].today)
        for number, placed in outputs.items()
    )


def write_exemplars(path: str | Path, demonstrations: Sequence[Demonstration]) -> None:
    """Writes demonstrations to a .txt or .jsonl file, from which they are read back.

    Raises:
        ConfigError: the file's name ends in neither, or a text would not be read back.
        RunError: it cannot be written.
    """
    write_whole(Path(path), exemplars_content(path, demonstrations))


def exemplars_content(path: str | Path, demonstrations: Sequence[Demonstration]) -> str:
    """Returns what `write_exemplars` writes.

    Raises:
        ConfigError: as there.
    """
    texts = []
    for each in demonstrations:
        try:
            texts.append((each.render(NOTATION), each.today))
        except CallError as error:
            raise ConfigError(f"Cannot write an exemplar to '{path}': {error}") from None
        for tool in {placed.call.tool for placed in each.calls}:
            if problem := _dangling(each.text, tool):
                raise ConfigError(f"Cannot write an exemplar to '{path}': {problem}")
    return written(texts, Path(path))


def _calls(texts: Sequence[ExemplarText], toolbox: Toolbox, path: Path) -> Iterator[_Call]:
    """Yields the calls of the toolbox's tools.

    Raises:
        ConfigError: a text has no call, or one that cannot be read or that nobody can run.
    """
    known = {name.casefold() for name in available()}
    left_out: Counter[str] = Counter()
    for number, text in enumerate(texts):
        plain, placed = NOTATION.strip(text.text), NOTATION.calls(text.text)
        problem = next(filter(None, (_dangling(plain, name) for name in toolbox)), None)
        if problem is None and not placed:
            problem = f"the text has no call; write one as in {_example(toolbox)}."
        if problem is not None:
            raise ConfigError(f"'{path}', line {text.line}: {problem}")
        for each in placed:
            line = text.line_of(plain[: each.position])
            name = each.call.tool
            if name in toolbox:
                call = replace(each.call, tool=toolbox[name].name)
                context = ToolContext(today=text.today)
                yield _Call(number, line, replace(each, call=call), context)
            elif name.casefold() in known:
                left_out[name] += 1
            else:
                said = closest(name, list(toolbox), what="tool")
                raise ConfigError(
                    f"'{path}', line {line}: {said} Name the tool with --tool, or take the call "
                    "out."
                )
    for name, count in sorted(left_out.items()):
        calls = "1 call" if count == 1 else f"{count} calls"
        _log.info("'%s': %s of %s left out, which is not a tool of the run.", path, calls, name)


def _results(calls: Sequence[_Call], toolbox: Toolbox) -> list[ToolResult | None]:
    """Returns what the tools say, None for an output that another run of its tool would change."""
    due = [number for number, call in enumerate(calls) if _is_due(call, toolbox)]
    ran = toolbox.execute(
        [calls[number].placed.call for number in due], [calls[number].context for number in due]
    )
    results: list[ToolResult | None] = [None] * len(calls)
    for number, result in zip(due, ran, strict=True):
        results[number] = result
    return results


def _is_due(call: _Call, tools: Mapping[str, Tool]) -> bool:
    return call.placed.output is None or tools[call.placed.call.tool].pure


def _problem(call: _Call, result: ToolResult | None) -> str | None:
    """Returns what is wrong with a call that was run, and on which line; None where nothing is."""
    if result is None:
        return None
    asked, stands = f"line {call.line}: {clipped(str(result.call))}", call.placed.output
    if result.output is None:
        there = "" if stands is None else f" {clipped(stands)!r} stands there."
        return f"{asked} fails: {result.error}{there}"
    if not NOTATION.is_renderable_output(result.output):
        return f"{asked} gives {clipped(result.output)!r}, and {NOTATION.output_rule}."
    if stands is not None and stands != result.output:
        return (
            f"{asked} gives {clipped(result.output)!r}, and {clipped(stands)!r} stands there. "
            "Correct it, or take the output out: it is filled in."
        )
    return None


def _and_more(count: int) -> str:
    if count == 0:
        return ""
    return f" {count} more {'call is' if count == 1 else 'calls are'} wrong in the file."


def _dangling(plain: str, tool: str) -> str | None:
    """Returns what is wrong with a text without its calls that still begins a call of a tool."""
    begun = NOTATION.lead(tool).strip()
    at = plain.casefold().find(begun.casefold())
    if at < 0:
        return None
    shown = clipped(plain[at:].partition("\n")[0])
    return (
        f"{shown!r} cannot be read as a call: a space stands before it, {NOTATION.call_rule}, and "
        f"{NOTATION.output_rule}."
    )


def _example(tools: Mapping[str, Tool]) -> str:
    """Returns how a call is written, by the first exemplar of the tools."""
    for name, tool in tools.items():
        for each in tool.exemplars:
            return NOTATION.format(ToolCall(name, each.arguments)).strip()
    return NOTATION.format(ToolCall(next(iter(tools), "Calculator"), "2 + 2")).strip()
