"""Annotated texts for a terminal: calls in colour, gains, and why a call was not kept."""

from collections.abc import Iterable, Mapping, Sequence

from rich.text import Text

from toolformer.calls import CallGrammar, PlacedCall, ToolCall
from toolformer.cli.display.console import STYLES
from toolformer.cli.display.gate import clean
from toolformer.records import AnnotatedDocument, Candidate, Document, Losses, Placebo, Verdict
from toolformer.runs.thresholds import Thresholds

_GAIN_STYLE = "magenta"
_AROUND = 200  # characters shown on either side of a call
_NEAR = 60  # the same where a single candidate is shown


def kept_text(
    annotated: AnnotatedDocument, grammar: CallGrammar, thresholds: Mapping[str, Thresholds]
) -> Text:
    """Returns a document with its kept calls and their gains; text far from calls is left out."""
    kept = [each for each in annotated.candidates if each.verdict is Verdict.KEPT]
    return _calls_in_text(annotated.document, kept, grammar, thresholds, around=_AROUND)


def candidate_text(
    annotated: AnnotatedDocument,
    candidate: Candidate,
    *,
    grammar: CallGrammar,
    thresholds: Mapping[str, Thresholds],
) -> Text:
    """Returns a candidate in its text, and what became of it and why."""
    shown = _calls_in_text(annotated.document, [candidate], grammar, thresholds, around=_NEAR)
    reason = why(candidate, thresholds=thresholds[candidate.tool])
    shown.append(f"\n  {candidate.verdict}: {clean(reason)}", style="yellow")
    return shown


def why(candidate: Candidate, *, thresholds: Thresholds) -> str:
    """Returns in words what a candidate's verdict comes from.

    By the paper's rule there is one gain; where the thresholds differ, there are two.

    >>> from toolformer.records import Losses
    >>> who = Candidate(3, "QA", "Who?", 0.1, 2, "Ada", None, Losses(3.835, 2.842, 2.989),
    ...                 Verdict.LOW_GAIN)
    >>> why(who, thresholds=Thresholds(1.0, 1.0))
    'gain 0.15 is below 1. L(ε) 3.84, L(e(c, r)) 2.84, L(e(c, ε)) 2.99. p(start) 0.100, 2 samples.'
    >>> why(who, thresholds=Thresholds(0.75, -0.25)).partition(". ")[0]
    'used 0.15 is below 0.75 (help 0.99)'
    """
    gain = _gain(candidate, thresholds)
    losses = candidate.losses
    reasons = {
        Verdict.KEPT: f"{gain}.",
        Verdict.LOW_GAIN: _too_low(candidate, thresholds),
        Verdict.UNHELPFUL: f"{gain}, which is below {thresholds.help:g}: its output is used, and "
        "the text is likelier without the call.",
        Verdict.OUTBID: f"{gain}, but a call with a better gain is here or near.",
        Verdict.PEEKS: f"its arguments are read off the text after it ({gain}).",
        Verdict.TRIVIAL: "its output is its argument, or stands just before it.",
        Verdict.UNREADABLE: "what was sampled is not a call.",
        Verdict.TOOL_ERROR: candidate.error or "",
        Verdict.UNAVAILABLE: candidate.error or "",
        Verdict.NOT_RENDERABLE: f"its output cannot be written into a text: {candidate.output!r}.",
        Verdict.PRUNED: "no call can gain enough where the text is so easy to predict.",
        None: "not decided.",
    }
    said = [reasons[candidate.verdict]]
    if losses is not None:
        said.append(_losses(losses))
    if losses is not None and candidate.placebo and candidate.placebo.with_output is not None:
        said.append(_placebo(candidate.placebo, losses))
    plural = "" if candidate.count == 1 else "s"
    samples = f", {candidate.count} sample{plural}" if candidate.count else ""
    start = "" if candidate.start_gain is None else f", start gain {candidate.start_gain:.2f}"
    said.append(f"p(start) {candidate.start_prob:.3f}{start}{samples}.")
    return " ".join(said)


