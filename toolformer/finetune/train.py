"""Texts in, a model that calls tools out.

`finetune` takes the texts of runs, `finetune_texts` any others; below them nothing knows a run.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from transformers import PreTrainedModel

from toolformer.calls import CallGrammar, grammar_from_dict
from toolformer.errors import ConfigError
from toolformer.finetune.config import FinetuneConfig
from toolformer.finetune.data.runs import SelectedRun, origin_of_runs, texts_of_runs
from toolformer.finetune.data.texts import TrainingText, given_texts
from toolformer.finetune.model.adapters import check_adapter, check_base_of_adapter
from toolformer.finetune.model.starting import check_base, check_places, load_base
from toolformer.finetune.processes import check_launch
from toolformer.finetune.report import FinetuneReport
from toolformer.finetune.training import checkpoints
from toolformer.finetune.training.arguments import check_reports
from toolformer.finetune.training.carry_out import carry_out
from toolformer.finetune.training.plan import make_plan
from toolformer.finetune.training.steps import TrainingStep
from toolformer.lm.hf.told import quiet
from toolformer.records import Document
from toolformer.sidecar import SidecarTool


def finetune(
    runs: Sequence[SelectedRun],
    *,
    out: Path,
    model: str | tuple[PreTrainedModel, Any] | None = None,
    mixed: Iterable[Document] = (),
    config: FinetuneConfig | None = None,
    device: str = "auto",
    trust_remote_code: bool = False,
    report_to: Sequence[str] = (),
    resume: bool = False,
    on_progress: Callable[[TrainingStep], None] | None = None,
) -> FinetuneReport:
    """Tunes a model on the kept calls of runs and writes it to `out`.

    A training that was interrupted is continued: what `out` has already is not done again.

    Args:
        runs: with the verdicts that count; `read_run` opens one as it was written.
        out: the model's directory.
        model: a directory, a Hub id or "nano"; a `PreTrainedModel` and its tokenizer, which are
            trained themselves; the runs' own model when None.
        mixed: plain texts to train on as well, as they are.
        config: the defaults when None.
        device: cpu, cuda, or auto for what is there.
        trust_remote_code: whether Python files that come with the model may run.
        report_to: what `transformers` should report to: tensorboard, wandb, trackio.
        resume: whether there must be a training to continue.
        on_progress: called after every step and look at the held-out texts.

    Raises:
        ConfigError: the runs do not go together or keep nothing, or a library is missing.
        ModelError: the model does not fit the runs.
        RunError: `out` holds something else, or a training with other settings.
        TrainingError: the training diverges.
    """
    config = config or FinetuneConfig()
    if not runs:
        raise ConfigError("There is no run to learn from: name at least one.")
    _check_start(config, out=out, report_to=report_to, resume=resume)
    check_base_of_adapter(config, model or runs[0].manifest.model.name)
    texts = texts_of_runs(runs, config=config, mixed=mixed)
    with quiet():
        base = load_base(
            model or runs[0].manifest.model.name,
            grammar=grammar_from_dict(runs[0].manifest.grammar),
            device=device,
            in_four_bits=config.adapter == "qlora",
            trust_remote_code=trust_remote_code,
        )
        check_base(base, run=runs[0], is_named=model is not None)
        check_places(base, texts.training, runs=runs)
        plan = make_plan(config, base=base, texts=texts, origin=origin_of_runs(runs))
        return carry_out(plan, out=out, report_to=report_to, on_progress=on_progress)


def finetune_texts(
    texts: Iterable[TrainingText],
    *,
    model: str | tuple[PreTrainedModel, Any],
    out: Path,
    held_out: Iterable[TrainingText] = (),
    grammar: CallGrammar | None = None,
    tools: Sequence[SidecarTool] = (),
    config: FinetuneConfig | None = None,
    device: str = "auto",
    trust_remote_code: bool = False,
    report_to: Sequence[str] = (),
    resume: bool = False,
    on_progress: Callable[[TrainingStep], None] | None = None,
) -> FinetuneReport:
    """Tunes a model on texts with or without calls, and writes it to `out`.

    All texts are trained on: what the settings say of drawing them from runs (`max_per_tool`,
    `plain_texts`, `dev_texts`) is not asked. A training that was interrupted is continued with the
    same texts in the same order; with others it is refused.

    Args:
        texts: to learn; their calls are written where they stand.
        model: a directory, a Hub id or "nano", or a `PreTrainedModel` and its tokenizer.
        out: the tuned model's directory.
        held_out: by which the training is judged. Without them the last weights are kept.
        grammar: how calls are written; as the model was taught before when None.
        tools: that the tuned model's sidecar names.
        config: as for `finetune`, like everything that follows.
        device: cpu, cuda, or auto for what is there.
        trust_remote_code: whether Python files that come with the model may run.
        report_to: what `transformers` should report to.
        resume: whether there must be a training to continue.
        on_progress: called after every step and look at the held-out texts.

    Raises:
        ConfigError: there is no text, or a library is missing.
        ModelError: there is no such model, or its tokenizer cannot spell the markers.
        RunError: `out` holds something else, or a training with other settings or texts.
        TrainingError: the training diverges.

    >>> from tempfile import TemporaryDirectory
    >>> from toolformer import PlacedCall, ToolCall
    >>> placed = PlacedCall(21, ToolCall("Calculator", "2 + 3"), "5")
    >>> texts = [TrainingText("a", "The sum of 2 and 3 is 5.", (placed,))]
    >>> config = FinetuneConfig(steps=1, batch_size=1)
    >>> with TemporaryDirectory() as folder:
    ...     report = finetune_texts(texts, model="nano", out=Path(folder), config=config)
    >>> report.texts_per_tool, len(report.losses)
    ({'Calculator': 1}, 1)
    """
    config = config or FinetuneConfig()
    _check_start(config, out=out, report_to=report_to, resume=resume)
    check_base_of_adapter(config, model)
    given, origin = given_texts(texts, held_out, tools)
    with quiet():
        base = load_base(
            model,
            grammar=grammar,
            device=device,
            in_four_bits=config.adapter == "qlora",
            trust_remote_code=trust_remote_code,
        )
        plan = make_plan(config, base=base, texts=given, origin=origin)
        return carry_out(plan, out=out, report_to=report_to, on_progress=on_progress)


def _check_start(
    config: FinetuneConfig, *, out: Path, report_to: Sequence[str], resume: bool
) -> None:
    """Refuses what can be refused before a text is read or a model is loaded."""
    checkpoints.check_out(out, resume=resume)
    check_adapter(config.adapter)
    check_launch(config)
    check_reports(report_to)
