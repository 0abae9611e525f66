"""The file that answers go to, one JSON object a line, in the order of the prompts.

What is in it already is not asked again; a line that a kill has torn is.
"""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from toolformer.errors import ConfigError
from toolformer.infer.prompts_file import FilePrompt


class AnswersFile:
    """A file of answers that is open for more. Leaving it as a context manager closes it."""

    def __init__(self, path: Path, *, settings: str) -> None:
        """Opens a file, or makes it; drops a torn last line.

        Args:
            path: its directory is there.
            settings: of all that decides an answer; answers by others are not to be mixed in.

        Raises:
            ConfigError: it cannot be written.
        """
        self.path = path
        self._settings = settings
        try:
            # Unbuffered: what a full disk refuses is not written once more when the file is closed.
            self._file = path.open("ab", buffering=0)
            os.truncate(path, _whole_lines(path))
        except OSError as error:
            raise ConfigError(f"Cannot write '{path}': {error.strerror}.") from None

    def __enter__(self) -> "AnswersFile":
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def match(self, prompts: Iterator[FilePrompt]) -> int:
        """Takes the prompts that are answered off an iterator and returns how many they were.

        Raises:
            ConfigError: the file holds answers to other prompts, or by another model.
        """
        number = 0
        with self.path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                asked, row = next(prompts, None), self._read(line, number)
                if asked is None or row.get("prompt") != asked.prompt:
                    raise ConfigError(
                        f"'{self.path}', line {number}, answers another prompt than stands at "
                        "this place of the input: name another --out."
                    )
        return number

    def write(self, row: Mapping[str, Any]) -> None:
        """Appends an answer.

        Raises:
            OSError: the disk is full; the answer is torn.
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
            raise ConfigError(f"'{self.path}', line {number}, is no answer: name another --out.")
        if row.get("settings") != self._settings:
            raise ConfigError(
                f"'{self.path}', line {number}, comes from another model, other tools or other "
                "settings: name another --out."
            )
        return row


def _whole_lines(path: Path, *, step: int = 1 << 16) -> int:
    """Returns how long a file is up to the end of its last whole line."""
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
