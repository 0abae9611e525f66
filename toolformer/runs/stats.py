"""The counts of a run per tool and verdict, added up from its documents."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from toolformer.files import from_json
from toolformer.records import AnnotatedDocument, Candidate, Verdict


@dataclass(frozen=True, slots=True)
class ToolStats:
    """The counts of one tool's proposals."""

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
    def unavailable(self) -> int:
        """The number of calls for which what the tool relies on could not be reached."""
        return self.verdicts.get(Verdict.UNAVAILABLE, 0)

    @property
    def kept_share(self) -> float:
        """Kept calls among the proposed, between 0 and 1."""
        return self.kept / self.proposed if self.proposed else 0.0


@dataclass(frozen=True, slots=True)
class RunStats:
    """The counts of a run."""

    documents: int = 0
    documents_kept: int = 0  # documents with a kept call
    problems: int = 0  # things in the corpus that could not be read
    skipped: Mapping[str, int] = field(default_factory=dict)  # documents by reason
    tools: Mapping[str, ToolStats] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Returns the counts as JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "RunStats":
        """Returns the stats `to_dict` made these values of."""
        return from_json(cls, values)


class StatsCounter:
    """Counts documents as they come by."""

    def __init__(self) -> None:
        self._documents = self._kept = 0
        self._skipped: Counter[str] = Counter()
        self._totals: dict[str, Counter[str]] = {}
        self._verdicts: dict[str, Counter[str]] = {}

    def add(self, documents: Iterable[AnnotatedDocument]) -> None:
        """Counts what became of some documents' candidates."""
        for annotated in documents:
            self._documents += 1
            self._kept += any(each.verdict is Verdict.KEPT for each in annotated.candidates)
            if annotated.skipped is not None:
                self._skipped[annotated.skipped] += 1
            by_tool: dict[str, list[Candidate]] = {name: [] for name in annotated.tried}
            for candidate in annotated.candidates:
                by_tool.setdefault(candidate.tool, []).append(candidate)
            for name, candidates in by_tool.items():
                self._add_text(name, candidates)

    def stats(self, *, problems: int = 0) -> RunStats:
        """Returns what was counted."""
        tools = {
            name: ToolStats(
                **self._totals[name], verdicts=dict(sorted(self._verdicts[name].items()))
            )
            for name in sorted(self._totals)
        }
        skipped = dict(sorted(self._skipped.items()))
        return RunStats(self._documents, self._kept, problems, skipped, tools)

    def _add_text(self, tool: str, candidates: Sequence[Candidate]) -> None:
        """Counts what one tool was worth to one text."""
        totals = self._totals.setdefault(tool, Counter())
        verdicts = Counter(each.verdict.value for each in candidates if each.verdict is not None)
        calls = [each for each in candidates if each.arguments is not None]
        totals["texts_tried"] += 1
        totals["texts_proposed"] += bool(calls)
        totals["texts_kept"] += Verdict.KEPT in verdicts
        totals["places"] += len({each.position for each in candidates})
        totals["proposed"] += len(calls)
        totals["executed"] += sum(
            each.output is not None or each.error is not None for each in calls
        )
        totals["scored"] += sum(
            each.losses is not None and each.losses.with_output is not None for each in calls
        )
        self._verdicts.setdefault(tool, Counter()).update(verdicts)


def count_documents(documents: Iterable[AnnotatedDocument]) -> RunStats:
    """Counts what became of some documents' candidates."""
    counter = StatsCounter()
    counter.add(documents)
    return counter.stats()
