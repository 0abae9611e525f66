"""Why a text has a call at a place, or none: `toolformer show --why`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.text import Text

from toolformer.annotate.texts.places import is_place
from toolformer.calls import CallGrammar, grammar_from_dict
from toolformer.cli.display.gate import clean
from toolformer.cli.display.texts import candidate_text
from toolformer.cli.show.rows import call_row, untried_row
from toolformer.errors import ConfigError, clipped
from toolformer.records import AnnotatedDocument, Candidate, UntriedPlace, to_float32
from toolformer.runs.manifest import ManifestTool, RunManifest
from toolformer.runs.thresholds import Thresholds

_AROUND = 60  # characters of the text on either side
_MARK = "▸"
_NEAREST = 3  # so many places that the run knows are named where it knows nothing of one


class PlaceReasons:
    """What is known of the places of a run's texts: calls, places that were not tried, or why not.

    Each reason is a text to be printed, and a row of JSON values.
    """

    def __init__(
        self,
        manifest: RunManifest,
        thresholds: Mapping[str, Thresholds],
        tools: Sequence[str],
    ) -> None:
        """Takes the run's manifest, the thresholds that count, and the tools to tell of."""
        self._thresholds = thresholds
        self._tools = {each.name: each for each in manifest.tools if each.name in tools}
        self._grammar: CallGrammar = grammar_from_dict(manifest.grammar)

    def of(
        self, annotated: AnnotatedDocument, position: int | None = None
    ) -> Iterator[tuple[Text, dict[str, Any]]]:
        """Yields the reasons of a document, by position and tool.

        Args:
            annotated: the document.
            position: tells of this place alone, of each tool at least one reason.
        """
        if annotated.skipped is not None:
            reason = f"The text was not annotated: {annotated.skipped}."
            yield _none(annotated, position or 0, "", reason)
            return
        order = list(self._tools)
        known = [
            each
            for each in _places(annotated)
            if each.tool in order and position in (None, each.position)
        ]
        known.sort(key=lambda each: (each.position, order.index(each.tool)))
        for each in known:
            yield self._reason(annotated, each)
        told = {each.tool for each in known}
        for name in order if position is not None else ():
            if name not in told:
                yield _none(
                    annotated, position or 0, name, _unknown(annotated, position or 0, name)
                )

    def _reason(
        self, annotated: AnnotatedDocument, place: Candidate | UntriedPlace
    ) -> tuple[Text, dict[str, Any]]:
        if isinstance(place, Candidate):
            shown = candidate_text(
                annotated, place, grammar=self._grammar, thresholds=self._thresholds
            )
            return shown, call_row(annotated, place, self._thresholds)
        reason = untried_reason(place, self._tools[place.tool])
        shown = _marked(annotated, place.position)
        shown.append(f"\n  {place.tool} was not tried: {reason}", style="yellow")
        return shown, untried_row(annotated, place, reason)


def untried_reason(place: UntriedPlace, tool: ManifestTool) -> str:
    """Returns why no call of a tool was asked for at a place.

    Args:
        place: that was not tried.
        tool: its tool, as the run tried it.
    """
    chance = f"p(start) {place.start_prob:.3f}"
    score: str
    least: float | None
    if place.start_gain is None:
        score, least = chance, tool.min_prob
        is_low = place.start_prob <= to_float32(tool.min_prob)
    else:
        score, least = f"start gain {place.start_gain:.2f} ({chance})", tool.min_start_gain
        is_low = least is not None and place.start_gain <= to_float32(least)
    if is_low:
        return f"{score} is not above {least:g}."
    return (
        f"{score} is less than at {tool.max_positions} other places of its window, and so many are "
        "tried."
    )


def position_of(annotated: AnnotatedDocument, place: str) -> int:
    """Returns the character offset that a person means.

    Args:
        annotated: the document.
        place: a number, or words of the text; they stand behind the place, and the white space
            before them does, too.

    Raises:
        ConfigError: the text does not have it.

    >>> from toolformer.records import Document
    >>> text = AnnotatedDocument(Document("a", "Out of 1400, 400 passed."), ())
    >>> position_of(text, "12"), position_of(text, "400 passed")
    (12, 12)
    """
    text = annotated.document.text
    if place.isascii() and place.isdecimal():
        if int(place) > len(text):
            raise ConfigError(
                f"'{annotated.document.id}' has {len(text)} characters, and no place {place}."
            )
        return int(place)
    found = text.find(place.strip())
    if found < 0:
        raise ConfigError(
            f"'{annotated.document.id}' does not say {clipped(place)!r}. Give the words that stand "
            "behind the place, or its character offset."
        )
    return len(text[:found].rstrip())


def _places(annotated: AnnotatedDocument) -> list[Candidate | UntriedPlace]:
    """Returns what the run keeps of a document's places."""
    return [*annotated.candidates, *annotated.untried]


def _unknown(annotated: AnnotatedDocument, position: int, tool: str) -> str:
    """Returns why a run has nothing of a tool at a place."""
    if tool not in annotated.tried:
        return f"{tool} does not suit this text and was not tried."
    if not is_place(annotated.document.text, position):
        return (
            f"{tool} was not tried: no call can stand there. A place lies behind a word or a "
            "number, before the white space that follows."
        )
    there = {each.position for each in _places(annotated) if each.tool == tool}
    if not there:
        return f"{tool} was not tried: the run keeps no place of it in this text."
    nearest = sorted(sorted(there, key=lambda each: abs(each - position))[:_NEAREST])
    return (
        f"{tool} was not tried: all {len(there)} places of it that the run keeps scored better, or "
        f"what follows cannot be an output. The nearest are {', '.join(map(str, nearest))}."
    )


def _none(
    annotated: AnnotatedDocument, position: int, tool: str, reason: str
) -> tuple[Text, dict[str, Any]]:
    """Returns a reason for which there is no record."""
    shown = _marked(annotated, position)
    shown.append(f"\n  {reason}", style="yellow")
    place = UntriedPlace(position, tool, 0.0)
    row = untried_row(annotated, place, reason)
    return shown, row | {"tool": tool or None, "start_prob": None}


def _marked(annotated: AnnotatedDocument, position: int) -> Text:
    """Returns a text around a place, and its document's name."""
    text = annotated.document.text
    start, end = max(0, position - _AROUND), min(len(text), position + _AROUND)
    shown = Text().append(f"{clean(annotated.document.id)}\n", style="dim")
    shown.append(("… " if start else "") + clean(text[start:position]))
    shown.append(_MARK, style="bold yellow")
    return shown.append(clean(text[position:end]) + (" …" if end < len(text) else ""))
