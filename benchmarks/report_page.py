"""How long a report takes to be made and to be seen: `python -m benchmarks.report_page`.

Of the demo's run, and of a run of 50,000 made-up texts whose words are drawn at random, which are
packed worse than prose. Each page is made by a process of its own, and opened in headless Chromium
three times; the middle one counts.
"""

import argparse
import json
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks import made_up, report
from toolformer.assets import SAMPLE_CORPUS, asset
from toolformer.corpus import read_corpus
from toolformer.records import AnnotatedDocument, Candidate, Document, Losses, Placebo, Verdict
from toolformer.report import write_report
from toolformer.runs.select import reselect

_WORDS = 100  # of a text
_PLACEBO_TEXTS = 512  # as many as `annotate` scores placebos for
_VIEWS = 3


@dataclass(frozen=True, slots=True)
class View:
    """When a page is seen, in milliseconds after it was asked for."""

    first: float  # anything of it
    texts: float  # the first texts
    seek: float  # from a word that was typed to its texts, when none was sought before
    seek_again: float


def main() -> None:
    """Runs the benchmark."""
    made = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    made.add_argument("--texts", type=int, default=50_000)
    made.add_argument("--run", type=Path, help="a run of the demo; made when not named")
    made.add_argument("--one", type=Path, help="report a run that is there, into --out")
    made.add_argument("--out", type=Path)
    made.add_argument("--write", type=Path, help="put the table into this page of docs/results/")
    given = made.parse_args()
    if given.one:
        print(json.dumps(_measure(given.one, given.out)))
        return
    with tempfile.TemporaryDirectory() as folder:
        demo = given.run or _demo(Path(folder) / "demo")
        write_run(Path(folder) / "made-up", given.texts)
        rows = [
            _row(name, run, Path(folder) / f"{name}.html")
            for name, run in (("demo", demo), ("made-up", Path(folder) / "made-up"))
        ]
    table = report.table(
        [
            *("run", "texts", "made in", "peak memory", "page"),
            *("first view", "first texts", "a word, first", "a word, then"),
        ],
        rows,
    )
    note = (
        "First view: first contentful paint of headless Chromium, from a file; first texts: when "
        "they can be read; a word: from the last letter to its texts, among all texts."
    )
    text = report.section(
        "The report",
        [table, note],
        module="benchmarks.report_page",
        settings={"texts": given.texts},
    )
    report.publish(text, name="report", path=given.write)


def _row(name: str, run: Path, page: Path) -> list[str]:
    command = [
        sys.executable,
        "-m",
        "benchmarks.report_page",
        "--one",
        str(run),
        "--out",
        str(page),
    ]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = json.loads(told.splitlines()[-1])
    seen = _seen(page)
    return [
        name,
        f"{found['texts']:,}",
        f"{found['seconds']:.1f} s",
        f"{found['peak']:.0f} MB",
        f"{found['megabytes']:.1f} MB",
        *(f"{each / 1000:.2f} s" for each in (seen.first, seen.texts, seen.seek, seen.seek_again)),
    ]


def _measure(run: Path, out: Path) -> dict[str, float]:
    """Reports a run; returns what it took, the loading of libraries included."""
    began = time.perf_counter()
    done = write_report([run], out)
    return {
        "texts": done.texts,
        "seconds": time.perf_counter() - began,
        "megabytes": done.size / 1e6,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3,
    }


