"""`toolformer infer --input`: a file of prompts becomes a file of answers, with progress."""

import json
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

from rich.console import Console

from toolformer.cli.display.progress import answering_bar
from toolformer.config import fingerprint
from toolformer.corpus.files import CorpusProblem
from toolformer.infer.answers_file import AnswersFile
from toolformer.infer.file_answers import Batch, Row
from toolformer.infer.prompts_file import FilePrompt, read_prompts
from toolformer.specs import stamp_files


def answer_file(batch: Batch, source: Path, *, out: Path | None, today: date | None) -> int:
    """Answers the prompts of a file and returns the exit code.

    Args:
        batch: who answers.
        source: the prompts.
        out: where the answers go; None is stdout.
        today: what was named as today, None where it is the clock's.

    Raises:
        ConfigError: the prompts cannot be read, or there are other answers in `out`.
    """
    notes = Console(stderr=True, highlight=False)
    total = sum(1 for _ in read_prompts(source, on_problem=_ignore))
    prompts = read_prompts(
        source, on_problem=lambda problem: notes.print(f"Left out: {problem}", markup=False)
    )
    if out is None:
        _write_rows(batch, prompts, _print, done=0, total=total, notes=notes)
        return 0
    with AnswersFile(out, settings=_settings(batch, today)) as file:
        done = file.match(prompts)
        if done:
            notes.print(f"{out} holds {done} of {total} answers already.", markup=False)
        try:
            _write_rows(batch, prompts, file.write, done=done, total=total, notes=notes)
        except KeyboardInterrupt:
            notes.print("Stopped. Run the same command again to go on from there.")
            return 130
        except OSError as error:
            # A full disk is no misuse.
            print(
                f"Cannot write '{out}': {error.strerror}. Make room and run the same command "
                "again to go on.",
                file=sys.stderr,
            )
            return 1
    return 0


def _write_rows(
    batch: Batch,
    prompts: Iterator[FilePrompt],
    write: Callable[[Row], None],
    *,
    done: int,
    total: int,
    notes: Console,
) -> None:
    failed = 0
    with answering_bar(notes, done=done, total=total) as move:
        for number, row in enumerate(batch.rows(prompts, first_index=done), start=done + 1):
            write(row)
            failed += "error" in row
            move(number)
    if failed:
        notes.print(f"{failed} of {total} prompts: no answer but an `error`.")


def _settings(batch: Batch, today: date | None) -> str:
    """Returns a fingerprint of all that decides an answer, apart from its prompt."""
    specs = [tool.spec for tool in batch.tools.tools]
    settings = {
        "model": batch.model.fingerprint,
        "config": batch.config.to_dict() | {"max_streams": None},  # changes no answer
        "tools": specs,
        "called": list(batch.tools.names),
        "today": None if today is None else today.isoformat(),
    }
    if stamps := stamp_files(specs):
        settings["tool_files"] = stamps
    return fingerprint(settings)


def _print(row: Row) -> None:
    print(json.dumps(row, ensure_ascii=False), flush=True)


def _ignore(problem: CorpusProblem) -> None:
    """Counting tells nobody; answering will."""
