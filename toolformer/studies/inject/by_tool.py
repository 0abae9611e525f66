"""The third arm: the same facts in a database, asked by a model that was tuned on other facts.

What is learned is to ask the `Database`, from texts about people of whom nothing is asked; the
decoder of `infer` runs the calls. Only the first paraphrase and the statement of each type are in
those texts, so the second paraphrase tells whether the use of the tool carries over to other words.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from toolformer.calls import PlacedCall, ToolCall
from toolformer.errors import RunError
from toolformer.evaluate.tasks.facts.table import FactRow, write_facts
from toolformer.files import claim, from_json, json_text, locked, read_json, write_whole
from toolformer.finetune import FinetuneConfig, TrainingStep, TrainingText
from toolformer.infer import InferConfig, decode
from toolformer.lm.registry import load_model
from toolformer.sidecar import SidecarTool
from toolformer.studies.inject.data.facts import Fact, Group, Item
from toolformer.studies.inject.data.files import FactSet
from toolformer.studies.inject.data.templates import TYPES
from toolformer.tools.registry import load_tool
from toolformer.tools.toolbox import Toolbox

DATABASE = "Database"
_ANSWERS = "answers.json"
_MODEL = "model"
_FACTS = "facts.db"
_MOST_BYTES = 1 << 28
# A model of a million weights has to learn to copy what a tool says.
TUNING = FinetuneConfig(epochs=6, max_steps=4000, batch_size=32, learning_rate=1e-3, keep="last")


@dataclass(frozen=True, slots=True)
class ToolAnswer:
    """What a model answered to one item, asking the database."""

    item: str
    text: str  # calls and what the tool said taken out
    is_right: bool  # it begins with the answer
    calls: int
    asked: str  # the arguments of the first call; "" without one


def ask_by_tool(
    facts: FactSet,
    *,
    base: str,
    out: Path,
    config: FinetuneConfig = TUNING,
    device: str = "auto",
    on_progress: Callable[[TrainingStep], None] | None = None,
) -> list[ToolAnswer]:
    """Tunes a model to ask the database, has it answer all items, and writes `answers.json`.

    Args:
        facts: the others are learned from; the injected and control ones fill the database.
        base: the model to tune, by name.
        out: where model, database and answers go; what is there is not done again.
        config: of the tuning.
        device: cpu, cuda, or auto for what is there.
        on_progress: called after every step of the tuning.

    Raises:
        ConfigError: there are no other facts to learn from.
        RunError: `out` holds something else, or was begun with other settings.
    """
    from toolformer.finetune import finetune_texts

    with locked(out):
        settings = {"facts": facts.digest, "base": base, "tuning": config.to_dict()}
        claim(out / "settings.json", settings, what="facts asked by a tool")
        if (out / _ANSWERS).exists():
            return read_answers(out)
        finetune_texts(
            list(training_texts(facts.of(Group.OTHER))),
            model=base,
            out=out / _MODEL,
            tools=[SidecarTool(DATABASE, "database")],
            config=config,
            device=device,
            on_progress=on_progress,
        )
        known = facts.of(Group.INJECTED, Group.CONTROL)
        write_facts(out / _FACTS, [FactRow(fact.subject, fact.type, fact.value) for fact in known])
        items = [item for item in facts.items if item.needs_fact]
        answers = list(
            answer_by_tool(str(out / _MODEL), items, database=out / _FACTS, device=device)
        )
        write_whole(out / _ANSWERS, json_text([asdict(answer) for answer in answers]))
    return answers


def training_texts(facts: Sequence[Fact]) -> Iterator[TrainingText]:
    """Yields statements and first paraphrases of facts, each with a call before its value."""
    types = {each.name: each for each in TYPES}
    for fact in facts:
        kind = types[fact.type]
        call = ToolCall(DATABASE, f"{fact.subject}, {fact.type}")
        for number, template in enumerate((kind.statement, kind.paraphrases[0])):
            prompt = template.format(s=fact.subject)
            yield TrainingText(
                f"{fact.id}/{number}",
                f"{prompt} {fact.value}.",
                (PlacedCall(len(prompt), call, fact.value),),
            )


def answer_by_tool(
    model: str, items: Sequence[Item], *, database: Path, device: str = "auto"
) -> Iterator[ToolAnswer]:
    """Yields what a model that can ask a database answers to each item, in their order."""
    loaded = load_model(model, device=device)
    settings = InferConfig(max_new_tokens=48, max_calls=2, stop=(".",))
    with Toolbox([load_tool(f"database:path={database}")]) as toolbox:
        prompts = [item.prompt for item in items]
        answers = decode(loaded, prompts, execute=toolbox, config=settings)
        for item, answer in zip(items, answers, strict=True):
            first = next((event.call for event in answer.events if event.call is not None), None)
            text = answer.text.strip()
            yield ToolAnswer(
                item=item.id,
                text=text,
                is_right=text.startswith(item.answer),
                calls=len(answer.events),
                asked="" if first is None else first.arguments,
            )


def read_answers(out: Path) -> list[ToolAnswer]:
    """Reads what `ask_by_tool` wrote.

    Raises:
        RunError: the directory holds no answers.
    """
    try:
        return from_json(list[ToolAnswer], read_json(out / _ANSWERS, most_bytes=_MOST_BYTES))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise RunError(
            f"'{out}' holds no answers ({reason}): make them with toolformer study inject tool."
        ) from None
