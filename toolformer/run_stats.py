"""What a run amounts to: counts per tool and verdict, added up from its documents."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from toolformer.records import AnnotatedDocument, Candidate, Verdict


@dataclass(frozen=True, slots=True)
class ToolStats:
    """What became of one tool's proposals."""

    texts_tried: int = 0  # texts that suited the tool
    texts_proposed: int = 0  # of these, texts with a proposed call
    texts_kept: int = 0  # of these, texts with a kept call
    places: int = 0  # places where a call could go, pruned ones included
    proposed: int = 0  # distinct calls that were sampled, unreadable ones included
    executed: int = 0  # calls the tool answered, with an output or an error
    scored: int = 0  # calls whose L(e(c, r)) was taken
    verdicts: Mapping[str, int] = field(default_factory=dict)

    @property
    def kept(self) -> int:
        """The number of kept calls."""
        return self.verdicts.get(Verdict.KEPT, 0)

    @property
    def kept_share(self) -> float:
        """Kept calls among the proposed, between 0 and 1."""
        return self.kept / self.proposed if self.proposed else 0.0


@dataclass(frozen=True, slots=True)
class RunStats:
    """What a run amounts to."""

    documents: int = 0
    documents_kept: int = 0  # documents with a kept call
    problems: int = 0  # what the corpus held and could not be read
    skipped: Mapping[str, int] = field(default_factory=dict)  # documents by reason
    tools: Mapping[str, ToolStats] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Returns the counts as JSON values."""
        return {
            "documents": self.documents,
            "documents_kept": self.documents_kept,
            "problems": self.problems,
            "skipped": dict(self.skipped),
            "tools": {
                name: {
                    "texts_tried": stats.texts_tried,
                    "texts_proposed": stats.texts_proposed,
                    "texts_kept": stats.texts_kept,
                    "places": stats.places,
                    "proposed": stats.proposed,
                    "executed": stats.executed,
                    "scored": stats.scored,
                    "verdicts": dict(stats.verdicts),
                }
                for name, stats in self.tools.items()
            },
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "RunStats":
        """Returns the stats `to_dict` made these values of."""
        tools = {name: ToolStats(**stats) for name, stats in values["tools"].items()}
        return cls(**{**values, "tools": tools})


def count_documents(documents: Iterable[AnnotatedDocument], *, problems: int = 0) -> RunStats:
    """Counts what became of some documents' candidates."""
    totals: dict[str, Counter[str]] = {}
    verdicts: dict[str, Counter[str]] = {}
    skipped: Counter[str] = Counter()
    number = kept = 0
    for annotated in documents:
        number += 1
        kept += any(each.verdict is Verdict.KEPT for each in annotated.candidates)
        if annotated.skipped is not None:
            skipped[annotated.skipped] += 1
        by_tool: dict[str, list[Candidate]] = {name: [] for name in annotated.tried}
        for candidate in annotated.candidates:
            by_tool.setdefault(candidate.tool, []).append(candidate)
        for name, candidates in by_tool.items():
            totals.setdefault(name, Counter()).update(_count(candidates))
            verdicts.setdefault(name, Counter()).update(
                str(each.verdict) for each in candidates if each.verdict is not None
            )
    tools = {
        name: ToolStats(**totals[name], verdicts=dict(sorted(verdicts[name].items())))
        for name in sorted(totals)
    }
    return RunStats(number, kept, problems, dict(sorted(skipped.items())), tools)


def _count(candidates: list[Candidate]) -> dict[str, int]:
    """Counts what one tool was worth to one text."""
    proposed = [each for each in candidates if each.arguments is not None]
    return {
        "texts_tried": 1,
        "texts_proposed": int(bool(proposed)),
        "texts_kept": int(any(each.verdict is Verdict.KEPT for each in candidates)),
        "places": len({each.position for each in candidates}),
        "proposed": len(proposed),
        "executed": sum(each.output is not None or each.error is not None for each in proposed),
        "scored": sum(
            each.losses is not None and each.losses.with_output is not None for each in proposed
        ),
    }
