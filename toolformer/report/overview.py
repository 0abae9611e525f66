"""What a run is, in facts. Knows no HTML."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from toolformer.report.view import RunView
from toolformer.runs.manifest import ManifestTool, RunManifest

_UNITS = ("B", "kB", "MB", "GB", "TB")


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is known of a run."""

    name: str
    value: str


def facts(view: RunView) -> list[Fact]:
    """Returns what is known of a run, always in the same order, so that runs stand side by side."""
    manifest, stats = view.manifest, view.stats
    config = manifest.config
    tools = stats.tools.values()
    found = [
        ("model", f"{manifest.model.name} ({manifest.model.fingerprint})"),
        ("method", method_name(manifest)),
        ("corpus", corpus_name(manifest)),
        ("texts", f"{stats.documents:,}, {view.characters:,} characters"),
        ("texts with a kept call", f"{stats.documents_kept:,}"),
        ("texts skipped", ", ".join(f"{n:,} {why}" for why, n in stats.skipped.items())),
        ("records that could not be read", f"{stats.problems:,}" if stats.problems else ""),
        ("calls proposed", f"{sum(each.proposed for each in tools):,}"),
        ("calls executed", f"{sum(each.executed for each in tools):,}"),
        ("calls scored", f"{sum(each.scored for each in tools):,}"),
        ("calls kept", f"{sum(each.kept for each in tools):,}"),
        ("window", f"{manifest.window_tokens:,} tokens" if manifest.window_tokens else ""),
        ("temperature", _setting(config, "temperature")),
        ("seed", _setting(config, "seed")),
        ("on disk", f"{spell_bytes(view.disk_bytes)} in {_count(view.shards, 'shard')}"),
        ("fingerprint", manifest.fingerprint),
    ]
    return [Fact(name, value) for name, value in found]


def method_name(manifest: RunManifest) -> str:
    """Returns in words how calls were found and judged."""
    method = manifest.config.get("method")
    style = manifest.config.get("prompt_style")
    if method == "in-context":
        return "in context, behind demonstrations"
    return f"the paper's, asked {style}" if style else "the paper's"


def corpus_name(manifest: RunManifest) -> str:
    """Returns the name of a run's corpus and the size of its files."""
    name, files = str(manifest.corpus.get("name", "")), manifest.corpus.get("files") or []
    sizes = [each.get("size", 0) for each in files if isinstance(each, Mapping)]
    known = [each for each in sizes if isinstance(each, int)]
    return f"{name} ({_count(len(files), 'file')}, {spell_bytes(sum(known))})" if files else name


def places(tool: ManifestTool) -> str:
    """Returns how the places of a tool's calls were chosen."""
    gain = "" if tool.min_start_gain is None else f", start gain {tool.min_start_gain:g}"
    return f"{tool.min_prob:g}{gain}"


def spell_bytes(count: int) -> str:
    """Returns a number of bytes as people read it.

    >>> spell_bytes(512), spell_bytes(1_234_567)
    ('512 B', '1.2 MB')
    """
    value = float(count)
    for unit in _UNITS:
        if value < 1000 or unit == _UNITS[-1]:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError("the last unit has no bound")


def _setting(config: Mapping[str, Any], name: str) -> str:
    value = config.get(name)
    return "" if value is None else str(value)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
