"""A pretraining with facts in its texts, watched while it runs.

The directory holds `study.json` (what it was begun with), `facts/` and `held_out.json` (copies of
what is asked), `exposures.json` (how often each fact stands in the texts), `tracking.json` (how the
facts were recalled on the way) and `model/`: all that an evaluation reads.
"""

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolformer.errors import ConfigError, RunError
from toolformer.files import claim, json_text, locked, read_json, write_whole
from toolformer.studies.inject.config import InjectConfig, InjectionConfig
from toolformer.studies.inject.data.facts import Fact, Group, Item
from toolformer.studies.inject.data.files import FactSet, read_facts, write_facts
from toolformer.studies.inject.measuring import recall
from toolformer.studies.inject.placement import exposures_in_turn, exposures_of_blocks, place
from toolformer.studies.inject.tracking import Tracked, read_tracking, summed_up, write_tracking

if TYPE_CHECKING:
    from toolformer.pretrain.injecting import Injected
    from toolformer.pretrain.model import SmallModel, Tokenizer
    from toolformer.pretrain.progress import Step

MODEL = "model"
_STUDY = "study.json"
_EXPOSURES = "exposures.json"
_HELD_OUT = "held_out.json"
FACTS = "facts"


def train(
    config: InjectConfig,
    *,
    folder: Path,
    out: Path,
    device: str = "auto",
    on_step: Callable[["Step"], None] | None = None,
    on_tracked: Callable[[Sequence[Tracked]], None] | None = None,
) -> None:
    """Trains a model from scratch with facts among its texts; continues where it was killed.

    Args:
        config: the settings.
        folder: what the paths in them are relative to.
        out: where everything goes.
        device: a torch device, or `auto` for a GPU where there is one.
        on_step: called after every step.
        on_tracked: called with all looks at the recall so far, after each.

    Raises:
        ConfigError: the facts of a step do not fit into its windows.
        RunError: `out` holds something else, or a training with other settings or facts.
    """
    from toolformer.pretrain.mixture import read_texts
    from toolformer.pretrain.train import Watch, pretrain

    facts = read_facts(folder / config.dataset.facts)
    with locked(out):
        # Wherever the facts lie, they are these: the copy beside the model.
        dataset = config.dataset.model_copy(update={"facts": FACTS})
        study = config.model_copy(update={"dataset": dataset}).to_dict() | {"facts": facts.digest}
        claim(out / _STUDY, study, what="a training with injected facts")
        if not (out / _HELD_OUT).exists():
            texts = read_texts(config.background(), folder=folder, held_out=True)
            longest = config.dataset.max_characters
            write_facts(out / FACTS, facts)
            write_whole(out / _HELD_OUT, json_text([text[:longest] for text in texts]))
        counted: dict[str, int] = {}

        def inject_by(
            tokenizer: "Tokenizer",
        ) -> "Callable[[int], Injected | None]":
            placed = placement(config, facts.of(Group.INJECTED), tokenizer=tokenizer)
            counted.update(exposures_of(placed, facts.of(Group.INJECTED)))
            write_whole(out / _EXPOSURES, json_text(counted))
            return _texts_of_steps(config, placed, facts.of(Group.INJECTED))

        looks = read_tracking(out)

        def look(step: int, model: "SmallModel", tokenizer: "Tokenizer") -> None:
            asked = items_to_track(facts, counted, most=config.training.track_items)
            found = recall(model, tokenizer, asked, exposures=counted)
            looks[step] = summed_up(step, zip(asked, found, strict=True))
            write_tracking(out, looks)
            if on_tracked is not None:
                on_tracked([looks[each] for each in sorted(looks)])

        pretrain(
            config.pretraining(),
            folder=folder,
            out=out / MODEL,
            device=device,
            on_step=on_step,
            inject_by=inject_by,
            watch=Watch(config.training.track_every, look),
        )


