"""Losses against plain forwards: `python -m benchmarks.exactness`.

The oracle in tests/oracle.py reads one text, place and call at a time, without batches and caches.
Tiny models of several architectures with random weights, whose losses depend sharply on every
token, judge calls that are given to them; the embedded model, or whichever is named, those it
proposed itself. Its kept calls are taken with pruning, too, and with every loss scored.
"""

import argparse
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks import report
from tests.models import save_model
from tests.oracle import Oracle, load_oracle
from toolformer.annotate import AnnotateConfig, annotate
from toolformer.annotate.methods.losses import ask_losses
from toolformer.assets import EMBEDDED_MODEL, asset
from toolformer.calls import ToolCall
from toolformer.corpus.read import read_corpus
from toolformer.lm.base import LanguageModel, LossRequest
from toolformer.lm.registry import load_model
from toolformer.records import AnnotatedDocument, Candidate, Document, Losses, Verdict
from toolformer.runs import Thresholds, select
from toolformer.runs.directory import Run
from toolformer.tools.registry import default_tools

ARCHITECTURES = ("gpt2", "gptj", "gpt_neox", "llama")
TOLERANCE = 1e-4  # nats
WEIGHTS = (5 / 15, 4 / 15, 3 / 15, 2 / 15, 1 / 15)  # the oracle's own, written another way
PLACES = 4  # of a text, for the models that propose none
CALLS = (
    (ToolCall("Calculator", "12 + 30"), "42"),
    (ToolCall("Database", "France, capital"), "Paris"),
    (ToolCall("Calendar", "today"), "Friday, March 3, 2023"),
)


@dataclass(frozen=True, slots=True)
class Agreement:
    """How a run's losses compare with the oracle's."""

    name: str
    candidates: int
    losses: int
    furthest: float  # nats
    kept: int
    kept_by_oracle: int
    same_kept: bool


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description="Losses against plain forwards.")
    parser.add_argument("--model", default=EMBEDDED_MODEL, help="a directory or nano; - for none")
    parser.add_argument("--texts", type=int, default=60, help="of the sample corpus, per model")
    parser.add_argument("--write", type=Path, help="put the tables into this file")
    arguments = parser.parse_args()
    documents = list(read_corpus(asset("sample.jsonl.gz"), max_documents=arguments.texts))
    with tempfile.TemporaryDirectory(prefix="toolformer-exactness-") as folder:
        short = [replace(each, text=each.text[:100]) for each in documents]
        found = [_random(name, short, Path(folder)) for name in ARCHITECTURES]
        pruning = "Pruning: no trained model was named."
        if arguments.model != "-":
            trained, pruning = _trained(arguments.model, documents, Path(folder))
            found.append(trained)
    text = report.section(
        "Exactness",
        [_agreements(found), pruning],
        module="benchmarks.exactness",
        settings={"texts": f"{len(documents)} a model", "dtype": "float32"},
    )
    report.publish(text, name="exactness", path=arguments.write)


def agreement(
    name: str,
    annotated: Sequence[AnnotatedDocument],
    oracle: Oracle,
    *,
    thresholds: Mapping[str, float | Thresholds],
) -> Agreement:
    """Takes every stored loss again by plain forwards, and selects by those."""
    furthest, losses = 0.0, 0
    kept: list[tuple[str, int]] = []
    by_oracle: list[tuple[str, int]] = []
    for each in annotated:
        plain = []
        for candidate in each.candidates:
            again, distances = _again(each.document.text, candidate, oracle)
            losses += len(distances)
            furthest = max([furthest, *distances])
            plain.append(again)
        chosen = select(plain, thresholds=thresholds, allow_peeking=True)
        kept += [(each.document.id, i) for i in _kept(each.candidates)]
        by_oracle += [(each.document.id, i) for i in _kept(chosen)]
    count = sum(c.losses is not None for each in annotated for c in each.candidates)
    return Agreement(name, count, losses, furthest, len(kept), len(by_oracle), kept == by_oracle)


def _again(text: str, candidate: Candidate, oracle: Oracle) -> tuple[Candidate, list[float]]:
    """Returns a candidate with the oracle's losses, and how far the stored ones are from them."""
    stored = candidate.losses
    if stored is None:
        return candidate, []
    place, call = candidate.position, candidate.call

    def plain(asked: LossRequest) -> float:
        log_probs: list[float] = oracle.log_probs(asked).tolist()
        return sum(-w * p for w, p in zip(WEIGHTS, log_probs, strict=False))

    again = Losses(plain(LossRequest(text, place)))
    pairs = [(stored.no_call, again.no_call)]
    if stored.with_output is not None:
        again = replace(again, with_output=plain(LossRequest(text, place, call, candidate.output)))
        pairs.append((stored.with_output, again.with_output or 0.0))
    if stored.no_output is not None:
        again = replace(again, no_output=plain(LossRequest(text, place, call)))
        pairs.append((stored.no_output, again.no_output or 0.0))
    return replace(candidate, losses=again), [abs(one - other) for one, other in pairs]


