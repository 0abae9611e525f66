"""The file that answers go to, one JSON object a line, in the order of the prompts.

Answered prompts are skipped; an incomplete last line is dropped and answered again.
"""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from toolformer.errors import ConfigError
from toolformer.infer.prompts_file import FilePrompt


class AnswersFile:
    """A file of answers, open for appending; leaving it as a context manager closes it."""

    def __init__(self, path: Path, *, settings: str) -> None:
        """Opens a file, or makes it; drops an incomplete last line.

        Args:
            path: in a directory that exists.
            settings: a fingerprint of all that decides an answer; a file has answers of one.

        Raises:
            ConfigError: it cannot be written.
        """
        self.path = path
        self._settings = settings
        try:
            # Unbuffered: closing the file does not write again what a full disk has refused.
            self._file = path.open("ab", buffering=0)
            os.truncate(path, _whole_lines(path))
        except OSError as error:
            raise ConfigError(f"Cannot write '{path}': {error.strerror}.") from None

    def __enter__(self) -> "AnswersFile":
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def match(self, prompts: Iterator[FilePrompt]) -> int:
        """Takes the answered prompts from an iterator and returns their number.

        Raises:
            ConfigError: the file holds answers to other prompts, or by another model.
        """
        number = 0
        with self.path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                asked, row = next(prompts, None), self._read(line, number)
                if asked is None or row.get("prompt") != asked.prompt:
                    raise ConfigError(
                        f"'{self.path}', line {number}, answers another prompt than the input "
                        "has at this place: name another --out."
                    )
        return number

    def write(self, row: Mapping[str, Any]) -> None:
        """Appends an answer.

        Raises:
            OSError: the disk is full; the line is incomplete.
        """
        line = json.dumps({**row, "settings": self._settings}, ensure_ascii=False)
        left = memoryview(line.encode("utf-8", "surrogatepass") + b"\n")
        while left:
            left = left[self._file.write(left) :]

    def _read(self, line: bytes, number: int) -> dict[str, Any]:
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        if not isinstance(row, dict):
            raise ConfigError(
                f"'{self.path}', line {number}, is not an answer: name another --out."
            )
        if row.get("settings") != self._settings:
            raise ConfigError(
                f"'{self.path}', line {number}, comes from another model, other tools or other "
                "settings: name another --out."
            )
        return row


def _whole_lines(path: Path, *, step: int = 1 << 16) -> int:
    """Returns the length of a file up to the end of its last complete line, in bytes."""
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        while end > 0:
            start = max(0, end - step)
            file.seek(start)
            found = file.read(end - start).rfind(b"\n")
            if found >= 0:
                return start + found + 1
            end = start
    return 0
