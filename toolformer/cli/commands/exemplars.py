"""`toolformer exemplars`: a model proposes calls to show it, a person chooses, a file comes out."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from shlex import quote
from typing import Annotated, TextIO

from typer import Argument, Option

from toolformer.annotate import AnnotateConfig
from toolformer.annotate.demonstrations import exemplars_content, write_exemplars
from toolformer.annotate.demonstrations.proposing import (
    PILOT_TEXTS,
    PROPOSED,
    Pilot,
    ProposedExemplar,
    propose_exemplars,
)
from toolformer.assets import EMBEDDED_MODEL, SAMPLE_CORPUS, asset
from toolformer.calls import ToolCall
from toolformer.cli.commands.annotate import read_batch_tokens
from toolformer.cli.display.console import STYLES, Console, answer_console
from toolformer.cli.display.gate import clean
from toolformer.cli.display.progress import counting_bar
from toolformer.cli.settings import (
    BATCH_TOKENS,
    DEVICE,
    DTYPE,
    MODEL_HELP,
    STRICT,
    TRUST_REMOTE_CODE,
    with_settings,
)
from toolformer.cli.stopped import stopped_with
from toolformer.corpus import Corpora
from toolformer.errors import ConfigError
from toolformer.lm.registry import load_model
from toolformer.tools.exemplar import NOTATION
from toolformer.tools.registry import load_tool


@with_settings(
    AnnotateConfig,
    names={"gain_threshold": ["--gain-threshold", "--threshold"]},
)
def exemplars(
    corpus: Annotated[
        list[str] | None,
        Argument(
            help="Files, directories, patterns, Hugging Face dataset ids, as `toolformer annotate` "
            "reads them. Default: the sample corpus that comes with the package.",
            show_default=False,
        ),
    ] = None,
    tool: Annotated[
        str, Option(help="The tool: calculator, database:path=facts.db, my_tools.py:convert.")
    ] = "calculator",
    model: Annotated[str, Option(help=MODEL_HELP)] = EMBEDDED_MODEL,
    out: Annotated[
        Path, Option(help="The file: .jsonl, or .txt to be edited by hand; must not exist.")
    ] = Path("exemplars.jsonl"),
    yes: Annotated[
        int | None,
        Option(min=1, help="Take so many, the best, and ask nobody.", show_default=False),
    ] = None,
    *,
    settings: AnnotateConfig,
    dtype: DTYPE = "float32",
    device: DEVICE = "auto",
    batch_tokens: BATCH_TOKENS = "auto",
    trust_remote_code: TRUST_REMOTE_CODE = False,
    strict: STRICT = False,
) -> int:
    """Let a model propose exemplars: texts of a corpus with calls that help in them.

    A pilot over the first 50 texts (--max-documents) finds calls and ranks them. The ten best are
    shown, each in its text, for you to take or leave, and those you take go into a file for
    `toolformer annotate --exemplars FILE`.
    """
    exemplars_content(out, [])  # refuses the name of another kind of file
    if out.exists():
        raise ConfigError(f"'{out}' exists: name another --out, or delete it.")
    if yes is None and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise ConfigError(
            "There is nobody to ask whether a call is a good exemplar: run this at a terminal, or "
            "take the best ones with --yes 6."
        )
    own = load_tool(tool)
    notes = Console(stderr=True)
    with notes.status(f"Loading {model}"):
        language_model = load_model(
            model,
            dtype=dtype,
            device=device,
            batch_tokens=read_batch_tokens(batch_tokens),
            trust_remote_code=trust_remote_code,
        )
    total = settings.max_documents or PILOT_TEXTS
    with stopped_with("Nothing was written."):
        with counting_bar(notes, "Looking for exemplars", "texts", total=total) as move:
            pilot = propose_exemplars(
                Corpora(tuple(corpus or (str(asset(SAMPLE_CORPUS)),))),
                model=language_model,
                tool=own,
                count=max(yes or 0, PROPOSED),
                config=settings,
                strict=strict,
                on_progress=lambda progress: move(progress.documents, 0, "", None),
                on_problem=lambda problem: notes.print(f"Skipped: {problem}"),
            )
        console = answer_console()
        if not pilot.proposed:
            notes.print(_advice(pilot), soft_wrap=True)
            return 1
        writable = [each for each in pilot.proposed if _fits(each, out)]
        if yes is not None:
            chosen = writable[:yes]
            for each in chosen:
                show(each, console)
        else:
            chosen = list(choose(writable, console, answers=sys.stdin))
    if not chosen:
        notes.print("None was taken, and nothing was written.")
        return 1
    write_exemplars(out, [each.demonstration for each in chosen])
    taken = "1 exemplar is" if len(chosen) == 1 else f"{len(chosen)} exemplars are"
    console.print(f"{taken} in {out}. Look them over, and annotate with")
    where = " ".join(map(quote, corpus or ()))
    console.print(
        f"  toolformer annotate {f'{where} ' if where else ''}--model {quote(model)} "
        f"--tool {quote(tool)} --exemplars {quote(str(out))}"
    )
    return 0


def choose(
    proposed: Sequence[ProposedExemplar], console: Console, *, answers: TextIO
) -> Iterator[ProposedExemplar]:
    """Shows exemplars, asks about each, and yields those that are taken.

    Args:
        proposed: the best first.
        console: where they are shown.
        answers: y, n or q a line; its end is q, which leaves the others.
    """
    for number, each in enumerate(proposed, start=1):
        console.print(f"{number} of {len(proposed)}", style="dim")
        show(each, console)
        answer = _ask(console, answers)
        if answer == "q":
            return
        if answer == "y":
            yield each


def show(each: ProposedExemplar, console: Console) -> None:
    """Prints an exemplar: where it is from, what it gains, and the text with the call in it."""
    from rich.text import Text

    losses = each.losses
    console.print(
        f"{each.document_id}: its output saves {losses.used:.2f} nats, the call {losses.help:.2f}",
        style="dim",
    )
    shown = Text()
    for segment in NOTATION.segments(each.demonstration.text, each.demonstration.calls):
        shown.append(clean(segment.text), style=STYLES[segment.kind])
    console.print(shown)
    console.print()


def _ask(console: Console, answers: TextIO) -> str:
    while True:
        console.print("Is the call right, and of use? y, n, or q to leave the others: ", end="")
        line = answers.readline()
        answer = line.strip().casefold()[:1] if line else "q"
        if answer and answer in "ynq":
            return answer


def _fits(each: ProposedExemplar, out: Path) -> bool:
    """Returns whether a file of this kind can hold the text as it is."""
    try:
        exemplars_content(out, [each.demonstration])
    except ConfigError:
        return False
    return True


def _advice(pilot: Pilot) -> str:
    return (
        f"No exemplar was found. {pilot.shortfall} Look at more texts with --max-documents, or "
        "write three or four exemplars yourself: texts of the corpus with calls in them, as "
        f"{NOTATION.format(ToolCall(pilot.tool.name, '…')).strip()}, for toolformer annotate "
        "--exemplars."
    )
