"""What two ways to annotate the same texts cost: tokens by purpose, against the floor, texts/s."""

from collections.abc import Mapping, Sequence

from benchmarks import report
from benchmarks.engine_floor import Floor, context_floor_of, floor_of
from benchmarks.in_context.judging.intervals import ratio_by_text
from benchmarks.in_context.running.metered import encoding_of
from benchmarks.in_context.running.side_by_side import ShardCost, WayDone
from toolformer.annotate.texts.units import Units
from toolformer.lm.base import LanguageModel


def cost_tables(done: Mapping[str, WayDone], model: LanguageModel) -> list[str]:
    """Returns tokens a text by purpose beside the floor, and how the ways compare.

    Compared are the shards whose cost is known of every way: those annotated in one go.

    Args:
        done: the ways by name, the one in context first and the paper's second.
        model: counts the tokens of the floor.
    """
    known = sorted(set.intersection(*(set(way.costs) for way in done.values())))
    if not known:
        return ["No shard's cost is known of both ways."]
    costs = {name: [way.costs[shard] for shard in known] for name, way in done.items()}
    floors = {name: _floor(way, known, model) for name, way in done.items()}
    rows = (_row(name, costs[name], floors[name]) for name in done)
    header = ["tokens a text", "prompts", "text", "decode", "score", "all but prompts"]
    first, second = costs.values()
    return [
        f"Over {sum(each.texts for each in first)} texts in {len(known)} shards, in turn:",
        report.table([*header, "floor", "× floor", "placebos", "texts/s", "placebos' s"], rows),
        report.table(
            ["in context against the paper's way, same k and samples", "", "bar"],
            [
                [
                    "tokens forwarded",
                    ratio_by_text([e.tokens for e in first], [e.tokens for e in second]),
                    "≤ 0.5",
                ],
                [
                    "tokens forwarded, placebos included",
                    ratio_by_text(
                        [each.tokens + each.placebo_tokens for each in first],
                        [each.tokens for each in second],
                    ),
                    "",
                ],
                [
                    "texts/s",
                    ratio_by_text([e.seconds for e in second], [e.seconds for e in first]),
                    "≥ 3",
                ],
                [
                    "texts/s, placebos included",
                    ratio_by_text(
                        [each.seconds for each in second],
                        [each.seconds + each.placebo_seconds for each in first],
                    ),
                    "",
                ],
            ],
        ),
    ]


def _row(name: str, costs: Sequence[ShardCost], floor: Floor) -> list[report.Cell]:
    texts = sum(each.texts for each in costs)
    tokens = sum(each.tokens for each in costs)
    return [
        name,
        *(
            f"{sum(getattr(each, purpose) for each in costs) / texts:.0f}"
            for purpose in ("prompt", "text", "decode", "score")
        ),
        f"{tokens / texts:.0f}",
        f"{floor.total / texts:.0f}",
        f"{tokens / floor.total:.2f}",
        f"{sum(each.placebo_tokens for each in costs) / texts:.0f}",
        f"{texts / sum(each.seconds for each in costs):.2f}",
        f"{sum(each.placebo_seconds for each in costs):.1f}",
    ]


def _floor(way: WayDone, shards: Sequence[int], model: LanguageModel) -> Floor:
    encoding = encoding_of(model)
    documents = [each for shard in shards for each in way.run.read(shard)]
    if way.run.manifest.config["method"] == "paper":
        return floor_of(documents, encoding)

    def scored(text: str, position: int) -> int:
        return sum(Units.of(text).sizes(position, model.token_ends(text)))

    return context_floor_of(documents, encoding, scored)
