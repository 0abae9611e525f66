"""`toolformer infer --input`: a file of prompts becomes a file of answers, with progress."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

from toolformer.cli.display.console import Console
from toolformer.cli.display.gate import print_json
from toolformer.cli.display.progress import counting_bar
from toolformer.cli.stopped import CONTINUED, stopped_with
from toolformer.config import fingerprint
from toolformer.corpus.sources import find_sources
from toolformer.infer.answers_file import AnswersFile
from toolformer.infer.config import InferConfig
from toolformer.infer.file_answers import Row, answer_prompts
from toolformer.infer.live_tools import LiveTools
from toolformer.infer.prompts_file import read_prompts
from toolformer.lm.base import LanguageModel
from toolformer.specs.stamps import stamp_files


def answer_file(
    model: LanguageModel,
    source: str,
    *,
    tools: LiveTools,
    config: InferConfig,
    chats: bool,
    out: Path | None,
    today: date | None,
) -> int:
    """Answers the prompts of a file and returns the exit code.

    Args:
        model: answers them.
        source: names the prompts, as `read_corpus` takes it.
        tools: may be called.
        config: the settings of all answers.
        chats: whether each prompt goes through the model's chat template.
        out: the file for the answers; None is stdout.
        today: the day that was named for the tools; None where it is the clock's.

    Raises:
        CorpusError: there are no such prompts.
        ConfigError: the prompts cannot be read, or `out` holds anything else than their answers.
        RunError: `out` cannot be written, or another process is writing to it.
    """
    notes = Console(stderr=True)
    # This pass counts in silence; the next reports.
    sources = find_sources(source)
    if sources.passed_over:
        notes.print(f"{sources.name}: {sources.passed_over}")
    total = sum(1 for _ in read_prompts(sources, on_problem=lambda _problem: None))
    prompts = read_prompts(sources, on_problem=lambda problem: notes.print(f"Skipped: {problem}"))
    if out is None:
        rows = answer_prompts(model, prompts, tools=tools, config=config, chats=chats)
        _write_rows(rows, _print, done=0, total=total, notes=notes)
        return 0
    here = [each.path for each in sources.files if isinstance(each.path, Path)]
    settings = _settings(model, tools, config=config, chats=chats)
    with AnswersFile(out, prompts, settings=settings, today=today, sources=here) as file:
        done, tools.today = file.done, file.today or tools.today
        if done:
            notes.print(f"{out} already holds {done} of {total} answers.")
        rows = answer_prompts(
            model, file.left, tools=tools, config=config, chats=chats, first_index=done
        )
        with stopped_with(CONTINUED):
            _write_rows(rows, file.write, done=done, total=total, notes=notes)
    return 0


def _write_rows(
    rows: Iterator[Row], write: Callable[[Row], None], *, done: int, total: int, notes: Console
) -> None:
    failed = 0
    with counting_bar(notes, "Answering", "prompts", total=total, done=done) as move:
        for number, row in enumerate(rows, start=done + 1):
            write(row)
            failed += "error" in row
            move(number, done, "")
    if failed:
        notes.print(f"{failed} of {total} prompts have an `error` in place of an answer.")


def _settings(model: LanguageModel, tools: LiveTools, *, config: InferConfig, chats: bool) -> str:
    """Returns a fingerprint of everything that decides an answer, apart from prompt and day."""
    specs = [tool.spec for tool in tools.tools]
    settings: dict[str, object] = {
        "model": model.fingerprint,
        "config": config.to_dict() | {"max_streams": None},  # changes no answer
        "tools": specs,
        "called": list(tools.names),
    }
    if chats:
        settings["chat"] = True
    elif tools.shown:
        settings["shown"] = tools.shown
    if stamps := stamp_files(specs):
        settings["tool_files"] = stamps
    return fingerprint(settings)


def _print(row: Row) -> None:
    print_json(row)