def _seen(page: Path) -> View:
    """Opens a page several times and returns the middle of when what was seen."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    views = []
    with sync_playwright() as playwright:
        for _ in range(_VIEWS):
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            views.append(_view(browser.new_page(viewport={"width": 1280, "height": 900}), page))
            browser.close()
    return View(
        *(
            median(getattr(each, name) for each in views)
            for name in ("first", "texts", "seek", "seek_again")
        )
    )


def _view(tab, page: Path) -> View:  # type: ignore[no-untyped-def]
    tab.set_default_timeout(120_000)
    tab.goto(page.as_uri())
    tab.wait_for_function("() => performance.getEntriesByName('texts').length > 0")
    first, texts = (
        tab.evaluate(f"performance.getEntriesByName('{name}')[0].startTime")
        for name in ("first-contentful-paint", "texts")
    )
    return View(first, texts, *(_sought(tab, word) for word in ("water", "the first")))


def _sought(tab, words: str) -> float:  # type: ignore[no-untyped-def]
    """Types words and returns the milliseconds until all texts that have them are found."""
    return float(
        tab.evaluate(
            """words => new Promise(resolve => {
                const began = performance.now(), status = document.getElementById('status');
                const field = document.getElementById('words');
                status.textContent = '';
                new MutationObserver((_, observer) => {
                    if (!/ of | among /.test(status.textContent)) return;
                    observer.disconnect();
                    resolve(performance.now() - began);
                }).observe(status, { childList: true, characterData: true, subtree: true });
                field.value = words;
                field.dispatchEvent(new Event('input'));
            })""",
            words,
        )
    )


def _demo(path: Path) -> Path:
    command = [sys.executable, "-m", "toolformer", "annotate", "--out", str(path), "-q"]
    subprocess.run(command, check=True, capture_output=True)
    return path


def write_run(path: Path, texts: int) -> None:
    """Writes a run of made-up texts with a sum or two in each."""
    calculator = made_up.stated_calculator(
        min_used=0.75, min_help=-0.25, max_positions=12, samples=4, prune_below=-2.0
    )
    drawn = random.Random(0)
    prose = " ".join(each.text for each in read_corpus(str(asset(SAMPLE_CORPUS)))).split()
    thresholds = {"Calculator": calculator.thresholds}
    documents = (_document(number, prose, drawn) for number in range(texts))
    made_up.write_run(
        path,
        (reselect(each, thresholds=thresholds) for each in documents),
        name="made-up",
        model="made-up",
        calculator=calculator,
        config={"method": "in-context", "seed": 0},
    )


def _document(number: int, prose: list[str], drawn: random.Random) -> AnnotatedDocument:
    words = drawn.choices(prose, k=_WORDS)
    candidates, text = [], ""
    for half in (words[: _WORDS // 2], words[_WORDS // 2 :]):
        a, b = drawn.randrange(1000), drawn.randrange(1000)
        text += f"{' '.join(half)} {a} + {b} ="
        candidates += _calls(len(text), a, b, drawn=drawn, has_placebo=number < _PLACEBO_TEXTS)
        text += f" {a + b}. "
    return AnnotatedDocument(
        Document(f"made-up:{number}", text), ("Calculator",), None, tuple(candidates)
    )


def _calls(
    position: int, a: int, b: int, *, drawn: random.Random, has_placebo: bool
) -> Iterator[Candidate]:
    """Yields a right call, a wrong one, and sometimes one that divides by zero."""
    no_call = 3 + drawn.random()
    for arguments, output, mean in ((f"{a} + {b}", a + b, 1.5), (f"{a} * {b}", a * b, -0.2)):
        with_output = max(0.01, no_call - drawn.gauss(mean, 0.7))
        no_output = no_call + drawn.gauss(0.2, 0.3)
        placebo = Placebo(str(drawn.randrange(2000)), no_call + drawn.gauss(0, 0.4))
        yield Candidate(
            position,
            "Calculator",
            arguments,
            start_prob=drawn.random(),
            count=1 + drawn.randrange(4),
            output=str(output),
            losses=Losses(no_call, with_output, no_output),
            token=position // 4,
            placebo=placebo if has_placebo else None,
        )
    if drawn.random() < 0.1:
        error = f"Cannot divide by zero in '{a} / 0'."
        yield Candidate(
            position, "Calculator", f"{a} / 0", 0.1, 1, error=error, verdict=Verdict.TOOL_ERROR
        )


if __name__ == "__main__":
    main()
