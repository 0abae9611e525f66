"""The engine against the plain implementation: tokens forwarded, texts a second, the same calls.

Each does its work twice over the same texts, and the second time counts: what a process does once,
such as growing to the size of a batch, is part of no long run. The first time is printed beside it.
Where the plain one would take too long it is given the first few texts. The floor F and the rate of
plain dense forwards are taken on the same occasion.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks import report
from benchmarks.engine_dense import Dense, dense_rate
from benchmarks.engine_floor import Floor, floor_of
from benchmarks.engine_models import SHAPES, model_source
from benchmarks.engine_work import (
    Measured,
    annotate_measured,
    bench_tool,
    cut_texts,
    plan_of,
    settings,
)
from benchmarks.naive import Naive, annotate_plainly
from toolformer.lm.encoding import Encoding
from toolformer.lm.hf.load import load_pretrained
from toolformer.lm.hf.model import HFLanguageModel, load
from toolformer.tools.toolbox import Toolbox


@dataclass(frozen=True, slots=True)
class Work:
    """How much of everything."""

    texts: int
    plain_texts: int  # the first so many also plainly
    text_tokens: int = 100
    prompt_tokens: int = 300
    places: int = 5  # k
    samples: int = 5  # m
    max_tokens: int = 64  # of a call's arguments


@dataclass(frozen=True, slots=True)
class Comparison:
    """What both took."""

    model: str
    ours_first: Measured
    ours: Measured
    floor: Floor
    plain_first: Measured
    plain: Measured
    same_kept: bool
    kept: int  # of the texts that both did
    dense: Dense


def compare(
    name: str, work: Work, *, tokenizer: Path | None, scratch: Path, dtype: str = "float32"
) -> Comparison:
    """Annotates the same texts with the engine and plainly."""
    source = model_source(name, tokenizer=tokenizer, scratch=scratch)
    model = load(source, dtype=dtype, device="cpu")
    tool = bench_tool(model, is_trained=name not in SHAPES, prompt_tokens=work.prompt_tokens)
    config = settings(places=work.places, samples=work.samples).override(max_tokens=work.max_tokens)
    documents = cut_texts(model, count=work.texts, tokens=work.text_tokens)
    first, ours = (
        annotate_measured(
            documents, model=model, tools=[tool], out=scratch / f"{name}-{number}", config=config
        )
        for number in (1, 2)
    )
    # The prompt is kept from the first time; its tokens count.
    once = {"prompt": first.by_purpose["prompt"]}
    ours = replace(ours, by_purpose={**ours.by_purpose, **once})
    annotated = list(ours.run.documents())
    dense = dense_rate(model)
    with Toolbox([tool]) as toolbox:
        naive = Naive(
            load_pretrained(source, dtype=dtype, device="cpu"), plan_of(model, toolbox, config)
        )
        plain_first, _ = annotate_plainly(naive, documents[: work.plain_texts], run=ours.run)
        naive.tokens = 0
        plain, found = annotate_plainly(naive, documents[: work.plain_texts], run=ours.run)
    theirs = [(each.document.id, each.kept) for each in found]
    return Comparison(
        model=name,
        ours_first=first,
        ours=ours,
        floor=floor_of(annotated, _encoding(model)),
        plain_first=plain_first,
        plain=plain,
        same_kept=theirs
        == [(each.document.id, each.kept) for each in annotated[: work.plain_texts]],
        kept=sum(len(kept) for _, kept in theirs),
        dense=dense,
    )


def tokens_table(found: Sequence[Comparison]) -> str:
    """Prints what was forwarded per text, beside the floor."""
    rows: list[list[report.Cell]] = []
    for each in found:
        texts = each.ours.texts
        floor = each.floor.total / texts
        rows.append(
            [
                each.model,
                f"{texts} ({each.plain.texts})",
                f"{each.plain.tokens_per_text:,.0f}",
                f"{each.ours.tokens_per_text:,.0f}",
                *(f"{count / texts:,.0f}" for count in each.ours.by_purpose.values()),
                f"{each.ours.padding / texts:,.0f}",
                f"{floor:,.0f}",
                f"{each.ours.tokens_per_text / floor:.2f}",
                "≤ 1.25",
            ]
        )
    return report.table(
        [
            "model",
            "texts (plain)",
            "plain, tokens/text, padding included",
            "ours, tokens/text",
            "prompt",
            "text",
            "decode",
            "score",
            "padding (apart)",
            "floor F",
            "ours ÷ F",
            "bar",
        ],
        rows,
    )


def speed_table(found: Sequence[Comparison], *, bars: dict[str, float]) -> str:
    """Prints how long both took."""
    return report.table(
        [
            "model",
            "texts (plain)",
            "plain, texts/s",
            "ours, texts/s",
            "times as fast",
            "bar",
            "the first time: plain, ours",
            "the same calls kept",
        ],
        [
            [
                each.model,
                f"{each.ours.texts} ({each.plain.texts})",
                f"{each.plain.texts_per_s:.3f}",
                f"{each.ours.texts_per_s:.2f}",
                f"{each.ours.texts_per_s / each.plain.texts_per_s:.1f}",
                f"≥ {bars.get(each.model, 0):g}",
                f"{each.plain_first.texts_per_s:.3f}, {each.ours_first.texts_per_s:.2f}",
                f"yes, {each.kept}" if each.same_kept else "NO",
            ]
            for each in found
        ],
    )


def limit_table(found: Sequence[Comparison]) -> str:
    """Prints how near dense forwards the engine comes."""
    return report.table(
        [
            "model",
            "ours, tokens/s",
            "dense, tokens/s",
            "batch shape",
            "ours ÷ dense",
            "bar",
            "dense without head, tokens/s",
            "ours ÷ that",
        ],
        [
            [
                each.model,
                f"{each.ours.tokens / each.ours.seconds:,.0f}",
                f"{each.dense.whole:,.0f}",
                f"{each.dense.rows} × {each.dense.width}",
                f"{each.ours.tokens / each.ours.seconds / each.dense.whole:.2f}",
                "≥ 0.6 (124M)",
                f"{each.dense.trunk:,.0f}",
                f"{each.ours.tokens / each.ours.seconds / each.dense.trunk:.2f}",
            ]
            for each in found
        ],
    )


def profile(
    name: str, work: Work, *, tokenizer: Path | None, scratch: Path
) -> list[tuple[str, float]]:
    """Returns the three operations that take most of a run's time, with their shares."""
    from torch.profiler import ProfilerActivity
    from torch.profiler import profile as profiler

    source = model_source(name, tokenizer=tokenizer, scratch=scratch)
    model = load(source, dtype="float32", device="cpu")
    tool = bench_tool(model, is_trained=name not in SHAPES, prompt_tokens=work.prompt_tokens)
    config = settings(places=work.places, samples=work.samples).override(max_tokens=work.max_tokens)
    documents = cut_texts(model, count=work.texts, tokens=work.text_tokens)
    with profiler(activities=[ProfilerActivity.CPU]) as recorded:
        ours = annotate_measured(
            documents, model=model, tools=[tool], out=scratch / f"{name}-profile", config=config
        )
    costs = sorted(recorded.key_averages(), key=lambda each: -each.self_cpu_time_total)
    in_torch = sum(each.self_cpu_time_total for each in costs) / 1e6
    named = [(each.key, each.self_cpu_time_total / 1e6) for each in costs]
    named.append(("outside of torch (Python, tokenising, writing)", ours.seconds - in_torch))
    return [
        (label, seconds / ours.seconds)
        for label, seconds in sorted(named, key=lambda each: -each[1])[:3]
    ]


def profile_table(costs: Sequence[tuple[str, float]]) -> str:
    """Prints the three largest costs."""
    return report.table(
        ["largest costs", "share of the time"],
        [[f"`{label}`", report.percent(share, 1)] for label, share in costs],
    )


def _encoding(model: HFLanguageModel) -> Encoding:
    return model.engine.encoding


def shrink(work: Work, share: float) -> Work:
    """Returns the same work on fewer texts, for a try."""
    return replace(
        work,
        texts=max(1, round(work.texts * share)),
        plain_texts=max(1, round(work.plain_texts * share)),
    )
