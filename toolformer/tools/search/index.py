"""An index that is read: the passages that a question's words are rare and frequent in."""

import json
import mmap
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolformer.errors import ConfigError
from toolformer.files import read_json
from toolformer.tools.search.build import OFFSETS, PASSAGES, SCORES, STATE, VERSION
from toolformer.tools.search.passages import Passage
from toolformer.tools.search.words import words_of

_OFFSET = struct.Struct("<Q")


@dataclass(frozen=True, slots=True)
class Found:
    """A passage and how well it fits."""

    passage: Passage
    score: float  # BM25, of no unit


class SearchIndex:
    """An index on disk, in memory as far as it is asked for; threads and processes share it."""

    def __init__(self, directory: Path) -> None:
        """Opens what `build_index` wrote.

        Raises:
            ConfigError: there is no index, one of another version, or a damaged one.
        """
        self._directory = directory
        state = _read_state(directory)
        self.passages: int = state["passages"]
        try:
            self._lines = _mapped(directory / PASSAGES)
            self._offsets = _mapped(directory / OFFSETS)
            self._scores = _load_scores(directory / SCORES)
        except (OSError, ValueError) as error:
            raise _damaged(directory, error) from None
        if len(self._offsets) != (self.passages + 1) * _OFFSET.size:
            raise _damaged(directory, ValueError("it has another number of passages than it says"))

    def state(self) -> tuple[int, int, int]:
        """Returns what changes when another index is put in its place."""
        found = (self._directory / STATE).stat()
        return found.st_ino, found.st_size, found.st_mtime_ns

    def search(self, query: str, *, most: int) -> list[Found]:
        """Returns the passages that fit a question, the best first.

        Args:
            query: words in any order.
            most: how many at most; fewer where fewer have one of the words.
        """
        words = [word for word in words_of(query) if word in self._scores.vocab_dict]
        if not words:
            return []
        numbers, scores = self._scores.retrieve(
            [words], k=min(most, self.passages), show_progress=False
        )
        return [
            Found(self._passage(int(number)), float(score))
            for number, score in zip(numbers[0], scores[0], strict=True)
            if score > 0
        ]

    def _passage(self, number: int) -> Passage:
        start, end = (
            _OFFSET.unpack_from(self._offsets, _OFFSET.size * at)[0] for at in (number, number + 1)
        )
        try:
            stated = json.loads(self._lines[start:end])
            return Passage(str(stated["title"]), str(stated["text"]))
        except (ValueError, KeyError, TypeError) as error:
            raise _damaged(self._directory, error) from None


def _read_state(directory: Path) -> dict[str, int]:
    try:
        state = read_json(directory / STATE)
    except (FileNotFoundError, NotADirectoryError):
        raise ConfigError(
            f"There is no index in '{directory}': toolformer index CORPUS --out {directory}."
        ) from None
    except (OSError, ValueError) as error:
        raise _damaged(directory, error) from None
    if not isinstance(state, dict) or state.get("version") != VERSION:
        raise ConfigError(
            f"The index in '{directory}' is of another version than {VERSION}: build it again."
        )
    if not isinstance(state.get("passages"), int):
        raise _damaged(directory, ValueError("it does not say how many passages it has"))
    return state


def _mapped(path: Path) -> mmap.mmap:
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _load_scores(directory: Path) -> Any:  # of bm25s, which has no types
    import bm25s

    return bm25s.BM25.load(str(directory), mmap=True, show_progress=False)


def _damaged(directory: Path, error: Exception) -> ConfigError:
    return ConfigError(f"The index in '{directory}' is damaged ({error}): build it again.")
