"""A run written as a dataset: rows streamed into files that are whole or absent."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain, count, islice
from pathlib import Path
from typing import Literal, get_args

from toolformer.calls import grammar_from_dict
from toolformer.errors import CallError, ConfigError, ToolError, ToolformerError
from toolformer.export.conversations import INSTRUCTION
from toolformer.export.files import write_json_lines, write_parquet
from toolformer.export.rows import OF_TOOLS, Columns, ExportFormat, Row, columns_of
from toolformer.export.tokens import rows_of_tokens
from toolformer.files import claim, locked
from toolformer.records import AnnotatedDocument, Verdict
from toolformer.runs.directory import Run
from toolformer.runs.facts import FactsCounter, write_facts
from toolformer.runs.manifest import RunManifest
from toolformer.runs.reading import read_selected, resolve_thresholds
from toolformer.tools.base import Tool
from toolformer.tools.registry import Tools, as_tools, load_tools
from toolformer.tools.trust import is_harmless

SETTINGS = "export.json"
ROWS = 50_000  # of a file
FileKind = Literal["parquet", "jsonl"]
FILE_KINDS: tuple[FileKind, ...] = get_args(FileKind)
_WRITERS = {"parquet": write_parquet, "jsonl": write_json_lines}


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written."""

    rows: int
    texts: int
    files: tuple[Path, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)  # texts by reason


def export_run(
    run: Run | str | Path,
    out: str | Path,
    *,
    kind: ExportFormat = "text",
    files: FileKind = "parquet",
    tools: Tools | None = None,
    model: str | None = None,
    only: Collection[str] = (),
    threshold: float | None = None,
    min_used: float | None = None,
    min_help: float | None = None,
    allow_peeking: bool | None = None,
    all_texts: bool = False,
    instruction: str = INSTRUCTION,
    rows_per_file: int = ROWS,
) -> Exported:
    """Writes the kept texts of a run as a dataset that `datasets.load_dataset` reads.

    >>> import json
    >>> from tempfile import TemporaryDirectory
    >>> from toolformer.annotate import annotate
    >>> from toolformer.lm.scripted import ScriptedCall, ScriptedLanguageModel
    >>> sums = ScriptedCall("Calculator", after="303 + 453 =", writes=("303 + 453)",))
    >>> model = ScriptedLanguageModel([sums])
    >>> texts = ["There are 303 + 453 = 756 balloons in the whole room.", "Some fly."]
    >>> with TemporaryDirectory() as out:
    ...     run = annotate(texts, model=model, tools="calculator", out=f"{out}/run")
    ...     done = export_run(run, f"{out}/dataset", kind="prompt-completion", files="jsonl")
    ...     print(done.rows, done.left_out, json.loads(done.files[0].read_text())["completion"])
    1 {'no tool suits it': 1}  [Calculator(303 + 453) -> 756] 756 balloons in the whole room.

    Args:
        run: a run, or its directory.
        out: a directory, into which train-00000.parquet and so on are written.
        kind: the format of the rows.
        files: their files.
        tools: of the run, for formats that write arguments by name; those that its manifest names
            when None, as far as making them opens nothing.
        model: whose tokenizer encodes, for `tokens`.
        only: the tools whose calls are written, all when empty.
        threshold: τf, for all tools; the run's own when None.
        min_used: least L(e(c, ε)) − L(e(c, r)) for all tools, nats, whatever `threshold` says.
        min_help: least L(ε) − L(e(c, r)) for all tools, nats, whatever `threshold` says.
        allow_peeking: whether calls that peek compete; as in the run when None.
        all_texts: whether texts without a kept call are written, too.
        instruction: what a user says in front of a text, in conversations.
        rows_per_file: how many rows a file has at most.

    Raises:
        ConfigError: the settings do not go together, or a tool is needed that cannot be made.
        RunError: the run is not whole, or `out` holds something else.
    """
    opened = run if isinstance(run, Run) else Run.open(run)
    out = Path(out)
    thresholds = resolve_thresholds(opened, threshold, min_used=min_used, min_help=min_help)
    made = _tools(opened.manifest, tools) if kind in OF_TOOLS else {}
    grammar = grammar_from_dict(opened.manifest.grammar)
    if (kind == "tokens") != (model is not None):
        raise ConfigError(
            "The format tokens needs the model whose tokenizer encodes, model=…; no other does."
        )
    exporter = _Exporter(
        columns_of(
            kind,
            grammar=grammar,
            tools=made,
            instruction=instruction,
            rows_of_tokens=None if model is None else rows_of_tokens(model, grammar=grammar),
        ),
        all_texts=all_texts,
    )
    settings = {
        "format": kind,
        "files": files,
        "run": opened.manifest.fingerprint,
        "thresholds": {name: [each.used, each.help] for name, each in thresholds.items()},
        "allow_peeking": allow_peeking,
        "all_texts": all_texts,
        "only": sorted(only),
        "model": model,
        "instruction": instruction,
        "rows_per_file": rows_per_file,
    }
    selected = read_selected(opened, thresholds, allow_peeking=allow_peeking)
    if only:
        names = frozenset(name.casefold() for name in only)
        selected = (_with_calls_of(each, names) for each in selected)
    counter = FactsCounter(opened.manifest, thresholds, allow_peeking=allow_peeking)
    documents = counter.watch(selected)
    out.mkdir(parents=True, exist_ok=True)
    with locked(out):
        claim(out / SETTINGS, settings, what="an export")
        written = tuple(exporter.write(documents, out, files=files, rows_per_file=rows_per_file))
        write_facts(out, counter.facts())
    return Exported(exporter.row_count, exporter.texts, written, dict(exporter.left_out))