def _kept(candidates: Sequence[Candidate]) -> list[int]:
    return [i for i, each in enumerate(candidates) if each.verdict is Verdict.KEPT]


def _random(name: str, documents: Sequence[Document], folder: Path) -> Agreement:
    """Lets a random model judge given calls at some places of every text."""
    directory = save_model(folder / name, name)
    model = load_model(str(directory), device="cpu")
    thresholds = {call.tool: 0.0 for call, _ in CALLS}
    annotated = [
        AnnotatedDocument(each, (), candidates=_judged(each.text, model, thresholds))
        for each in documents
    ]
    oracle = load_oracle(directory)
    return agreement(f"{name}, random weights", annotated, oracle, thresholds=thresholds)


def _judged(
    text: str, model: LanguageModel, thresholds: Mapping[str, float]
) -> tuple[Candidate, ...]:
    ends = [int(end) for end in model.token_ends(text)[:-1]]
    places = ends[:: max(1, len(ends) // PLACES)][:PLACES]
    asked = [(place, call, output) for place in places for call, output in CALLS]
    requests = [
        request
        for place, call, output in asked
        for request in (
            LossRequest(text, place),
            LossRequest(text, place, call, output),
            LossRequest(text, place, call),
        )
    ]
    losses = ask_losses(model, requests)
    candidates = [
        Candidate(
            place,
            call.tool,
            call.arguments,
            1.0,
            1,
            output,
            losses=Losses(*losses[3 * number : 3 * number + 3]),
            token=ends.index(place) + 1,
        )
        for number, (place, call, output) in enumerate(asked)
    ]
    return select(candidates, thresholds=thresholds, allow_peeking=True)


def _trained(name: str, documents: Sequence[Document], folder: Path) -> tuple[Agreement, str]:
    """Annotates with every loss scored and with pruning; compares with oracle and each other."""
    model = load_model(name, device="cpu")
    config = AnnotateConfig(max_positions=5, samples=2, allow_peeking=True)
    full, pruned = (
        annotate(
            list(documents), model=model, tools=default_tools(), out=folder / label, config=settings
        )
        for label, settings in (
            ("full", config.override(prune_below=0.0, keep_all_losses=True)),
            ("pruned", config),
        )
    )
    directory = asset(name) if name == EMBEDDED_MODEL else Path(name)
    found = agreement(
        name,
        list(full.documents()),
        load_oracle(directory),
        thresholds=full.thresholds,
    )
    kept = [
        [(each.document.id, call) for each in run.documents() for call in each.kept]
        for run in (full, pruned)
    ]
    rows: list[list[report.Cell]] = [
        [label, len(calls), _fully_scored(run)]
        for label, calls, run in (
            ("every loss scored", kept[0], full),
            ("with pruning", kept[1], pruned),
        )
    ]
    same = "the same calls are kept" if kept[0] == kept[1] else "OTHER CALLS ARE KEPT"
    return found, report.table([f"{name}: {same}", "kept", "calls scored in full"], rows)


def _fully_scored(run: Run) -> int:
    candidates = (candidate for each in run.documents() for candidate in each.candidates)
    return sum(each.gain is not None for each in candidates)


def _agreements(found: Sequence[Agreement]) -> str:
    rows: list[list[report.Cell]] = [
        [
            each.name,
            each.candidates,
            each.losses,
            f"{each.furthest:.1e}" + ("" if each.furthest <= TOLERANCE else " (TOO FAR)"),
            each.kept,
            each.kept_by_oracle,
            "yes" if each.same_kept else "NO",
        ]
        for each in found
    ]
    rows.append(
        [
            "all",
            sum(each.candidates for each in found),
            sum(each.losses for each in found),
            f"{max(each.furthest for each in found):.1e}",
            sum(each.kept for each in found),
            sum(each.kept_by_oracle for each in found),
            "yes" if all(each.same_kept for each in found) else "NO",
        ]
    )
    header = ["model", "candidates", "losses", "furthest apart, nats", "kept", "kept by oracle"]
    return report.table([*header, "the same calls"], rows)


if __name__ == "__main__":
    main()