def dozen(documents: Iterable[AnnotatedDocument], tools: Sequence[str]) -> list[AnnotatedDocument]:
    """Returns up to twelve documents with kept calls, as many of each tool as there are."""
    per_tool = -(-12 // max(len(tools), 1))
    chosen: dict[str, list[AnnotatedDocument]] = {name: [] for name in tools}
    spare: list[AnnotatedDocument] = []
    for annotated in documents:
        names = dict.fromkeys(placed.call.tool for placed in annotated.kept)  # in text order
        name = min(names, key=lambda each: len(chosen[each]), default=None)
        if name is None:
            continue
        if len(chosen[name]) < per_tool:
            chosen[name].append(annotated)
        elif len(spare) < 12:
            spare.append(annotated)
        if all(len(each) == per_tool for each in chosen.values()):
            break
    found = [annotated for each in chosen.values() for annotated in each]
    return (found + spare)[:12]


def _calls_in_text(
    document: Document,
    candidates: Sequence[Candidate],
    grammar: CallGrammar,
    thresholds: Mapping[str, Thresholds],
    *,
    around: int,
) -> Text:
    """Returns the name of a document, and its text near some calls with these in it."""
    text = document.text
    shown = Text().append(f"{clean(document.id)}\n", style="dim")
    for start, end in _stretches([each.position for each in candidates], len(text), around):
        if start > 0:
            shown.append("… ")
        position = start
        for each in candidates:
            if start <= each.position <= end:
                shown.append(clean(text[position : each.position]))
                shown.append(_call(each, grammar, thresholds[each.tool]))
                position = each.position
        shown.append(clean(text[position:end]))
        if end < len(text):
            shown.append(" …")
    return shown


def _call(candidate: Candidate, grammar: CallGrammar, thresholds: Thresholds) -> Text:
    """Returns a call as it would stand in the text, with its gain, or both where they differ."""
    shown = Text()
    if candidate.arguments is None:
        shown.append(grammar.lead(candidate.tool), style=STYLES["call"])
    elif candidate.verdict not in (Verdict.UNREADABLE, Verdict.NOT_RENDERABLE):
        call = ToolCall(candidate.tool, candidate.arguments)
        for segment in grammar.segments("", [PlacedCall(0, call, candidate.output)]):
            shown.append(segment.text, style=STYLES[segment.kind])
    else:
        shown.append(
            grammar.lead(candidate.tool) + clean(candidate.arguments), style=STYLES["call"]
        )
    losses = candidate.losses
    if losses is not None and losses.gain is not None:
        gains = (
            f"{losses.gain:+.2f}"
            if thresholds.are_equal
            else f"used {losses.used:+.2f}, help {losses.help:+.2f}"
        )
        shown.append(f"⟨{gains}⟩", style=_GAIN_STYLE)
    return shown


def _stretches(positions: Sequence[int], length: int, around: int) -> list[tuple[int, int]]:
    """Returns the half-open ranges of a text that lie near some positions.

    >>> _stretches([10, 15, 90], 100, 5)
    [(5, 20), (85, 95)]
    """
    found: list[tuple[int, int]] = []
    for position in sorted(positions):
        start, end = max(0, position - around), min(length, position + around)
        if found and start <= found[-1][1]:
            start, _ = found.pop()
        found.append((start, end))
    return found


def _gain(candidate: Candidate, thresholds: Thresholds) -> str:
    losses = candidate.losses
    if losses is None:
        return "gain unknown"
    if losses.gain is None:
        return f"gain at most {losses.gain_at_most:.2f}"
    if thresholds.are_equal:
        return f"gain {losses.gain:.2f}"
    return f"used {losses.used:.2f}, help {losses.help:.2f}"


def _too_low(candidate: Candidate, thresholds: Thresholds) -> str:
    losses = candidate.losses
    if thresholds.are_equal or losses is None or losses.gain is None:
        return f"{_gain(candidate, thresholds)} is below {thresholds.help:g}."
    return f"used {losses.used:.2f} is below {thresholds.used:g} (help {losses.help:.2f})."


def _placebo(placebo: Placebo, losses: Losses) -> str:
    beside = placebo.beside(losses)
    return (
        f"With another call's output, {clean(placebo.output)}: used {beside.used:.2f}, "
        f"help {beside.help:.2f}."
    )


def _losses(losses: Losses) -> str:
    said = [f"L(ε) {losses.no_call:.2f}"]
    if losses.with_output is not None:
        said.append(f"L(e(c, r)) {losses.with_output:.2f}")
    if losses.no_output is not None:
        said.append(f"L(e(c, ε)) {losses.no_output:.2f}")
    return ", ".join(said) + "."
