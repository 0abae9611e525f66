"""What the tests of the report start from: runs, an evaluation, and how a page is taken apart."""

import json
import zlib
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from toolformer.annotate import AnnotateConfig, annotate
from toolformer.evaluate.arm import Calls
from toolformer.evaluate.counts import Counts
from toolformer.evaluate.results import RESULTS, ArmLine, Cell, Results, TaskLine
from toolformer.lm.scripted import ScriptedCall, ScriptedLanguageModel
from toolformer.records import AnnotatedDocument, Candidate, Document, Losses, Verdict
from toolformer.runs import ManifestModel, ManifestTool, RunManifest, RunWriter
from toolformer.runs.directory import Run

TEXTS = [
    "There were 3 + 4 = 7 apples, and the capital of Kenya is Nairobi, far away.",
    "Nobody said anything at all that day.",
    "He counted 30 + 12 = 42 of them in the end.",
]
_CALLS = [
    ScriptedCall("Calculator", after="3 + 4 =", writes=("3 + 4)", "3 / 0)", "9 - 1)")),
    ScriptedCall("Calculator", after="30 + 12 =", writes=("30 + 12)", "12 / 0)")),
    ScriptedCall("Database", after="capital of Kenya is", writes=("Kenya, capital)",)),
]


def write_run(path: Path, *, threshold: float = 0.1) -> Run:
    """A run of a scripted model: 3 texts, 2 with kept calls, two divisions by zero."""
    config = AnnotateConfig(method="paper", gain_threshold=threshold, documents_per_shard=2)
    model = ScriptedLanguageModel(_CALLS)
    return annotate(TEXTS, model=model, tools=["calculator", "database"], out=path, config=config)


def document(
    number: int, text: str, *, gain: float = 1.0, tool: str = "Echo", **others: Any
) -> AnnotatedDocument:
    """A text with one call in its middle, kept where it gains half a nat."""
    call = Candidate(
        len(text) // 2,
        tool,
        others.pop("arguments", f"call {number}"),
        0.1,
        2,
        output=others.pop("output", f"answer {number}"),
        losses=Losses(no_call=3.0, with_output=3.0 - gain, no_output=3.0),
        verdict=Verdict.KEPT if gain >= 0.5 else Verdict.LOW_GAIN,
        token=1,
    )
    name = others.pop("name", f"text {number}")
    return AnnotatedDocument(Document(name, text), (tool,), None, (replace(call, **others),))


def write_documents(
    path: Path, documents: Sequence[AnnotatedDocument], *, tool: str = "Echo", **manifest: Any
) -> Run:
    """A run of some documents, in which one tool was tried."""
    stated = ManifestTool(
        name=tool,
        spec=manifest.pop("spec", ""),
        options={},
        shown="",
        min_prob=0.05,
        min_used=0.5,
        min_help=0.5,
        max_positions=5,
        samples=5,
        prune_below=-2.0,
    )
    given: dict[str, Any] = {
        "corpus": {"name": "texts.jsonl", "files": []},
        "model": ManifestModel(
            name="a-model", fingerprint="0" * 16, max_length=1024, batch_tokens=4096
        ),
        "grammar": {},
        "config": {"seed": 0},
    }
    writer = RunWriter(
        path, RunManifest(tools=[stated], documents_per_shard=100, **(given | manifest))
    )
    for shard, first in enumerate(range(0, len(documents), 100)):
        writer.write(shard, documents[first : first + 100])
    return writer.finish()


BAD = "</script><script>hacked = 1</script><img src=x onerror='hacked = 1'>\"'&amp;"
STEERING = "\x00\x1b[2J\u202eevil\u2066\u2028"


def write_hostile(path: Path) -> Run:
    """A run in which everything that is a text tries to be more."""
    tool = "<b>Echo</b>"
    refused = replace(
        document(2, "It fails.", tool=tool, gain=0).candidates[0],
        output=None,
        losses=None,
        verdict=Verdict.TOOL_ERROR,
        error=f"{BAD}\x07",
    )
    annotated = [
        document(0, BAD, tool=tool, arguments=f"a {BAD}", output=BAD, name=BAD),
        document(1, f"a{STEERING}b", tool=tool, output="x\u202ey", name="\x1b\u202e"),
        replace(document(2, "It fails.", tool=tool), candidates=(refused,)),
    ]
    return write_documents(
        path,
        annotated,
        tool=tool,
        spec=BAD,
        corpus={"name": BAD, "files": []},
        model=ManifestModel(name=BAD, fingerprint="0" * 16, max_length=9, batch_tokens=9),
        config={"method": BAD, "prompt_style": "</style>", "seed": BAD},
    )


def write_evaluation(path: Path) -> Path:
    """Results of a tuned model, tried with three k, beside its control."""
    counts = {0: (4, 0), 1: (6, 5), 10: (8, 9)}
    cells = [
        Cell(
            task="sums",
            arm="tuned",
            k=k,
            counts=Counts(
                inputs=10,
                right=right,
                started=started,
                called=started,
                right_called=min(right, started),
                followed=min(right, started),
            ),
        )
        for k, (right, started) in counts.items()
    ]
    cells.append(Cell(task="sums", arm="control", counts=Counts(inputs=10, right=3)))
    results = Results(
        tasks=[TaskLine("sums", "answers")],
        arms=[ArmLine("tuned", "tuned", Calls.LIVE), ArmLine("control", "control", Calls.NONE)],
        cells=cells,
    )
    path.mkdir(parents=True)
    (path / RESULTS).write_text(json.dumps(results.to_dict()))
    return path


@dataclass
class Page(HTMLParser):
    """A page taken apart: its elements, and what stands in scripts, styles, tables and the rest."""

    html: str
    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    scripts: dict[str, str] = field(default_factory=dict)  # by id; "" is what runs
    style: str = ""
    said: str = ""  # everything else
    rows: list[list[str]] = field(default_factory=list)  # of all tables

    def __post_init__(self) -> None:
        super().__init__()
        self._inside: tuple[str, str] = ("", "")
        self._is_cell = False
        self.feed(self.html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append((tag, given))
        self._is_cell = tag in ("td", "th") or (self._is_cell and tag not in ("tr", "table"))
        if tag in ("script", "style"):
            self._inside = tag, given.get("id") or ""
        elif tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self._inside = "", ""
        if tag in ("td", "th"):
            self._is_cell = False

    def handle_data(self, data: str) -> None:
        kind, name = self._inside
        if kind == "script":
            self.scripts[name] = self.scripts.get(name, "") + data
        elif kind == "style":
            self.style += data
        else:
            self.said += data
            if self._is_cell:
                self.rows[-1][-1] += data

    def row(self, *first: str) -> list[str]:
        """The first row that begins with these cells."""
        return next(row for row in self.rows if tuple(row[: len(first)]) == first)

    def texts(self, run: int = 0) -> list[list[Any]]:
        """The texts of a run, as the page's script unpacks them."""
        count = len(unpack(self.scripts[f"i{run}"])["sizes"])
        return [row for each in range(count) for row in unpack(self.scripts[f"b{run}-{each}"])]


def unpack(block: str) -> Any:
    """What a block holds."""
    return json.loads(zlib.decompress(b64decode(block, validate=True), wbits=-15))


def read_page(path: Path) -> Page:
    """A page that was written."""
    return Page(path.read_text(encoding="utf-8"))
