"""What a trained model knows: of its people, of strangers, and after the database was edited."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from toolformer.config import Config
from toolformer.lm.base import LanguageModel
from toolformer.lm.registry import load_model
from toolformer.studies.in_tool.data.facts import edited
from toolformer.studies.in_tool.data.files import write_database
from toolformer.studies.in_tool.data.people import Person, make_people
from toolformer.studies.in_tool.data.questions import Question, questions_about
from toolformer.studies.in_tool.recall.asking import Recall, ask, drawn, recall_of
from toolformer.studies.in_tool.training.config import LearnedConfig, Positive
from toolformer.studies.in_tool.training.shape import CONTEXT

if TYPE_CHECKING:
    import torch

    from toolformer.studies.in_tool.training.network import Weights

STRANGERS = 256  # people with first names that no model was trained on


class AskConfig(Config):
    """How many questions a trained model is asked, at most; they are drawn."""

    questions: Positive = 256
    """Questions about people it was trained on."""
    strange_questions: Positive = 256
    """Questions about people with first names it never saw."""
    edited_questions: Positive = 256
    """Questions asked again after the database was edited."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Answers of one model.

    Attributes:
        seen: About people it was trained on.
        unseen: About strangers, who are in the database too.
        edited: What it answered rightly before, asked again with every fact in the database
            changed; right is what the database says now.
    """

    seen: Recall
    unseen: Recall
    edited: Recall

    def to_dict(self) -> dict[str, Any]:
        """Returns JSON values."""
        return {
            name: {"asked": each.asked, "right": each.right, "called": each.called}
            for name, each in (
                ("seen", self.seen),
                ("unseen", self.unseen),
                ("edited", self.edited),
            )
        }


def people_of(config: LearnedConfig) -> list[Person]:
    """Returns the people that a model is trained on."""
    return list(make_people(config.people, seed=config.seed, alpha=config.alpha))


def strangers_of(config: LearnedConfig) -> list[Person]:
    """Returns the people out of distribution that it is asked about."""
    return list(make_people(STRANGERS, seed=config.seed, unseen=True))


def measure_trained(
    weights: "Weights",
    config: LearnedConfig,
    *,
    counts: AskConfig,
    place: "torch.device",
    number: int = 0,
) -> Measured:
    """Asks a model of a stack.

    Args:
        weights: of the stack.
        config: what the model was trained on.
        counts: how many questions.
        place: where it answers.
        number: of the model in the stack.
    """
    from toolformer.studies.in_tool.training.byte_tokenizer import byte_tokenizer
    from toolformer.studies.in_tool.training.checkpoint import model_of

    model = model_of(weights, number=number).to(place)  # type: ignore[arg-type]
    tokenizer = byte_tokenizer(context=CONTEXT)
    return measure(load_model(model, tokenizer=tokenizer), config, counts=counts)


def measure(model: LanguageModel, config: LearnedConfig, *, counts: AskConfig) -> Measured:
    """Asks a model.

    Args:
        model: as it was trained.
        config: what it was trained on.
        counts: how many questions.
    """
    people, strangers = people_of(config), strangers_of(config)
    with TemporaryDirectory(prefix="toolformer-") as folder:
        path = Path(folder) / "facts.db"
        write_database(path, [*people, *strangers])

        def answered(wanted: Sequence[Question]) -> tuple[Recall, list[bool]]:
            trials = list(ask(model, wanted, mode=config.mode, database_path=path))
            return recall_of(trials), [trial.is_right for trial in trials]

        asked = drawn(questions_about(people), counts.questions, seed=config.seed)
        seen, is_right = answered(asked)
        unseen, _ = answered(
            drawn(questions_about(strangers), counts.strange_questions, seed=config.seed)
        )
        new = dict(zip(people, edited(people, seed=config.seed), strict=True))
        write_database(path, [*new.values(), *strangers])
        again = [
            Question(new[each.person], each.attribute)
            for each, right in zip(asked, is_right, strict=True)
            if right
        ][: counts.edited_questions]
        return Measured(seen, unseen, answered(again)[0])
