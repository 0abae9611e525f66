"""One model: trained into a directory, resumable, and asked at the end."""

from collections.abc import Callable
from pathlib import Path

from toolformer.files import claim, json_text, locked, write_whole
from toolformer.studies.in_tool.data.files import database_spec, write_database
from toolformer.studies.in_tool.data.questions import Mode
from toolformer.studies.in_tool.experiment.measured import (
    AskConfig,
    Measured,
    measure_trained,
    people_of,
    strangers_of,
)
from toolformer.studies.in_tool.training.config import TrainConfig
from toolformer.studies.in_tool.training.stepping import Stacked

METRICS = "metrics.json"
DATABASE = "facts.db"


def train_one(
    config: TrainConfig,
    *,
    out: Path,
    ask: AskConfig | None = None,
    device: str = "auto",
    on_step: Callable[[Stacked], None] | None = None,
) -> Measured:
    """Trains a model and writes it, its database and what it answered to `out`.

    Killed at any moment it continues from its last checkpoint to the same bits (on a CPU).

    Args:
        config: the model and its training.
        out: a model of transformers with its sidecar; `facts.db`, with the facts of its people and
            of strangers; `metrics.json`; in `checkpoint` the state of the training.
        ask: what is asked at the end.
        device: a torch device, or `auto` for a GPU where there is one.
        on_step: called after every step.

    Raises:
        RunError: `out` holds something else, or a training with other settings.
    """
    from toolformer.lm.hf.load import find_device
    from toolformer.studies.in_tool.training.checkpoint import (
        restore_state,
        save_state,
        write_model,
    )
    from toolformer.studies.in_tool.training.trainer import State, train

    place, ask = find_device(device), ask or AskConfig()
    with locked(out):
        kept = out / "checkpoint" / "state.pt"
        settings = config.to_dict()
        claim(kept.with_name("config.json"), settings, what="a model of the study", folder=out)
        state = restore_state(kept) or State.new(config.width, seeds=[config.seed])
        train(
            state.to(place),
            [config.learned],
            config.schedule,
            on_step=on_step,
            keep=lambda each: save_state(kept, each),
        )
        state = restore_state(kept) or state
        people = [*people_of(config.learned), *strangers_of(config.learned)]
        write_database(out / DATABASE, people)
        spec = database_spec(out / DATABASE) if config.mode is Mode.TOOL else ""
        write_model(out, state.weights, lineage={"study": "in-tool"} | settings, tool_spec=spec)
        measured = measure_trained(state.weights, config.learned, counts=ask, place=place)
        write_whole(out / METRICS, json_text({"settings": settings, **measured.to_dict()}))
    return measured
