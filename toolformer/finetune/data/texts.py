"""The texts of a training: which are learned and which are held out, given or drawn from documents.

Knows no run, no token and no model. What is drawn depends on texts and seed, not on their order.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from heapq import nsmallest
from typing import Any

from toolformer.calls import PlacedCall
from toolformer.config import canonical_json
from toolformer.errors import ConfigError
from toolformer.files import is_encodable
from toolformer.finetune.config import FinetuneConfig
from toolformer.records import AnnotatedDocument, Document, Verdict
from toolformer.sidecar import SidecarTool

_HELD_OUT_SHARE = 10  # one text in so many is held out, at most


@dataclass(frozen=True, slots=True)
class TrainingText:
    """A text and the calls to be learned in it."""

    id: str
    text: str
    calls: tuple[PlacedCall, ...] = ()
    tokens_before: tuple[int | None, ...] = ()  # per call, as a run counted them; () without a run
    prompt: int = 0  # so many characters at the start are read and not learned
    # Stretches of the text, in order, that are read like a tool's output: decoding supplies them.
    supplied: tuple[tuple[int, int], ...] = ()

    @property
    def tools(self) -> frozenset[str]:
        """The names of the tools it calls."""
        return frozenset(each.call.tool for each in self.calls)


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """Everything a training reads."""

    training: tuple[TrainingText, ...]
    dev: tuple[TrainingText, ...]  # held out: their perplexity without calls is taken
    dev_as_trained: tuple[TrainingText, ...]  # of these, the kind of text that is trained on
    mixed: int = 0  # how many of the training texts were added to what the documents gave
    left_out: Mapping[str, int] = field(default_factory=dict)  # documents by reason

    @property
    def per_tool(self) -> dict[str, int]:
        """How many training texts call each tool."""
        counted = Counter(tool for text in self.training for tool in text.tools)
        return dict(sorted(counted.items()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where the texts of a training come from, in the words of the files that a training writes."""

    settings: Mapping[str, Any]  # JSON values that tell these texts from others; for finetune.json
    lineage: Mapping[str, Any]  # JSON values; for the sidecar
    tools: tuple[SidecarTool, ...]  # that the tuned model is said to call


def given_texts(
    training: Iterable[TrainingText], held_out: Iterable[TrainingText], tools: Sequence[SidecarTool]
) -> tuple[Texts, Origin]:
    """Returns given texts, all of which count; their origin is a digest of them.

    Raises:
        ConfigError: a call, a supplied stretch or the end of a prompt stands outside its text, or
            a text has no form in UTF-8.
    """
    texts, dev = tuple(training), tuple(held_out)
    for text in (*texts, *dev):
        if not is_encodable(text.text):
            raise ConfigError(f"Text {text.id!r} holds an unpaired surrogate: leave it out.")
        for placed in text.calls:
            if not 0 <= placed.position <= len(text.text):
                raise ConfigError(
                    f"In text {text.id!r} a call stands at {placed.position}, outside its "
                    f"{len(text.text)} characters."
                )
        if not 0 <= text.prompt <= len(text.text):
            raise ConfigError(
                f"In text {text.id!r} the prompt ends at {text.prompt}, outside its "
                f"{len(text.text)} characters."
            )
        edges = [0, *(edge for stretch in text.supplied for edge in stretch), len(text.text)]
        if edges != sorted(edges):
            raise ConfigError(
                f"In text {text.id!r} the supplied stretches {list(text.supplied)} overlap, or end "
                f"outside its {len(text.text)} characters."
            )
    digests = {"texts": _summary(texts), "held_out": _summary(dev)}
    return (
        Texts(training=texts, dev=dev, dev_as_trained=dev),
        Origin(
            settings=digests | {"tools": [asdict(each) for each in tools]},
            lineage=digests,
            tools=tuple(tools),
        ),
    )


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
    dev_texts = tuple(smallest[key] for key in dev)
    return Texts(
        training=(*annotated_texts, *plain, *others),
        dev=dev_texts,
        dev_as_trained=tuple(each for each in dev_texts if each.calls or config.plain_texts),
        mixed=len(others),
        left_out={reason: count for reason, count in sorted(left_out.items()) if count},
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
    return hashlib.blake2b(whole, digest_size=16).digest()


def _summary(texts: Sequence[TrainingText]) -> dict[str, Any]:
    """Returns how many texts there are, and 16 hexadecimal digits that change with any of them.

    Names are left out: they change nothing that is learned.
    """
    digest = hashlib.sha256()
    for each in texts:
        calls = [
            (placed.position, placed.call.tool, placed.call.arguments, placed.output)
            for placed in each.calls
        ]
        # Texts without a prompt keep the digest that they had before there were prompts.
        values = [each.text, calls, *([each.prompt] if each.prompt else [])]
        values += [each.supplied] if each.supplied else []
        digest.update(f"{canonical_json(values)}\n".encode("utf-8", "surrogatepass"))
    return {"count": len(texts), "fingerprint": digest.hexdigest()[:16]}
