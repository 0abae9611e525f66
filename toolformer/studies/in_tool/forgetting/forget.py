"""Teach, then measure: what a pretrained model has learned, and how far it is from what it was."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from toolformer.files import claim, json_text, locked, write_whole
from toolformer.finetune import TrainingStep
from toolformer.lm.base import LanguageModel
from toolformer.lm.registry import load_model
from toolformer.studies.in_tool.data.files import write_database
from toolformer.studies.in_tool.experiment.one import DATABASE, METRICS
from toolformer.studies.in_tool.forgetting.config import ForgetConfig
from toolformer.studies.in_tool.forgetting.distance import (
    chosen_rightly,
    make_choices,
    perplexity,
    total_variation,
)
from toolformer.studies.in_tool.forgetting.teach import facts_of, teach
from toolformer.studies.in_tool.recall.asking import Recall, ask, drawn, recall_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """What came of a teaching.

    Attributes:
        recall: Of the facts that were taught.
        total_variation: From the pretrained model, on the held-out texts: 0 is no difference.
        perplexity_before: Of the held-out texts, by the pretrained model.
        perplexity_after: By the taught one.
        choices: Questions of several choices, made of the held-out texts.
        chosen_before: Of these, how many the pretrained model chose rightly.
        chosen_after: How many the taught one did.
    """

    recall: Recall
    total_variation: float
    perplexity_before: float
    perplexity_after: float
    choices: int
    chosen_before: int
    chosen_after: int

    def to_dict(self) -> dict[str, Any]:
        """Returns JSON values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Scores:
    perplexity: float
    chosen: int


def forget(
    config: ForgetConfig,
    texts: Iterable[str],
    *,
    out: Path,
    device: str = "auto",
    on_progress: Callable[[TrainingStep], None] | None = None,
) -> Forgotten:
    """Teaches a model facts and measures what it learned and forgot.

    Args:
        config: the model and the facts.
        texts: held out; as many as the settings say are read.
        out: gets `model`, `facts.db` and `metrics.json`; the same settings continue there.
        device: cpu, cuda, or auto for what is there.
        on_progress: called after every step.

    Raises:
        ToolformerError: the model cannot be loaded or tuned, or `out` holds something else.
    """
    held_out = [text for text, _ in zip(texts, range(config.texts), strict=False)]
    choices = make_choices(held_out, seed=config.seed)
    with locked(out):
        claim(out / "config.json", config.to_dict(), what="a teaching of the study")
        facts = facts_of(config)
        write_database(out / DATABASE, dict.fromkeys(each.person for each in facts))
        tuned_path = out / "model"
        teach(
            config,
            out=tuned_path,
            database_path=out / DATABASE,
            device=device,
            on_progress=on_progress,
        )

        def scores(model: LanguageModel) -> _Scores:
            return _Scores(
                perplexity(model, held_out, tokens=config.text_tokens),
                chosen_rightly(model, choices),
            )

        before = scores(load_model(config.model, device=device))
        tuned = load_model(str(tuned_path), device=device)
        after = scores(tuned)
        asked = drawn(facts, config.questions, seed=config.seed)
        trials = list(ask(tuned, asked, mode=config.mode, database_path=out / DATABASE))
        del tuned
        found = Forgotten(
            recall=recall_of(trials),
            total_variation=_variation(config, tuned_path, held_out, device=device),
            perplexity_before=before.perplexity,
            perplexity_after=after.perplexity,
            choices=len(choices),
            chosen_before=before.chosen,
            chosen_after=after.chosen,
        )
        write_whole(out / METRICS, json_text({"settings": config.to_dict(), **found.to_dict()}))
    return found


def _variation(config: ForgetConfig, tuned: Path, texts: list[str], *, device: str) -> float:
    from toolformer.lm.hf.load import load_pretrained

    base, changed = (
        load_pretrained(name, dtype="float32", device=device) for name in (config.model, str(tuned))
    )
    return total_variation(base, changed, texts, tokens=config.text_tokens)
