"""The same texts annotated in several ways, shard by shard in turn, with a clock for each.

So that whatever else the machine does falls on all ways alike. Shards that are there are not done
again; what they cost is read from the file beside their run.
"""

import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from benchmarks.in_context.running.metered import PlaceboMeter
from toolformer.annotate import AnnotateConfig, annotate
from toolformer.lm.base import LanguageModel
from toolformer.records import Document
from toolformer.runs.directory import Run
from toolformer.tools.base import Tool

PER_SHARD = 20  # texts
PURPOSES = ("prompt", "text", "decode", "score")


@dataclass(frozen=True, slots=True)
class Way:
    """One way to annotate texts."""

    model: LanguageModel
    tools: Sequence[Tool]
    config: AnnotateConfig
    texts: int | None = None  # the first so many alone; None: all

    def of(self, documents: Sequence[Document]) -> Sequence[Document]:
        """Returns those of some documents that are annotated this way."""
        return documents[: self.texts]


@dataclass(frozen=True, slots=True)
class ShardCost:
    """What one shard cost, the rows of placebos apart."""

    shard: int
    texts: int
    seconds: float
    prompt: int  # tokens
    text: int
    decode: int
    score: int
    placebo_tokens: int
    placebo_seconds: float

    @property
    def tokens(self) -> int:
        """Tokens forwarded for the texts: those of prompts that texts share are apart."""
        return self.text + self.decode + self.score


@dataclass(frozen=True, slots=True)
class WayDone:
    """A finished run, and what its shards cost, as far as that is known."""

    run: Run
    costs: Mapping[int, ShardCost]  # by shard


def annotate_in_turn(
    documents: Sequence[Document],
    ways: Mapping[str, Way],
    *,
    out: Path,
    per_shard: int = PER_SHARD,
) -> dict[str, WayDone]:
    """Annotates documents in each way and returns the finished runs, by the names of the ways."""
    shards = -(-len(documents) // per_shard)
    for shard in range(shards):
        for name, way in ways.items():
            own = way.of(documents)
            if shard * per_shard < len(own):
                _annotate_shard(own, shard, way, out=out / name, per_shard=per_shard)
    return {name: WayDone(Run.open(out / name), _read_costs(out / name)) for name in ways}


def _annotate_shard(
    documents: Sequence[Document], shard: int, way: Way, *, out: Path, per_shard: int
) -> None:
    meter = PlaceboMeter(way.model)
    before, start = replace(meter.usage), time.perf_counter()
    annotate(
        list(documents),
        model=meter,
        tools=way.tools,
        out=out,
        shards=[shard],
        config=way.config.model_copy(update={"documents_per_shard": per_shard}),
    )
    seconds = time.perf_counter() - start
    tokens = {name: getattr(meter.usage, name) - getattr(before, name) for name in PURPOSES}
    if not sum(tokens.values()):  # it was there
        return
    cost = ShardCost(
        shard=shard,
        texts=len(documents[shard * per_shard : (shard + 1) * per_shard]),
        seconds=seconds - meter.placebos.seconds,
        prompt=tokens["prompt"],
        text=tokens["text"],
        decode=tokens["decode"],
        score=tokens["score"] - meter.placebos.tokens,
        placebo_tokens=meter.placebos.tokens,
        placebo_seconds=meter.placebos.seconds,
    )
    with _costs_file(out).open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(cost)) + "\n")
    print(f"{out.name}: shard {shard}, {seconds:.0f} s", file=sys.stderr, flush=True)


def _costs_file(out: Path) -> Path:
    return out.with_name(f"{out.name}.costs.jsonl")


def _read_costs(out: Path) -> dict[int, ShardCost]:
    path = _costs_file(out)
    if not path.exists():
        return {}
    lines = path.read_text(encoding="utf-8").splitlines()
    costs = [ShardCost(**json.loads(line)) for line in lines]
    return {each.shard: each for each in costs}
