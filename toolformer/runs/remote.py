"""A run that a URL names: a copy on this machine is worked on, and what it has whole is sent there.

A store of objects has no locks, renames nothing, and shows an object whole or not at all. So the
manifest is made only where there is none yet, which the store sees to; whoever finds another than
his own is refused. Two who do the same shard write equal bytes, and `stats.json`, which marks a run
as finished, comes last, with the digest of every shard.

What is there counts: what a kill kept from being sent is done again.
"""

import atexit
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from toolformer.errors import RunError
from toolformer.runs.completion import STATS
from toolformer.runs.manifest import MANIFEST, PROGRESS, ROUNDS
from toolformer.urls import Remote, RemoteError, UrlFile, shown_url

_SHARD = re.compile(r"shards/([0-9]{5,})\.parquet")


class Mirror:
    """A run at a URL, and the directory on this machine that is a copy of it."""

    def __init__(self, url: str) -> None:
        """Makes an empty directory; asks nobody yet.

        Raises:
            ConfigError: nothing here knows the protocol.
        """
        self.name = shown_url(url)
        self._remote = Remote(url)
        folder = Path(tempfile.mkdtemp(prefix="toolformer-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        # Its name is the run's: reports and cards show it.
        self.path = folder / (Path(self._remote.path).name or "run")
        self.path.mkdir()

    def fetch(self, *, shards: bool = True) -> None:
        """Makes the directory what is at the URL: what is there is copied, what is not goes.

        Args:
            shards: whether these are copied as well.

        Raises:
            RunError: it cannot be had, or is not a run.
        """
        with self._told():
            there = self._remote.files()
            if MANIFEST not in there and (others := [each for each in there if _is_other(each)]):
                raise RunError(
                    f"'{self.name}' is not empty and is not a run ('{min(others)}' is in it). "
                    "Name a folder that is empty or does not exist."
                )
            for name in filter(partial(_is_wanted, shards=shards), there):
                copy = self.path / name
                # A shard that has a name has its content; the others change.
                if not (_SHARD.fullmatch(name) and copy.exists()):
                    self._remote.fetch(name, copy)
            for copy in (self.path / "shards").glob("*.parquet"):
                if f"shards/{copy.name}" not in there:
                    copy.unlink()
            if STATS not in there:
                (self.path / STATS).unlink(missing_ok=True)

    def begin(self, content: bytes) -> None:
        """Sends the manifest of a run that is to begin; another's may have come before it.

        Raises:
            RunError: it cannot be sent.
        """
        with self._told():
            try:
                self._remote.write(MANIFEST, content, is_new=True)
            except FileExistsError:
                self._remote.fetch(MANIFEST, self.path / MANIFEST)

    def send(self, path: Path) -> None:
        """Sends a file of the directory.

        Raises:
            RunError: it cannot be sent; its cause is an OSError.
        """
        with self._told():
            self._remote.write(path.relative_to(self.path).as_posix(), path.read_bytes())

    def remove(self, path: Path) -> None:
        """Removes a file, or all below a folder, where it is at the URL.

        Raises:
            RunError: it cannot be removed.
        """
        name = path.relative_to(self.path).as_posix()
        with self._told():
            self._remote.remove(name)

    def remove_progress(self) -> None:
        """Removes what those said of themselves who have written the run.

        Raises:
            RunError: it cannot be removed.
        """
        with self._told():
            for name in self._remote.files():
                if name.startswith(f"{PROGRESS}/"):
                    self._remote.remove(name)

    def shards(self) -> dict[int, UrlFile]:
        """Returns the shards at the URL by number, to be read there.

        Raises:
            RunError: it cannot be had.
        """
        with self._told():
            return {
                int(match[1]): self._remote.file(f"{self._remote.path.rstrip('/')}/{name}")
                for name in self._remote.files()
                if (match := _SHARD.fullmatch(name))
            }

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (RemoteError, FileNotFoundError) as error:
            raise RunError(
                f"'{self.name}' cannot be reached ({error.strerror or 'something is gone'}). What "
                "is there is whole: run the same command again, and it continues."
            ) from error


def _is_wanted(name: str, *, shards: bool) -> bool:
    if name.startswith("shards/"):
        return shards
    return name in (MANIFEST, STATS) or name.startswith(f"{PROGRESS}/")


def _is_other(name: str) -> bool:
    return not name.endswith(".tmp") and name.split("/")[0] not in (ROUNDS, PROGRESS)
