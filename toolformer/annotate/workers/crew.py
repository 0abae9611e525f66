"""Workers as Ray's actors: hired while there are shards for them, replaced when they are lost.

Knows of a shard only that it is handed out and comes back annotated.
"""

import logging
import os
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from toolformer.annotate.shards import Shard
from toolformer.annotate.workers.worker import ShardWorker
from toolformer.config import differences
from toolformer.errors import ConfigError, RunError, ToolformerError
from toolformer.records import AnnotatedDocument
from toolformer.runs.manifest import RunManifest

_log = logging.getLogger(__name__)

_MOST_LOST = 3  # workers, in a row, before or during one shard: the fault is not the machine's
_LOOK_S = 1.0
_LONG_S = 60.0  # without a worker: it is said what each asks for


@dataclass(frozen=True, slots=True)
class Workers:
    """How many workers there are, and what each of them has of the cluster."""

    least: int = 1  # that are there while there is work, if the cluster has room
    most: int = 1
    cpus: float = 1.0  # as many threads of torch, one at least
    gpus: float | None = None  # None: one where the cluster has any, and none elsewhere

    def __post_init__(self) -> None:
        """Checks the numbers."""
        if not 1 <= self.least <= self.most:
            raise ConfigError(f"There cannot be {self.least} to {self.most} workers.")
        if self.cpus < 0 or (self.gpus is not None and self.gpus < 0):
            raise ConfigError("A worker has 0 CPUs and 0 GPUs at least.")


@dataclass(slots=True, eq=False)
class _Member:
    """One worker, and what it is at."""

    actor: Any
    job: Any  # Ray's reference to what it will return
    is_begun: bool = False
    shard: Shard | None = None


@dataclass(slots=True)
class Crew:
    """The workers of one run, on a cluster that is connected to."""

    ray: Any
    workers: Workers
    begin: Callable[[Any], Any]  # of an actor: tells it to begin, returns Ray's reference
    manifest: RunManifest | None = None  # as the first worker that began has it
    _members: list[_Member] = field(default_factory=list)
    _lost: Counter[int] = field(default_factory=Counter)  # workers by shard; -1: before any

    @property
    def ready(self) -> int:
        """How many workers have loaded what they need."""
        return sum(each.is_begun for each in self._members)

    @property
    def working(self) -> int:
        """How many workers have a shard."""
        return sum(each.shard is not None for each in self._members)

    def open(self) -> RunManifest:
        """Hires the least number of workers, and waits for the first to have begun.

        Raises:
            ToolformerError: a worker cannot load what it needs.
            RunError: workers are lost again and again.
        """
        since = time.monotonic()
        while self.manifest is None:
            while len(self._members) < self.workers.least:
                self._hire()
            self._look()
            if since and time.monotonic() - since > _LONG_S and self.manifest is None:
                _log.warning("%s", self._asked())
                since = 0.0
        return self.manifest

    def annotate(self, shards: Iterator[Shard]) -> Iterator[tuple[Shard, list[AnnotatedDocument]]]:
        """Yields each shard with its annotated documents as soon as they are there.

        Shards are taken one at a time, a few ahead of the workers.

        Raises:
            ToolformerError: what a worker cannot get over.
            RunError: workers are lost again and again.
        """
        waiting: deque[Shard] = deque()
        is_open = True
        while True:
            while is_open and len(waiting) < self.workers.most:
                shard = next(shards, None)
                if shard is None:
                    is_open = False
                else:
                    waiting.append(shard)
            if not waiting and not self.working:
                return
            needed = self.working + len(waiting)
            while len(self._members) < min(self.workers.most, max(self.workers.least, needed)):
                self._hire()
            for member in self._members:
                if waiting and member.is_begun and member.shard is None:
                    member.shard = waiting.popleft()
                    member.job = member.actor.annotate.remote(
                        member.shard.number, member.shard.documents
                    )
            if not waiting and not is_open:
                self._dismiss_idle()
            for shard, annotated in self._look():
                if annotated is None:
                    waiting.appendleft(shard)
                else:
                    yield shard, annotated

    def close(self) -> None:
        """Dismisses all workers."""
        for member in list(self._members):
            self._dismiss(member)

    def _hire(self) -> None:
        cpus, gpus = self.workers.cpus, self._gpus()
        actor = (
            self.ray.remote(ShardWorker)
            .options(num_cpus=cpus, num_gpus=gpus, max_restarts=0, max_task_retries=0)
            .remote(os.getcwd(), max(1, int(cpus)))  # noqa: PTH109 (as text)
        )
        self._members.append(_Member(actor, self.begin(actor)))

    def _gpus(self) -> float:
        if self.workers.gpus is not None:
            return self.workers.gpus
        return 1.0 if self.ray.cluster_resources().get("GPU", 0) >= 1 else 0.0

    def _look(self) -> Iterator[tuple[Shard, list[AnnotatedDocument] | None]]:
        """Waits a little, and yields the shards that came back, None with those that are lost."""
        by_job = {each.job: each for each in self._members if each.job is not None}
        done, _ = self.ray.wait(list(by_job), num_returns=1, timeout=_LOOK_S)
        found: list[tuple[Shard, list[AnnotatedDocument] | None]] = []
        for job in done:
            member = by_job[job]
            shard, member.job = member.shard, None
            came, is_lost = self._result(job, member)
            if is_lost:
                self._dismiss(member)
                if shard is not None:
                    found.append((shard, None))
            elif shard is None:
                member.is_begun = True
                self._check(came)
                self._lost.pop(-1, None)
            else:
                member.shard = None
                self._lost.pop(shard.number, None)
                found.append((shard, came))
        return iter(found)

    def _result(self, job: Any, member: _Member) -> tuple[Any, bool]:
        """Returns what a worker returned, or that it is lost."""
        from ray.exceptions import RayError, RayTaskError

        try:
            return self.ray.get(job), False
        except RayTaskError as error:
            if isinstance(error.cause, ToolformerError):
                raise error.cause from None
            raise
        except RayError as error:
            number = -1 if member.shard is None else member.shard.number
            self._lost[number] += 1
            what = "before its first shard" if number < 0 else f"with shard {number}"
            said = " ".join(str(error).split())
            if self._lost[number] >= _MOST_LOST:
                raise RunError(
                    f"{_MOST_LOST} workers were lost {what}, one after another; of the last Ray "
                    f"says: {said}"
                ) from None
            _log.info("A worker was lost %s, and another takes its place: %s", what, said)
            return None, True

    def _check(self, manifest: RunManifest) -> None:
        """Refuses a worker that would make another run of it."""
        if self.manifest is None:
            self.manifest = manifest
            return
        if changed := differences(self.manifest.to_dict(), manifest.to_dict()):
            raise ConfigError(
                f"Two workers would make different runs: {'; '.join(changed)}. Say what they are "
                "to have in common, as with --batch-tokens 8192 on machines that differ."
            )

    def _dismiss_idle(self) -> None:
        """Gives back to the cluster what nothing is left for."""
        for member in [each for each in self._members if each.shard is None]:
            self._dismiss(member)

    def _dismiss(self, member: _Member) -> None:
        self._members.remove(member)
        self.ray.kill(member.actor)

    def _asked(self) -> str:
        there = self.ray.cluster_resources()
        return (
            f"No worker could begin yet: each asks for {self.workers.cpus:g} CPUs and "
            f"{self._gpus():g} GPUs, and the cluster has {there.get('CPU', 0):g} and "
            f"{there.get('GPU', 0):g}, in use or not."
        )
