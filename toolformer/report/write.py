"""A report written: runs are read one after the other, and the page is whole or absent."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from toolformer.errors import ConfigError
from toolformer.files import write_whole
from toolformer.report.evaluation import view_evaluation
from toolformer.report.figures import check_extra
from toolformer.report.page import GENERATOR, render
from toolformer.report.view import view_run
from toolformer.runs.directory import Run
from toolformer.runs.reading import resolve_thresholds

MOST_TEXTS = 50_000  # of a run, by default
_BEGINNING = 2000  # bytes of a page, in which it says what wrote it


@dataclass(frozen=True, slots=True)
class Reported:
    """What was written."""

    path: Path
    size: int  # bytes
    texts: int  # that can be looked at
    texts_left_out: int  # that are counted only


def write_report(
    runs: Sequence[Run | str | Path],
    out: str | Path,
    *,
    evaluations: Sequence[str | Path] = (),
    threshold: float | None = None,
    min_used: float | None = None,
    min_help: float | None = None,
    allow_peeking: bool | None = None,
    max_texts: int = MOST_TEXTS,
    title: str = "",
) -> Reported:
    """Writes what came of some runs and evaluations as one page that needs nothing else.

    >>> from tempfile import TemporaryDirectory
    >>> from toolformer.annotate import annotate
    >>> from toolformer.lm.scripted import ScriptedCall, ScriptedLanguageModel
    >>> sums = ScriptedCall("Calculator", after="303 + 453 =", writes=("303 + 453)",))
    >>> model = ScriptedLanguageModel([sums])
    >>> texts = ["There are 303 + 453 = 756 balloons in the whole room."]
    >>> with TemporaryDirectory() as out:
    ...     run = annotate(texts, model=model, tools="calculator", out=f"{out}/run")
    ...     done = write_report([run], f"{out}/report.html")
    ...     print(done.path.name, done.texts)
    report.html 1

    Args:
        runs: runs, or their directories; several stand side by side.
        out: the file; an older report is replaced.
        evaluations: directories that `toolformer evaluate` wrote.
        threshold: τf, for all tools; each run's own when None.
        min_used: least L(e(c, ε)) − L(e(c, r)) for all tools, nats, whatever `threshold` says.
        min_help: least L(ε) − L(e(c, r)) for all tools, nats, whatever `threshold` says.
        allow_peeking: whether calls that peek compete; as in each run when None.
        max_texts: how many texts of a run can be looked at, spread evenly; all are counted.
        title: of the page; the names of the runs when empty.

    Raises:
        ConfigError: there is no run, the extra `report` is missing, or `out` is something else.
        RunError: a run is not whole, or damaged; an evaluation has no results.
    """
    check_extra()
    path = Path(out)
    _check_is_ours(path)
    if not runs:
        raise ConfigError("There is no run to report on: name at least one.")
    opened = [each if isinstance(each, Run) else Run.open(each) for each in runs]
    shown = [view_evaluation(Path(each), number=n) for n, each in enumerate(evaluations)]
    names = run_names([each.path for each in opened])
    views = [
        view_run(
            run,
            name,
            thresholds=resolve_thresholds(run, threshold, min_used=min_used, min_help=min_help),
            allow_peeking=run.manifest.allow_peeking if allow_peeking is None else allow_peeking,
            most_texts=max_texts,
        )
        for run, name in zip(opened, names, strict=True)
    ]
    page = render(views, shown, title=title or ", ".join(names))
    write_whole(path, page)
    texts = sum(view.texts.shown for view in views)
    return Reported(path, len(page), texts, sum(view.texts.total for view in views) - texts)


def run_names(paths: Sequence[Path]) -> list[str]:
    """Returns a name for each run: its directory's, with as many of those above as tell them apart.

    >>> run_names([Path("/a/run"), Path("/b/run"), Path("/c/other")])
    ['a/run', 'b/run', 'c/other']
    >>> run_names([Path("/a/run"), Path("/a/run")])
    ['run', 'run (2)']
    """
    whole = [path.resolve() for path in paths]
    distinct = len(set(whole))
    most = max(len(path.parts) for path in whole)
    for depth in range(1, most + 1):
        names = ["/".join(path.parts[-depth:]) for path in whole]
        if len(set(names)) == distinct:
            break
    return [
        name if name not in names[:number] else f"{name} ({names[:number].count(name) + 1})"
        for number, name in enumerate(names)
    ]


def _check_is_ours(path: Path) -> None:
    """Refuses to replace a file that is not a report.

    Raises:
        ConfigError: it is something else.
    """
    if path.is_dir():
        raise ConfigError(
            f"'{path}' is a directory: name a file for the report, --out report.html."
        )
    try:
        with path.open("rb") as stream:
            beginning = stream.read(_BEGINNING)
    except FileNotFoundError:
        return
    if beginning and f'content="{GENERATOR}'.encode() not in beginning:
        raise ConfigError(f"'{path}' is there and is not a report: name another --out.")
