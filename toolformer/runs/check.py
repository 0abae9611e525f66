"""Whether an annotated document can be of a run: its tools, its places, its calls, its verdicts.

A run may come from a stranger, and what is wrong in it would be learned without a word.
"""

from dataclasses import dataclass

from toolformer.calls import CallGrammar, grammar_from_dict
from toolformer.errors import clipped
from toolformer.records import AnnotatedDocument, Candidate, UntriedPlace, Verdict
from toolformer.runs.manifest import RunManifest
from toolformer.runs.select import FINAL, select
from toolformer.runs.thresholds import Thresholds


@dataclass(frozen=True, slots=True)
class DocumentCheck:
    """What a run's manifest asks of its documents."""

    thresholds: dict[str, Thresholds]  # of the verdicts as they are stored, in tool order
    grammar: CallGrammar
    allow_peeking: bool

    @classmethod
    def of(cls, manifest: RunManifest) -> "DocumentCheck":
        """Returns what a manifest asks."""
        return cls(
            {tool.name: tool.thresholds for tool in manifest.tools},
            grammar_from_dict(manifest.grammar),
            manifest.allow_peeking,
        )

    def __call__(self, annotated: AnnotatedDocument) -> None:
        """Refuses a document that the run cannot have.

        Raises:
            ValueError: names the field and its value.
        """
        for name in annotated.tried:
            if name not in self.thresholds:
                raise ValueError(f"tried: {clipped(name)!r} is not a tool of the run")
        for number, place in enumerate(annotated.untried):
            field, reason = _place_fault(place, annotated)
            if field:
                raise ValueError(f"untried.{number}.{field}: {reason}")
        candidates = annotated.candidates
        if not candidates:
            return
        if annotated.skipped is not None:
            raise ValueError("skipped: it is not null, and there are candidates")
        if self.grammar.holds_call(annotated.document.text):
            raise ValueError("text: it holds a call already, and there are candidates")
        for number, candidate in enumerate(candidates):
            field, reason = self._fault(candidate, annotated)
            if field:
                raise ValueError(f"candidates.{number}.{field}: {reason}")
        selected = select(candidates, thresholds=self.thresholds, allow_peeking=self.allow_peeking)
        for number, (candidate, other) in enumerate(zip(candidates, selected, strict=True)):
            if candidate is not other:
                raise ValueError(
                    f"candidates.{number}.verdict: it is {candidate.verdict}, and {other.verdict} "
                    "by the losses"
                )

    def _fault(self, candidate: Candidate, annotated: AnnotatedDocument) -> tuple[str, str]:
        """Returns the field of a candidate that is wrong, and why; empty texts where none is."""
        if (fault := _place_fault(candidate, annotated))[0]:
            return fault
        failed = candidate.verdict in (Verdict.TOOL_ERROR, Verdict.UNAVAILABLE)
        if failed is (candidate.error is None) or (failed and candidate.output is not None):
            return "error", f"it does not go with the verdict {candidate.verdict}"
        if candidate.gain is None:
            return "", ""
        if candidate.verdict in FINAL and candidate.verdict is not Verdict.TRIVIAL:
            return "verdict", f"it is {candidate.verdict}, and the call was scored"
        call, output = candidate.call, candidate.output
        if call is None or not self.grammar.is_readable(call):
            return "arguments", f"they cannot be read back: {self.grammar.call_rule}"
        if output is None or not self.grammar.is_renderable_output(output):
            return "output", f"it cannot be read back: {self.grammar.output_rule}"
        placebo = candidate.placebo
        if placebo is not None and not self.grammar.is_renderable_output(placebo.output):
            return "placebo_output", f"it cannot be read back: {self.grammar.output_rule}"
        return "", ""


def _place_fault(place: Candidate | UntriedPlace, annotated: AnnotatedDocument) -> tuple[str, str]:
    """Returns the field of a place that no such document has, and why; empty texts if it has."""
    length = len(annotated.document.text)
    if place.position > length:
        return "position", f"{place.position} lies outside the text of {length} characters"
    if place.tool not in annotated.tried:
        return "tool", f"{clipped(place.tool)!r} is not among the tools that were tried"
    return "", ""