class _Exporter:
    """Makes the rows of texts, writes them, and counts."""

    def __init__(self, columns: Columns, *, all_texts: bool) -> None:
        self._columns, self._all_texts = columns, all_texts
        self.texts = self.row_count = 0
        self.left_out = Counter[str]()

    def write(
        self,
        documents: Iterable[AnnotatedDocument],
        out: Path,
        *,
        files: FileKind,
        rows_per_file: int,
    ) -> Iterator[Path]:
        """Writes the rows of documents, so many a file; yields the files."""
        for stale in out.glob("train-*"):
            stale.unlink()
        rows = self._rows(documents)
        for number in count():
            first = next(rows, None)
            if first is None:
                return
            path = out / f"train-{number:05}.{files}"
            part = chain([first], islice(rows, rows_per_file - 1))
            self.row_count += _WRITERS[files](path, part, self._columns)
            yield path

    def _rows(self, documents: Iterable[AnnotatedDocument]) -> Iterator[Row]:
        for annotated in documents:
            if annotated.skipped is not None:
                self.left_out[annotated.skipped] += 1
                continue
            if not annotated.kept and not self._all_texts:
                self.left_out["no kept call"] += 1
                continue
            try:
                made = list(self._columns.rows(annotated))
            except (CallError, ToolError):
                self.left_out["a call that the format cannot write"] += 1
                continue
            self.texts += 1
            yield from made


def _with_calls_of(annotated: AnnotatedDocument, names: Collection[str]) -> AnnotatedDocument:
    """Returns a document without the kept calls of other tools; names are in lower case."""
    kept = tuple(
        each
        for each in annotated.candidates
        if each.verdict is not Verdict.KEPT or each.tool.casefold() in names
    )
    return replace(annotated, candidates=kept)


def _tools(manifest: RunManifest, given: Tools | None) -> dict[str, Tool]:
    """Returns the tools of a run by name.

    Raises:
        ConfigError: one may not be made, or cannot be.
    """
    found = {tool.name: tool for tool in ([] if given is None else as_tools(given))}
    for stated in manifest.tools:
        if stated.name in found:
            continue
        try:
            if not stated.spec or not is_harmless(stated.spec):
                raise ConfigError("making it would run or open something")
            found |= {tool.name: tool for tool in load_tools(stated.spec)}
        except ToolformerError as error:
            raise ConfigError(
                f"The run's tool {stated.name} is needed for its parameters ({error}): name it, "
                f"--tool {stated.spec or '…'}."
            ) from None
    return found
