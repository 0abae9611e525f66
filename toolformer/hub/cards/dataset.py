"""The card of a run, or of the texts that were exported of one."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from toolformer.annotate.command import annotate_command
from toolformer.calls import grammar_from_dict
from toolformer.errors import RunError
from toolformer.files import read_json
from toolformer.hub.artifacts import EXPORT, Artifact
from toolformer.hub.cards.card import CardSettings, license_section, made_by, sealed_card
from toolformer.hub.cards.markdown import block, code, escaped, table
from toolformer.hub.cards.tools import NamedTool, tools_section
from toolformer.records import AnnotatedDocument
from toolformer.runs.directory import Run
from toolformer.runs.facts import RunFacts, facts_of, read_facts
from toolformer.runs.manifest import RunManifest
from toolformer.runs.thresholds import Thresholds

_EXAMPLES = 3
_LONGEST_EXAMPLE = 400  # characters
_METHODS: Mapping[str, str] = {
    "in-context": (
        "The model was shown texts with calls in them and asked where a call begins. A call was "
        "kept where its output makes the next words easier to predict than the call without it "
        "(used), and the call with its output than no call (help), by at least the thresholds."
    ),
    "paper": (
        "As in [Toolformer](https://arxiv.org/abs/2302.04761): the model was asked for calls in a "
        "copy of each text. A call was kept where its output makes the next words easier to "
        "predict by at least the threshold, both than the call without it and than no call."
    ),
}


def run_card(artifact: Artifact, *, name: str, settings: CardSettings) -> str:
    """Returns the card of a run, from its files alone.

    Raises:
        RunError: the run is damaged.
    """
    run = Run.open(artifact.path)
    facts = facts_of(run)
    load = "\n".join(
        [
            *_loading(name),
            "",
            "A row is a text with every call that was proposed for it, kept or not. **The texts "
            "hold no calls: whoever trains on the rows as they are trains on plain text.** Texts "
            "with their calls are written by toolformer-engine:",
            "",
            "```sh",
            f"hf download {name} --repo-type dataset --local-dir run",
            "toolformer show run",
            "toolformer export run --out dataset",
            "```",
        ]
    )
    return _card(
        "shards/*.parquet",
        facts,
        name=name,
        settings=settings,
        summary="A run of toolformer-engine: texts, and the tool calls that a model proposed in "
        "them, each with its losses and its verdict.",
        sections=["## Load it\n\n" + load, _examples(run)],
    )


def export_card(artifact: Artifact, *, name: str, settings: CardSettings) -> str:
    """Returns the card of exported texts, from their files alone.

    Raises:
        RunError: a file of the export is damaged.
    """
    stated = _settings_of(artifact.path)
    kind, files = str(stated.get("format", "text")), str(stated.get("files", "parquet"))
    load = "\n".join(_loading(name))
    others = " The texts without a kept call are there, too." if stated.get("all_texts") else ""
    only = stated.get("only")
    named = f" Only calls of {escaped(', '.join(map(str, only)))}." if only else ""
    return _card(
        f"train-*.{files}",
        read_facts(artifact.path),
        name=name,
        settings=settings,
        summary="Texts in which a model called tools, and kept the calls whose results make the "
        f"next words easier to predict. The rows have the format {code(kind)} of `toolformer "
        f"export`.{others}{named}",
        sections=["## Load it\n\n" + load],
    )


def _loading(name: str) -> list[str]:
    """Returns the lines of a card that load its rows."""
    return [
        "```python",
        "from datasets import load_dataset",
        "",
        f'rows = load_dataset("{name}", split="train")',
        "```",
    ]


def _card(
    data_files: str,
    facts: RunFacts | None,
    *,
    name: str,
    settings: CardSettings,
    summary: str,
    sections: Sequence[str],
) -> str:
    configs = [
        {"config_name": "default", "data_files": [{"split": "train", "path": data_files}]},
    ]
    metadata: dict[str, Any] = {
        "license": settings.license,
        "task_categories": ["text-generation"],
        "tags": ["toolformer", "tool-use", "function-calling"],
        "pretty_name": name.rpartition("/")[2],
        "configs": configs,
    }
    known = [] if facts is None else list(_facts_sections(facts, settings=settings))
    missing = "" if facts else "How its run was made was not noted when it was exported."
    return sealed_card(
        "dataset",
        metadata,
        title=name,
        sections=[summary, *sections, *known, missing, license_section(settings.license)],
    )


def _facts_sections(facts: RunFacts, *, settings: CardSettings) -> Iterator[str]:
    """Yields the sections on what a run adds up to and how it was made."""
    yield _counts(facts)
    tools = [NamedTool(tool.name, tool.spec) for tool in facts.manifest.tools]
    yield tools_section(tools, settings.tools)
    yield _origin(facts.manifest, settings=settings)


def _counts(facts: RunFacts) -> str:
    stats = facts.stats
    thresholds = _thresholds(facts)
    rows = []
    for name, threshold in thresholds.items():
        counts, chance = stats.tools.get(name), facts.chance.get(name)
        share = None if chance is None else chance.share
        false = None if chance is None else chance.expected_false
        rows.append(
            [
                escaped(name),
                str(threshold),
                *(
                    f"{number:,}"
                    for number in (
                        (0, 0, 0, 0, 0)
                        if counts is None
                        else (
                            *(counts.texts_tried, counts.proposed, counts.executed),
                            *(counts.kept, counts.texts_kept),
                        )
                    )
                ),
                "–" if share is None else f"{100 * share:.1f} %",
                "–" if false is None else f"{false:.1f}",
            ]
        )
    head = ["tool", "threshold (nats)", "texts tried", "proposed", "executed", "kept"]
    head += ["texts with a kept call", "wrong calls that pass", "of the kept ones false, about"]
    said = [f"{stats.documents:,} texts, {stats.documents_kept:,} with a kept call."]
    if stats.skipped:
        listed = ", ".join(f"{count:,} {reason}" for reason, count in stats.skipped.items())
        said.append(f"Not annotated: {escaped(listed)}.")
    if stats.problems:
        said.append(f"Records of the corpus that could not be read: {stats.problems:,}.")
    chance_said = (
        "Wrong calls are calls with the output of another call of the tool. The last column is how "
        "many of the kept calls are false if false ones pass as often; a dash where none were "
        "tried."
    )
    return "\n\n".join(["## Calls per tool", " ".join(said), table(head, rows), chance_said])


def _thresholds(facts: RunFacts) -> dict[str, Thresholds]:
    """Returns what calls had to reach, by tool name: where it is known, as it was settled."""
    return {
        tool.name: facts.chance[tool.name].thresholds
        if tool.name in facts.chance
        else tool.thresholds
        for tool in facts.manifest.tools
    }


def _origin(manifest: RunManifest, *, settings: CardSettings) -> str:
    method = str(manifest.config.get("method") or "paper")
    costs = "How long it took is not noted in a run."
    if settings.seconds is not None:
        costs = f"The last try took {settings.seconds:,.0f} s."
    model = manifest.model
    return "\n\n".join(
        [
            "## How it was made",
            _METHODS.get(method, _METHODS["paper"]),
            f"The model is {code(model.name)} (weights {code(model.fingerprint)}), the corpus "
            f"{code(str(manifest.corpus.get('name', '')))}, the fingerprint of the run "
            f"{code(manifest.fingerprint)}. {costs}",
            block(annotate_command(manifest), "sh"),
            f"Shared with {made_by()}.",
        ]
    )


def _examples(run: Run) -> str:
    """Returns a few short texts with their kept calls."""
    grammar = grammar_from_dict(run.manifest.grammar)

    def rendered(documents: Iterator[AnnotatedDocument]) -> Iterator[str]:
        for annotated in documents:
            if annotated.kept and len(annotated.document.text) <= _LONGEST_EXAMPLE:
                yield grammar.render(annotated.document.text, annotated.kept)

    shown = list(islice(rendered(run.documents()), _EXAMPLES))
    if not shown:
        return ""
    return "\n\n".join(["## Examples", *map(block, shown)])


def _settings_of(folder: Path) -> Mapping[str, Any]:
    path = folder / EXPORT
    try:
        values = read_json(path)
        if not isinstance(values, dict) or values.get("files") not in ("parquet", "jsonl"):
            raise ValueError("it does not name the kind of the files")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise RunError(f"'{path}' does not hold the settings of an export: {reason}.") from None
    return values
