"""Which texts are trained on, and which are held out: drawn from one or several runs.

Knows no token and no model. What is drawn depends on texts and seed alone, not on their order.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from heapq import nsmallest
from pathlib import Path

from toolformer.calls import PlacedCall
from toolformer.errors import ConfigError
from toolformer.finetune.config import FinetuneConfig
from toolformer.records import AnnotatedDocument, Document, Verdict
from toolformer.runs.directory import Run
from toolformer.runs.manifest import RunManifest
from toolformer.runs.reading import read_selected, resolve_thresholds
from toolformer.runs.select import winners

_HELD_OUT_SHARE = 10  # one text in so many is held out, at most


@dataclass(frozen=True, slots=True)
class SelectedRun:
    """A run with the verdicts that count."""

    name: str  # for messages
    manifest: RunManifest
    thresholds: Mapping[str, float]  # τf in nats, by tool
    documents: Iterable[AnnotatedDocument]


@dataclass(frozen=True, slots=True)
class TrainingText:
    """A text and the calls to be learned in it."""

    id: str
    text: str
    calls: tuple[PlacedCall, ...] = ()
    tokens_before: tuple[
        int | None, ...
    ] = ()  # per call: the text's tokens before it, as the run counted

    @property
    def tools(self) -> frozenset[str]:
        """The names of the tools it calls."""
        return frozenset(each.call.tool for each in self.calls)


@dataclass(frozen=True, slots=True)
class Texts:
    """What the documents of the runs become."""

    training: tuple[TrainingText, ...]
    dev: tuple[TrainingText, ...]  # held out: no training text is among them
    mixed: int  # how many of the training texts come from no run
    left_out: Mapping[str, int]  # documents by reason

    @property
    def per_tool(self) -> dict[str, int]:
        """How many training texts call each tool."""
        counted = Counter(tool for text in self.training for tool in text.tools)
        return dict(sorted(counted.items()))


def read_run(
    path: str | Path | Run, *, threshold: float | None = None, allow_peeking: bool | None = None
) -> SelectedRun:
    """Opens a run with the verdicts for a threshold.

    Args:
        path: the run directory, or the run.
        threshold: τf for all tools; the run's own when None.
        allow_peeking: whether calls that peek compete; as in the run when None.

    Raises:
        RunError: the directory is not a run.
        ConfigError: the threshold is below what the run can answer for.
    """
    run = path if isinstance(path, Run) else Run.open(path)
    return SelectedRun(
        name=str(run.path),
        manifest=run.manifest,
        thresholds=resolve_thresholds(run.manifest, threshold),
        documents=read_selected(run, threshold, allow_peeking=allow_peeking),
    )


def merge(
    runs: Sequence[Iterable[AnnotatedDocument]], *, tools: Sequence[str]
) -> Iterator[AnnotatedDocument]:
    """Yields the documents of several runs, each once, with the kept calls of all of them.

    Documents are the same if their id and text are. Of calls that stand at one place or within
    five tokens of each other the one with the best gain stays.

    Args:
        runs: their documents; those of a single run pass as they are.
        tools: the names in tool order, for equal gains.
    """
    if len(runs) == 1:
        yield from runs[0]
        return
    order = {name: number for number, name in enumerate(tools)}
    merged: dict[bytes, AnnotatedDocument] = {}
    for run in runs:
        for annotated in run:
            kept = tuple(each for each in annotated.candidates if each.verdict is Verdict.KEPT)
            key = _digest(annotated.document.id, annotated.document.text)
            known = merged.get(key)
            if known is None:
                merged[key] = replace(annotated, candidates=kept)
                continue
            merged[key] = replace(
                known,
                tried=tuple(dict.fromkeys(known.tried + annotated.tried)),
                skipped=known.skipped and annotated.skipped,
                candidates=known.candidates + kept,
            )
    for annotated in merged.values():
        stay = winners(annotated.candidates, order=order)
        kept = tuple(each for n, each in enumerate(annotated.candidates) if n in stay)
        yield replace(annotated, candidates=kept)


def choose(
    documents: Iterable[AnnotatedDocument],
    *,
    config: FinetuneConfig,
    mixed: Iterable[Document] = (),
) -> Texts:
    """Draws the texts to train on and holds out others.

    Held out are the texts with the smallest hashes, whatever the seed and the selection, so that
    all models tuned on a run are judged by the same texts. Texts are then taken in an order drawn
    by the seed while all tools they call have room; those that call the rarest tools come first,
    so that texts with calls of several tools do not leave a rare tool out.

    Args:
        documents: of the runs, merged.
        config: what is drawn.
        mixed: texts from elsewhere, which are all trained on as they are.

    Raises:
        ConfigError: no text is left to train on.
    """
    kept: dict[bytes, TrainingText] = {}
    unkept: dict[bytes, TrainingText] = {}
    smallest: dict[bytes, TrainingText] = {}
    left_out: Counter[str] = Counter()
    usable = 0
    for annotated in documents:
        document = annotated.document
        if annotated.skipped is not None:
            left_out["skipped"] += 1
            continue
        usable += 1
        key = _digest(document.text)
        text = _training_text(annotated)
        smallest.setdefault(key, text)
        if len(smallest) > 2 * config.dev_texts + 1:
            smallest = {each: smallest[each] for each in nsmallest(config.dev_texts, smallest)}
        name = _digest(document.id, document.text)
        if text.calls:
            kept[name] = text
        elif config.plain_texts:
            unkept[name] = text
        else:
            left_out["nothing kept"] += 1
    dev = nsmallest(min(config.dev_texts, usable // _HELD_OUT_SHARE), smallest)
    held_out = frozenset(dev)

    def trainable(texts: Iterable[TrainingText]) -> Iterator[TrainingText]:
        for text in texts:
            if _digest(text.text) in held_out:
                left_out["held out"] += 1
            else:
                yield text

    annotated_texts = _draw_per_tool(list(trainable(kept.values())), config=config)
    left_out["over max_per_tool"] = len(kept) - left_out["held out"] - len(annotated_texts)
    plain = _in_drawn_order(trainable(unkept.values()), seed=config.seed)
    if config.plain_texts != "all":
        left_out["over plain_texts"] = max(0, len(plain) - config.plain_texts)
        plain = plain[: config.plain_texts]
    others = tuple(trainable(TrainingText(each.id, each.text) for each in mixed))
    return Texts(
        training=(*annotated_texts, *plain, *others),
        dev=tuple(smallest[key] for key in dev),
        mixed=len(others),
        left_out={reason: count for reason, count in sorted(left_out.items()) if count},
    )


def check_kept(texts: Texts, *, runs: Sequence[SelectedRun]) -> None:
    """Refuses to train on nothing.

    Raises:
        ConfigError: no text with a kept call is there.
    """
    if any(text.calls for text in texts.training):
        return
    names = ", ".join(f"'{run.name}'" for run in runs)
    lowest = ", ".join(f"{tool} {nats:g}" for run in runs for tool, nats in run.thresholds.items())
    raise ConfigError(
        f"No call was kept in {names} (τf: {lowest}), so there is nothing to learn. Choose a lower "
        "--threshold, or annotate more texts."
    )


def _training_text(annotated: AnnotatedDocument) -> TrainingText:
    kept = [each for each in annotated.candidates if each.verdict is Verdict.KEPT]
    kept.sort(key=lambda each: each.position)
    return TrainingText(
        annotated.document.id,
        annotated.document.text,
        calls=tuple(each.placed for each in kept),
        tokens_before=tuple(each.token for each in kept),
    )


def _draw_per_tool(
    texts: Sequence[TrainingText], *, config: FinetuneConfig
) -> tuple[TrainingText, ...]:
    """Returns the texts taken, no more than allowed for any tool."""
    totals = Counter(tool for text in texts for tool in text.tools)
    ordered = _in_drawn_order(texts, seed=config.seed)
    ordered.sort(key=lambda text: min(totals[tool] for tool in text.tools))
    taken: Counter[str] = Counter()
    chosen = []
    for text in ordered:
        if all(taken[tool] < config.max_per_tool for tool in text.tools):
            taken.update(text.tools)
            chosen.append(text)
    return tuple(chosen)


def _in_drawn_order(texts: Iterable[TrainingText], *, seed: int) -> list[TrainingText]:
    return sorted(texts, key=lambda text: _digest(str(seed), text.id, text.text))


def _digest(*parts: str) -> bytes:
    """Returns 16 bytes that differ for other parts."""
    whole = "\0".join(parts).encode("utf-8", "surrogatepass")
    return blake2b(whole, digest_size=16).digest()
