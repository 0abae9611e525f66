"""Facts that change while a model stays as it is: each is asked before and after.

The protocol of LMLM (Zhao et al., 2025, arXiv:2505.15962): a fact is edited in the database, or
deleted from it, and a model that asks the database should follow or forget at once. What counts is
what the model told before; of a fact it never told it can forget nothing.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from toolformer.evaluate.counts import ACCURACY
from toolformer.evaluate.measure import continue_prompts
from toolformer.evaluate.metric import Metric
from toolformer.evaluate.task import Example, Setup, Task
from toolformer.evaluate.tasks.facts.files import Triple
from toolformer.evaluate.tasks.facts.table import FactRow, write_facts
from toolformer.evaluate.trial import TOO_LONG, Trial
from toolformer.infer.live_tools import LiveTools
from toolformer.tools.registry import load_tool

EDIT_METRICS = (
    ACCURACY,
    Metric.proportion("followed_edit", of="told", name="follows the edit, of what it told before"),
    Metric.proportion("says_old", of="told", name="still says the old object, of these"),
)
DELETION_METRICS = (
    Metric.proportion("told", name="told before"),
    Metric.proportion(
        "forgot", of="told_deleted", name="forgets what was deleted, of what it told before"
    ),
    Metric.proportion(
        "still_told", of="told_staying", name="still tells what was not, of what it told before"
    ),
)


@dataclass(frozen=True, slots=True)
class Change:
    """A change of the database.

    Attributes:
        before: The rows of the database before it.
        after: The rows after it.
        old: The right answers before it, by the examples' ids.
        deleted: The ids of the examples whose facts are not among `after`.
    """

    before: Sequence[FactRow]
    after: Sequence[FactRow]
    old: Mapping[str, tuple[str, ...]]
    deleted: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Asked:
    """The fate of one fact: the object it had was told before, is said after, or both."""

    told: bool
    says: bool
    is_right: bool  # after
    is_deleted: bool


Score = Callable[[_Asked], Mapping[str, int]]


def draw_deleted(facts: Sequence[Triple], *, seed: int) -> frozenset[str]:
    """Returns the ids of the facts that are deleted: half of each relation, rounded up, by seed.

    >>> facts = [Triple("P36", each, (each,)) for each in ("Peru", "Cuba", "Chad")]
    >>> len(draw_deleted(facts, seed=0)), draw_deleted(facts, seed=0) == draw_deleted(facts, seed=1)
    (2, False)
    """
    by_relation: dict[str, list[str]] = {}
    for fact in facts:
        by_relation.setdefault(fact.relation, []).append(fact.id)
    deleted: set[str] = set()
    for relation, ids in by_relation.items():
        rng = Random(f"{seed}/{relation}")  # noqa: S311  draws for facts, not for secrets
        deleted.update(rng.sample(ids, (len(ids) + 1) // 2))
    return frozenset(deleted)


def with_edit(task: Task, change: Change) -> Task:
    """Returns a task that asks before and after an edit; its own answers are those after it."""
    return _asked_twice(task, change, _score_edit, EDIT_METRICS)


def with_deletion(task: Task, change: Change) -> Task:
    """Returns a task that asks before and after a deletion.

    Its answers stay the old ones: what is right is what should be forgotten, or not. A guess that
    knows no database has no before and after, so there is no prior.
    """
    task = replace(task, training=lambda: ())
    return _asked_twice(task, change, _score_deletion, DELETION_METRICS)


def _asked_twice(task: Task, change: Change, score: Score, metrics: Sequence[Metric]) -> Task:
    def run(examples: Sequence[Example], setup: Setup) -> Iterator[Trial]:
        with _database(setup.live, change.before):
            before = list(continue_prompts(task, examples, setup))
        with _database(setup.live, change.after):
            # Where no tool is live the database changes nothing: the same words are judged twice.
            after = before if setup.live is None else continue_prompts(task, examples, setup)
            for example, first, second in zip(examples, before, after, strict=True):
                if TOO_LONG in (first.finish, second.finish):
                    yield second
                    continue
                old = replace(example, answers=change.old[example.id])
                told, says = (task.is_right(each.text, old) for each in (first, second))
                asked = _Asked(told, says, second.is_right, example.id in change.deleted)
                yield replace(second, scores=score(asked))

    return replace(task, run=run, metrics=metrics, facts=change.after)


def _score_edit(asked: _Asked) -> Mapping[str, int]:
    return {
        "told": int(asked.told),
        "followed_edit": int(asked.told and asked.is_right),
        "says_old": int(asked.told and asked.says),
    }


def _score_deletion(asked: _Asked) -> Mapping[str, int]:
    staying, deleted = (
        asked.told and asked.is_deleted is is_deleted for is_deleted in (False, True)
    )
    return {
        "told": int(asked.told),
        "told_deleted": int(deleted),
        "forgot": int(deleted and not asked.says),
        "told_staying": int(staying),
        "still_told": int(staying and asked.says),
    }


@contextmanager
def _database(live: LiveTools | None, rows: Sequence[FactRow]) -> Iterator[None]:
    """Has the database tool know these facts, where tools are live."""
    if live is None:
        yield
        return
    with TemporaryDirectory(prefix="toolformer-") as folder:
        path = Path(folder) / "facts.db"
        write_facts(path, rows)
        live.add(load_tool(f"database:path={path}"))
        yield