def placement(
    config: InjectConfig, facts: Sequence[Fact], *, tokenizer: "Tokenizer"
) -> list[list[int]]:
    """Returns for each step which facts stand in it, by their numbers."""
    injection, training = config.injection, config.training
    if injection is None:
        return [[] for _ in range(training.steps)]
    return place(
        _exposures(injection, config, facts, tokenizer=tokenizer),
        steps=training.steps,
        strategy=injection.strategy,
        share=injection.share,
        seed=config.seed,
    )


def exposures_of(placed: Sequence[Sequence[int]], facts: Sequence[Fact]) -> dict[str, int]:
    """Returns how often each fact was placed, by its id."""
    counted = Counter(number for step in placed for number in step)
    return {fact.id: counted[number] for number, fact in enumerate(facts)}


def read_exposures(out: Path) -> dict[str, int]:
    """Reads how often each fact stood in a training.

    Raises:
        RunError: the directory holds no training with injected facts.
    """
    try:
        return {str(name): int(count) for name, count in read_json(out / _EXPOSURES).items()}
    except (OSError, ValueError, AttributeError, TypeError):
        raise RunError(
            f"'{out}' holds no training with injected facts: make one with toolformer study inject"
            " train."
        ) from None


def read_held_out(out: Path) -> list[str]:
    """Reads the beginnings of the background's texts that no step saw.

    Raises:
        RunError: the directory holds none.
    """
    try:
        return [str(text) for text in read_json(out / _HELD_OUT)]
    except (OSError, ValueError, TypeError):
        raise RunError(f"'{out}' holds no training of toolformer study inject train.") from None


def read_study(out: Path) -> InjectConfig:
    """Reads the settings of a training.

    Raises:
        RunError: the directory holds none.
    """
    try:
        values: dict[str, Any] = dict(read_json(out / _STUDY))
        values.pop("facts", None)
        return InjectConfig(**values)
    except (OSError, ValueError, TypeError, ConfigError):
        raise RunError(f"'{out}' holds no training of toolformer study inject train.") from None


def items_to_track(facts: FactSet, exposures: Mapping[str, int], *, most: int) -> list[Item]:
    """Returns so many items of each kind and exposure, drawn once for all looks."""
    by_kind: dict[tuple[str, int], list[Item]] = {}
    for item in facts.items:
        count = exposures.get(item.fact, 0)
        name = item.kind if item.needs_fact else f"{item.kind}, no fact"
        by_kind.setdefault((name, count), []).append(item)
    drawn: list[Item] = []
    for (name, count), items in by_kind.items():
        rng = random.Random(f"track/{name}/{count}")  # noqa: S311
        drawn += rng.sample(items, min(most, len(items)))
    return drawn


def _exposures(
    injection: InjectionConfig,
    config: InjectConfig,
    facts: Sequence[Fact],
    *,
    tokenizer: "Tokenizer",
) -> list[int]:
    training = config.training
    if injection.exposures is not None:
        types = len({fact.type for fact in facts})
        return exposures_of_blocks(len(facts), injection.exposures, size=types)
    if injection.facts_per_epoch is not None:
        return exposures_in_turn(len(facts), total=injection.facts_per_epoch * training.epochs)
    lengths = [
        1 + len(tokenizer.encode(fact.text, add_special_tokens=False)) for fact in facts
    ]  # the start token counts
    budget = (injection.percent or 0) / 100 * training.steps * training.rows * training.length
    total = round(budget / sum(lengths) * len(facts))
    return exposures_in_turn(len(facts), total=total)


def _texts_of_steps(
    config: InjectConfig, placed: Sequence[Sequence[int]], facts: Sequence[Fact]
) -> "Callable[[int], Injected | None]":
    from toolformer.pretrain.injecting import Injected
    from toolformer.pretrain.packing import PromptedText

    padded = config.injection is not None and config.injection.windows == "padded"

    def texts(step: int) -> "Injected | None":
        if not placed[step]:
            return None
        found = [PromptedText("", facts[number].text) for number in placed[step]]
        return Injected(found, padded=padded)

    return texts
