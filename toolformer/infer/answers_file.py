"""The file that answers go to, one JSON object a line, in the order of the prompts.

Answered prompts are skipped; an incomplete last line is dropped and answered again. Nothing is
changed before all that the file holds is known to be answers to these prompts.
"""

import json
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any

from toolformer.errors import ConfigError, RunError
from toolformer.files import lock, parse_json, refuse_removed
from toolformer.infer.prompts_file import FilePrompt, prompt_row

_MOST_ANSWER = 16 << 20  # bytes of a line besides its prompt

# A pipe would wait for whoever reads it.
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_NONBLOCK", 0)


class AnswersFile:
    """A file of answers, open for appending; leaving it as a context manager closes it.

    Attributes:
        path: where it is.
        done: how many prompts it already answers.
        left: the others.
        today: the day of prompts that name none: the one on which the file was begun, or else the
            one that was named; None where neither is.
    """

    def __init__(
        self,
        path: Path,
        prompts: Iterator[FilePrompt],
        *,
        settings: str,
        today: date | None = None,
        sources: Sequence[Path] = (),
    ) -> None:
        """Opens a file, or makes it; passes over what is answered and drops an incomplete line.

        Args:
            path: in a directory that exists.
            prompts: all of them.
            settings: a fingerprint of all that decides an answer, but for its prompt and the day;
                a file has answers of one.
            today: the day that was named for prompts that name none.
            sources: the files of the prompts, none of which may be this one.

        Raises:
            ConfigError: it cannot be written, holds anything else than answers to these prompts
                with these settings, or is a source.
            RunError: another process is writing to it.
        """
        self.path, self.today = path, today
        self._settings = settings
        try:
            # Unbuffered: closing the file does not write again what a full disk has refused.
            self._file = os.fdopen(os.open(path, _FLAGS, 0o666), "ab", buffering=0)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise ConfigError(f"Cannot write '{path}': {reason}.") from None
        try:
            self._refuse_others(sources)
            lock(self._file.fileno(), path)
            self.done, self.left = self._match(prompts)
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> "AnswersFile":
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def write(self, row: Mapping[str, Any]) -> None:
        """Appends an answer.

        Raises:
            RunError: the disk is full, and the line is incomplete; or the file is gone.
        """
        line = json.dumps({**row, "settings": self._settings}, ensure_ascii=False)
        left = memoryview(line.encode("utf-8", "surrogatepass") + b"\n")
        try:
            while left:
                left = left[self._file.write(left) :]
        except OSError as error:
            raise RunError(
                f"Cannot write '{self.path}': {error.strerror}. Make room and run the same command "
                "again to continue."
            ) from error
        refuse_removed(self._file.fileno(), self.path)

    def _refuse_others(self, sources: Sequence[Path]) -> None:
        """Refuses what no answers can be appended to, and the file of the prompts."""
        found = os.fstat(self._file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise ConfigError(
                f"'{self.path}' is not a plain file: leave --out out, and the answers are printed."
            )
        if any(os.path.samestat(found, each.stat()) for each in sources):
            raise ConfigError(
                f"'{self.path}' is the file that the prompts come from: name another --out."
            )

    def _match(self, prompts: Iterator[FilePrompt]) -> tuple[int, Iterator[FilePrompt]]:
        """Returns how many prompts are answered, and the others; drops an incomplete last line."""
        number, whole = 0, 0
        with os.fdopen(os.dup(self._file.fileno()), "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(0)
            while whole < size:
                number += 1
                asked = next(prompts, None)
                line = file.readline(_MOST_ANSWER + (0 if asked is None else len(_start(asked))))
                if not line.endswith(b"\n") and whole + len(line) == size:
                    self._drop(line, number, asked, whole=whole)
                    left = [] if asked is None else [asked]
                    return number - 1, chain(left, prompts)
                self._check(line, number, asked)
                whole += len(line)
        return number, prompts

    def _drop(self, line: bytes, number: int, asked: FilePrompt | None, *, whole: int) -> None:
        """Drops the last line, if it is the beginning of an answer to the prompt at its place."""
        start = b"" if asked is None else _start(asked)
        likely = [start + key for key in (b', "text": ', b', "error": ')]
        if not any(line.startswith(each) or each.startswith(line) for each in likely):
            raise ConfigError(
                f"'{self.path}', line {number}, is not the beginning of an answer to the prompt at "
                "this place: name another --out."
            )
        with suppress(ValueError):  # else it is cut off
            parse_json(line)
            self._check(line, number, asked)
        os.truncate(self._file.fileno(), whole)

    def _check(self, line: bytes, number: int, asked: FilePrompt | None) -> None:
        """Refuses a line that is not the answer to the prompt at its place."""
        place = f"'{self.path}', line {number},"
        try:
            row = parse_json(line)
            settings = row["settings"]
            if "today" not in row and "prompt" in row:
                raise ConfigError(
                    f"{place} was written by an earlier version of this program, which did not "
                    "note the day: name another --out."
                )
            day = date.fromisoformat(row["today"])
        except (ValueError, TypeError, KeyError):
            raise ConfigError(f"{place} is not an answer: name another --out.") from None
        if settings != self._settings:
            raise ConfigError(
                f"{place} comes from another model, other tools or other settings: name another "
                "--out."
            )
        own = None if asked is None else asked.today
        if (
            asked is None
            or {key: row.get(key) for key in ("id", "prompt")}
            != {"id": asked.id, "prompt": asked.prompt}
            or day != (own or day)
        ):
            raise ConfigError(
                f"{place} answers another prompt than the input has at this place: name another "
                "--out."
            )
        if own is None:
            self.today = self.today or day
            if day != self.today:
                raise ConfigError(
                    f"{place} was answered with {day} as today, not {self.today}: name another "
                    "--out, or that day with --today."
                )


def _start(prompt: FilePrompt) -> bytes:
    """Returns how the line begins that answers a prompt."""
    return json.dumps(prompt_row(prompt), ensure_ascii=False)[:-1].encode("utf-8", "surrogatepass")
