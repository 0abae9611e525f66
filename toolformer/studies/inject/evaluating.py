"""How a trained model recalls all facts, and how well it predicts texts that it never saw."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from toolformer.errors import RunError
from toolformer.files import claim, from_json, json_text, locked, read_json, write_whole
from toolformer.studies.inject.data.facts import Item
from toolformer.studies.inject.data.files import read_facts, write_facts
from toolformer.studies.inject.measuring import Recall, draw_choices, recall
from toolformer.studies.inject.training import (
    FACTS,
    MODEL,
    read_exposures,
    read_held_out,
    read_study,
)

CHOICES = 99
_EVALUATION = "evaluation.json"
_MOST_BYTES = 1 << 28


@dataclass(frozen=True, slots=True)
class HeldOutText:
    """How well one text that no step saw is predicted."""

    nats: float  # -log p
    tokens: int


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything that was measured of one training.

    Attributes:
        name: How the tables call the training.
        seed: The training's.
        steps: The training's.
        parameters: The model's.
        is_injected: Whether facts stood in its texts.
        digest: Of the facts.
        recalls: One for each item, in the items' order.
        held_out: One for each held-out text.
    """

    name: str
    seed: int
    steps: int
    parameters: int
    is_injected: bool
    digest: str
    recalls: tuple[Recall, ...]
    held_out: tuple[HeldOutText, ...]

    def of(self, items: Mapping[str, Item]) -> list[tuple[Item, Recall]]:
        """Returns each recall with its item."""
        return [(items[each.item], each) for each in self.recalls]


def evaluate_training(
    training: Path, *, out: Path, choices: int = CHOICES, device: str = "auto"
) -> Evaluation:
    """Measures a finished training and writes `evaluation.json`; what is there is not done again.

    Args:
        training: what `train` wrote.
        out: where the numbers go.
        choices: among how many other values of its slot an answer is ranked.
        device: a torch device, or `auto` for a GPU where there is one.

    Raises:
        RunError: the training is not there or not finished, or `out` holds something else.
        ModelError: its model cannot be loaded.
    """
    from toolformer.lm.hf.load import load_pretrained
    from toolformer.lm.registry import load_model

    config = read_study(training)
    facts = read_facts(training / FACTS)
    exposures = read_exposures(training)
    if not (training / MODEL / "metrics.json").exists():
        raise RunError(f"'{training}' is not finished: give its command again to continue it.")
    with locked(out):
        settings = {"training": config.to_dict(), "facts": facts.digest, "choices": choices}
        claim(out / "settings.json", settings, what="an evaluation")
        if (out / _EVALUATION).exists():
            return read_evaluation(out)
        loaded = load_pretrained(str(training / MODEL), dtype="float32", device=device)
        model: Any = loaded.model
        drawn = draw_choices(facts.items, facts.facts, count=choices, seed=0)
        found = recall(
            model, loaded.whole_tokenizer, facts.items, exposures=exposures, choices=drawn
        )
        recalls = tuple(found)
        language_model = load_model(model, tokenizer=loaded.whole_tokenizer)
        scored = language_model.text_log_probs(read_held_out(training))
        evaluation = Evaluation(
            name=training.name,
            seed=config.seed,
            steps=config.training.steps,
            parameters=model.num_parameters(),
            is_injected=config.injection is not None,
            digest=facts.digest,
            recalls=recalls,
            held_out=tuple(
                HeldOutText(-float(each.sum(dtype="float64")), len(each)) for each in scored
            ),
        )
        write_facts(out / FACTS, facts)
        write_whole(out / _EVALUATION, json_text(asdict(evaluation)))
    return evaluation


def read_evaluation(out: Path) -> Evaluation:
    """Reads what `evaluate_training` wrote.

    Raises:
        RunError: the directory holds no evaluation.
    """
    try:
        return from_json(Evaluation, read_json(out / _EVALUATION, most_bytes=_MOST_BYTES))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise RunError(
            f"'{out}' holds no evaluation ({reason}): make one with toolformer study inject "
            "evaluate."
        ) from None


def items_of(out: Path) -> dict[str, Item]:
    """Reads the items of an evaluation, by their ids."""
    return {item.id: item for item in read_facts(out / FACTS).items}
