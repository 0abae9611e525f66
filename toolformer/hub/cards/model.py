"""The card of a tuned model, or of its adapter."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from toolformer.errors import ModelError, RunError
from toolformer.finetune.report import FinetuneReport, read_report
from toolformer.hub.artifacts import Artifact
from toolformer.hub.cards.card import CardSettings, license_section, made_by, sealed_card
from toolformer.hub.cards.commands import base_name, finetune_command
from toolformer.hub.cards.markdown import block, code, escaped, table
from toolformer.hub.cards.tools import NamedTool, tools_section
from toolformer.sidecar import Sidecar, read_sidecar

_GENERATE = """\
With transformers alone, whose `generate` runs the tools for those who trust the file
`custom_generate/generate.py`, which needs toolformer-engine:

```python
from transformers import AutoModelForCausalLM, AutoTokenizer

model = AutoModelForCausalLM.from_pretrained("{name}")
tokenizer = AutoTokenizer.from_pretrained("{name}")
inputs = tokenizer("Your text", return_tensors="pt")
found = model.generate(
    **inputs, tokenizer=tokenizer, custom_generate="{name}", trust_remote_code=True
)
print(tokenizer.decode(found[0], skip_special_tokens=True))
```"""


def checkpoint_card(artifact: Artifact, *, name: str, settings: CardSettings) -> str:
    """Returns the card of a checkpoint, from its files alone.

    Raises:
        ModelError: its sidecar cannot be read.
    """
    sidecar = read_sidecar(artifact.path)
    if sidecar is None:
        raise ModelError(f"'{artifact.path}' has no toolformer.json: it is not a tuned model.")
    base = base_name(sidecar.lineage)
    metadata: dict[str, Any] = {
        "base_model": base if is_on_hub(base) else None,
        "library_name": "peft" if artifact.is_adapter else "transformers",
        "license": settings.license,
        "pipeline_tag": "text-generation",
        "tags": ["toolformer", "tool-use", "function-calling"],
    }
    if metadata["base_model"]:
        metadata["base_model_relation"] = "adapter" if artifact.is_adapter else "finetune"
    tools = [NamedTool(each.name, each.spec) for each in sidecar.tools]
    what = "An adapter of" if artifact.is_adapter else "A model that was tuned from"
    return sealed_card(
        "model",
        metadata,
        title=name,
        sections=[
            f"{what} {code(base)} that calls tools by itself: it writes a call into its text, the "
            "tool runs, and it continues behind the output.",
            _use(artifact, name=name, base=base),
            tools_section(tools, settings.tools) if tools else "",
            _origin(artifact.path, sidecar),
            license_section(settings.license),
        ],
    )


def is_on_hub(model: str) -> bool:
    """Returns whether a model's name is one of the Hub's, as far as this machine can tell.

    It is where the model was loaded by this name: then it lies in the Hub's local cache.
    """
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    if Path(model).exists():
        return False
    with suppress(HFValidationError):
        return isinstance(try_to_load_from_cache(model, "config.json"), str)
    return False


def _use(artifact: Artifact, *, name: str, base: str) -> str:
    lines = ["## Use it", "", "```sh", f'toolformer infer {name} "Your text"', "```"]
    if (artifact.path / "custom_generate" / "generate.py").is_file():
        lines += ["", _GENERATE.format(name=name)]
    if artifact.is_adapter and not is_on_hub(base):
        lines += [
            "",
            f"The adapter names its base as {code(base)}, which is not a name of the Hub: whoever "
            "loads it needs that model under this name, or writes another one into "
            "`adapter_config.json`.",
        ]
    return "\n".join(lines)


def _origin(folder: Path, sidecar: Sidecar) -> str:
    lineage = sidecar.lineage
    parts = ["## How it was made"]
    if lineage.get("made_by") == "toolformer finetune":
        config = lineage.get("config")
        is_plain = isinstance(config, Mapping) and config.get("plain") is True
        parts.append(
            "It learned the same texts without their calls: a control, which calls no tools."
            if is_plain
            else "It learned texts in which its base had called tools, and kept the calls whose "
            "results make the next words easier to predict "
            "([Toolformer](https://arxiv.org/abs/2302.04761))."
        )
        with suppress(RunError):  # a model that was made otherwise has none
            parts += _training(read_report(folder))
        runs = lineage.get("runs")
        if isinstance(runs, list):
            named = ", ".join(
                f"{code(str(each.get('name')))} ({code(str(each.get('fingerprint')))})"
                for each in runs
                if isinstance(each, Mapping)
            )
            parts.append(f"Runs, with their fingerprints: {named}.")
        parts.append(block(finetune_command(lineage), "sh"))
    parts.append(f"Shared with {made_by()}.")
    return "\n\n".join(parts)


def _training(report: FinetuneReport) -> list[str]:
    rows = [[escaped(tool), f"{count:,}"] for tool, count in report.texts_per_tool.items()]
    parts = [table(["tool", "texts with its calls"], rows)] if rows else []
    said = [
        f"{report.texts:,} texts in {report.rows:,} rows, {report.steps:,} steps, "
        f"{report.tokens:,} tokens; {report.trained_parameters:,} of {report.parameters:,} "
        f"parameters, at a rate of {report.learning_rate:.3g}."
    ]
    first, kept = report.dev.get(0), report.dev.get(report.kept_step)
    if first is not None and kept is not None:
        if first.perplexity is not None and kept.perplexity is not None:
            said.append(
                f"Perplexity of {report.dev_texts:,} held-out texts without calls: "
                f"{first.perplexity:.4g} before, {kept.perplexity:.4g} after."
            )
        elif first.loss is not None and kept.loss is not None:
            said.append(
                f"Loss of {report.dev_texts:,} held-out texts: {first.loss:.4g} before, "
                f"{kept.loss:.4g} after."
            )
    machine = report.machine
    if machine is not None:
        said.append(
            f"The last {machine.steps:,} steps took {machine.seconds:,.0f} s on "
            f"{escaped(machine.device)}."
        )
    return [*parts, " ".join(said)]
