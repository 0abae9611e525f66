"""Exemplars that a model proposes: the best calls of a pilot over some texts of a corpus."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from toolformer.annotate.config import AnnotateConfig
from toolformer.annotate.demonstrations.demonstration import Demonstration
from toolformer.annotate.demonstrations.exemplars_file import exemplars_content
from toolformer.annotate.demonstrations.shapes import shape_of
from toolformer.annotate.demonstrations.stretches import around
from toolformer.annotate.documents import Corpus
from toolformer.annotate.progress import RunProgress
from toolformer.annotate.run import annotate
from toolformer.corpus import CorpusProblem
from toolformer.dates import find_date
from toolformer.errors import ConfigError
from toolformer.lm.base import LanguageModel
from toolformer.records import AnnotatedDocument, Candidate, Losses, Verdict
from toolformer.runs.stats import RunStats
from toolformer.tools.base import Tool
from toolformer.tools.registry import load_tool
from toolformer.tools.toolbox import Toolbox

PROPOSED = 10
PILOT_TEXTS = 50

# A pilot looks at more places than an annotation: its demonstrations are not of the corpus, and it
# is asked for its best calls alone. Whatever does not harm is ranked.
_PILOT: dict[str, Any] = {
    "method": "in-context",
    "max_documents": PILOT_TEXTS,
    "max_positions": 15,
    "gain_threshold": 0.0,
    "prune_below": 0.0,
}


@dataclass(frozen=True, slots=True)
class ProposedExemplar:
    """A call that a pilot found, in its text."""

    document_id: str
    demonstration: Demonstration  # with this one call
    losses: Losses

    @property
    def gain(self) -> float:
        """Of what its output is used and what the call helps, the less; nats."""
        return self.losses.gain or 0.0


@dataclass(frozen=True, slots=True)
class Pilot:
    """The exemplars that were found, the best first, and what became of all calls of the tool."""

    proposed: tuple[ProposedExemplar, ...]
    tool: Tool
    stats: RunStats

    @property
    def shortfall(self) -> str:
        """Why nothing was found, as a sentence."""
        name = self.tool.name
        counts = self.stats.tools.get(name)
        texts = _count(self.stats.documents, "text")
        if counts is None or not counts.texts_tried:
            dated = "today" in self.tool.context
            wanted = ": it asks what day it is, and texts may lack a date" if dated else ""
            return f"{name} suits none of {texts}{wanted}."
        said = f"{name} was tried on {counts.texts_tried} of {texts}: "
        if not counts.proposed:
            return f"{said}the model proposed no call."
        asked = _count(counts.proposed, "call")
        if not counts.scored:
            return f"{said}of {asked} that the model proposed, none has an output to be judged by."
        return f"{said}of {asked} that the model proposed, none makes its text easier to predict."


def propose_exemplars(
    corpus: Corpus,
    *,
    model: LanguageModel | str | Path,
    tool: Tool | str,
    count: int = PROPOSED,
    config: AnnotateConfig | Mapping[str, Any] | None = None,
    strict: bool = False,
    on_progress: Callable[[RunProgress], None] | None = None,
    on_problem: Callable[[CorpusProblem], None] | None = None,
) -> Pilot:
    """Annotates the first texts of a corpus and returns the best calls, for a person to choose.

    They are ranked by the less of what a call's output is used and what the call helps. A text
    gives one at most, and half of them at most are of one shape, unless there are no others. Of
    a text of more than 600 characters the stretch around the call is proposed.

    Args:
        corpus: what `annotate` reads.
        model: proposes calls and judges them.
        tool: the tool, or its spec.
        count: how many exemplars at most.
        config: what is set differs from a pilot over 50 texts that tries 15 places in each.
        strict: whether a record that cannot be read ends the pilot.
        on_progress: called as `annotate` does.
        on_problem: called as `annotate` does.

    Raises:
        ConfigError: a setting is wrong.
        CorpusError: there is nothing to read.

    >>> from tempfile import TemporaryDirectory
    >>> from toolformer.annotate.demonstrations import write_exemplars
    >>> from toolformer.lm.scripted import ScriptedCall, ScriptedLanguageModel
    >>> sums = ScriptedCall("Calculator", after="303 + 453 =", writes=("303 + 453)",))
    >>> texts = ["There are 303 + 453 = 756 balloons in the room."]
    >>> pilot = propose_exemplars(texts, model=ScriptedLanguageModel([sums]), tool="calculator")
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "exemplars.txt")
    ...     write_exemplars(path, [each.demonstration for each in pilot.proposed])
    ...     path.read_text().strip()
    'There are 303 + 453 = [Calculator(303 + 453) -> 756] 756 balloons in the room.'
    """
    own = load_tool(tool) if isinstance(tool, str) else tool
    settings = _settings(config)
    with TemporaryDirectory(prefix="toolformer-pilot-") as folder, Toolbox([own]) as toolbox:
        run = annotate(
            corpus,
            model=model,
            tools=toolbox,
            out=Path(folder) / "run",
            config=settings,
            strict=strict,
            on_progress=on_progress,
            on_problem=on_problem,
        )
        best = sorted(filter(None, map(_best, run.documents())), key=lambda each: -each.gain)
        return Pilot(_varied(best, own, count=count), own, run.stats())


def _settings(config: AnnotateConfig | Mapping[str, Any] | None) -> AnnotateConfig:
    given = AnnotateConfig(**config) if isinstance(config, Mapping) else config or AnnotateConfig()
    changed = {name: getattr(given, name) for name in given.model_fields_set}
    return AnnotateConfig(**_PILOT | changed)


def _best(annotated: AnnotatedDocument) -> ProposedExemplar | None:
    """Returns the best call of a document that could be an exemplar; None where there is none."""
    kept = [each for each in annotated.candidates if each.verdict is Verdict.KEPT]
    today = find_date(annotated.document.meta.get("date"))
    for candidate in sorted(kept, key=_rank):
        whole = Demonstration(annotated.document.text, (candidate.placed,), today)
        shown = around(whole, candidate.placed)
        if candidate.losses and (candidate.gain or 0.0) > 0 and _is_writable(shown):
            return ProposedExemplar(annotated.document.id, shown, candidate.losses)
    return None


def _rank(candidate: Candidate) -> tuple[float, int]:
    return -(candidate.gain or 0.0), candidate.position


def _is_writable(shown: Demonstration) -> bool:
    """Returns whether a file of exemplars can hold it: its text begins no call of the tool."""
    try:
        exemplars_content("any.jsonl", [shown])
    except ConfigError:
        return False
    return True


def _varied(
    best: Sequence[ProposedExemplar], tool: Tool, *, count: int
) -> tuple[ProposedExemplar, ...]:
    """Returns the first, half of them at most of one shape while there are others, in order."""
    most = max(1, count // 2)
    seen: Counter[str] = Counter()
    texts: set[str] = set()
    first: list[int] = []
    later: list[int] = []
    for number, each in enumerate(best):
        text, [placed] = each.demonstration.text, each.demonstration.calls
        if text in texts:
            continue
        texts.add(text)
        shape = shape_of(placed, text, vocabulary=tool.vocabulary)
        (first if seen[shape] < most else later).append(number)
        seen[shape] += 1
    return tuple(best[number] for number in sorted([*first, *later][:count]))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
