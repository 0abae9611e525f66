"""What the documentation shows is what happens."""

import doctest
import inspect
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch

import toolformer
from tests import readme
from tests.test_architecture import PACKAGE
from toolformer.annotate import annotate
from toolformer.cli.main import run
from toolformer.lm.scripted import ScriptedCall, ScriptedLanguageModel
from toolformer.records import Document
from toolformer.tools.builtin.calculator import calculator

ROOT = Path(__file__).parents[1]
PAGES = [
    *sorted((ROOT / "docs").rglob("*.md")),
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
]
REFERENCE = re.compile(r"^::: ([\w.]+)$", re.MULTILINE)


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def sessions() -> Iterator[doctest.DocTest]:
    """Yields the interactive sessions of each page, as one test a page."""
    for page in PAGES:
        # A closing fence would be taken for printed text.
        text = re.sub(r"^```.*$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
        test = doctest.DocTestParser().get_doctest(text, {}, name_of(page), str(page), 0)
        if test.examples:
            yield test


@pytest.mark.parametrize("session", list(sessions()), ids=lambda session: session.name)
def test_a_session_prints_what_the_page_says(
    session: doctest.DocTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said: list[str] = []
    failed = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(session, out=said.append)
    assert failed.failed == 0, "".join(said)


@pytest.fixture
def one_thread() -> Iterator[None]:
    """One thread for torch: several spin as they wait, and crawl on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize(
    ("page", "count"), [pytest.param("tutorial.md", 7, marks=pytest.mark.slow), ("extend.md", 3)]
)
def test_a_command_prints_what_the_page_says(
    page: str,
    count: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    for name, content in re.findall(r'^```\w+ title="([\w.]+)"\n(.*?)^```$', text, re.M | re.S):
        Path(name).write_text(content, encoding="utf-8")
    shown = "".join(re.findall(r"^```console\n(.*?)^```$", text, re.M | re.S))
    commands = re.findall(r"^\$ toolformer (.*)\n((?:(?!\$ ).*\n)*)", shown, re.M)
    assert len(commands) == count
    for command, expected in commands:
        assert run(shlex.split(command)) == 0
        printed = capfd.readouterr().out
        if command.startswith(("finetune", "evaluate")):  # the last digits are the processor's
            expected, printed = without_numbers(expected), without_numbers(printed)
        checked = doctest.OutputChecker().check_output(expected, printed, doctest.ELLIPSIS)
        assert checked, f"{command}\n{printed}"


def test_the_exporter_of_the_page_writes_the_texts_with_a_kept_call(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "extend.md").read_text(encoding="utf-8")
    source = re.search(r'^```python title="my_export.py"\n(.*?)^```$', page, re.M | re.S)
    assert source is not None
    there: dict[str, Any] = {}
    exec(source[1], there)  # noqa: S102  our own page
    sums = ScriptedCall("Calculator", after="303 + 453 =", writes=("303 + 453)",))
    texts = [Document("1", "There are 303 + 453 = 756 here."), Document("2", "He read 5 books.")]
    made = annotate(
        texts, model=ScriptedLanguageModel([sums]), tools=[calculator], out=tmp_path / "run"
    )
    assert there["chat"](made, tmp_path / "texts.jsonl") == 1
    text = "There are 303 + 453 = [Calculator(303 + 453) -> 756] 756 here."
    assert (tmp_path / "texts.jsonl").read_text() == json.dumps({"text": text}) + "\n"


def without_numbers(text: str) -> str:
    """Returns a text without its numbers and without what their width draws."""
    return re.sub(r" +|[━─]+", " ", re.sub(r"\d[\d.,]*", "0", text))


def folders_written(script: str) -> list[str]:
    """Returns where each command or session of a script writes."""
    named = re.findall(r"^toolformer (?:annotate|finetune) .*--out (\S+)", script, re.M)
    return [*(name.rstrip("/") for name in named), *re.findall(r'out="(\w+)"', script)]


def test_no_command_of_the_readme_writes_where_another_does() -> None:
    folders = ["run", *folders_written(readme.commands(readme.README.read_text("utf-8")))]
    assert len(folders) == 6
    assert len(set(folders)) == len(folders)


@pytest.mark.slow
@pytest.mark.timeout(900)  # a dozen commands, each a process
def test_the_readme_runs_as_it_is_written_in_one_folder(tmp_path: Path) -> None:
    """`make core` does this in an environment of its own, with all of the demo."""
    script = readme.commands(readme.README.read_text("utf-8"))
    assert script.count("make demo") == script.count("pip install .") == 1
    script = re.sub(r"^make demo", "toolformer annotate --max-documents 8", script, flags=re.M)
    script = re.sub(r"^pip install .*", "", script, flags=re.M)
    script = script.replace("--limit 10", "--limit 1")
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    programs = tmp_path / "programs"
    programs.mkdir()
    for name, options in {"toolformer": "-m toolformer", "python": ""}.items():
        program = programs / name
        program.write_text(f'#!/bin/sh\nexec {sys.executable} {options} "$@"\n')
        program.chmod(0o755)
    ended = subprocess.run(
        ["bash", "-euxo", "pipefail", "-c", script],
        cwd=tmp_path,
        env=os.environ | {"PATH": f"{programs}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr


PARTS = {
    path.stem
    for path in PACKAGE.iterdir()
    if path.suffix == ".py" or (path.is_dir() and path.name != "__pycache__")
}


def test_the_architecture_page_draws_every_part_of_the_package() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    drawn = re.findall(r"^  (\w+)(?:\.py|/)  ", page, flags=re.MULTILINE)
    assert sorted(drawn) == sorted(PARTS - {"__main__", "_version"})


def test_the_tree_in_the_readme_has_every_folder_of_the_package() -> None:
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    drawn = re.findall(r"^  (\w+)/  ", page, flags=re.MULTILINE)
    assert sorted(drawn) == sorted(part for part in PARTS if (PACKAGE / part).is_dir())


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)[^)]*\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES[:-3], ids=name_of)
def test_a_page_of_the_site_links_to_nothing_outside_of_it(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)[^)]*\)", page.read_text(encoding="utf-8"))
    targets = [(page.parent / link).resolve() for link in links]
    assert [target for target in targets if not target.is_relative_to(ROOT / "docs")] == []


def test_a_table_of_the_results_stands_on_one_page() -> None:
    text = "".join(page.read_text("utf-8") for page in (ROOT / "docs" / "results").glob("*.md"))
    opened, closed = (re.findall(rf"<!-- {end}([\w-]+) -->", text) for end in ("(?!/)", "/"))
    assert opened == closed
    assert max(Counter(opened).values()) == 1


def test_the_reference_shows_every_public_name() -> None:
    pages = (ROOT / "docs" / "api").glob("*.md")
    references = [name for page in pages for name in REFERENCE.findall(page.read_text("utf-8"))]
    shown = {each for reference in references for each in shown_by(reference)}
    names = [name for name in toolformer.__all__ if name != "__version__"]
    assert [name for name in names if getattr(toolformer, name) not in shown] == []


SHOWN_OTHERWISE = {
    # They take a run or train for seconds: the tutorial calls them by their commands.
    "finetune",
    "pretrain",
    "read_run",
    # They need the Hub: the tests of `hub` push to a server of their own.
    "open_repository",
    "push_to_hub",
    # Parts of `annotate`, for whoever distributes the work: extend.md and the tests of both.
    "annotate_shard",
    "make_plan",
}
_PARTS = [toolformer.__name__, *(f"toolformer.{name}" for name in sorted(PARTS))]


def public_functions() -> set[str]:
    modules = [import_module(name) for name in _PARTS if not name.endswith("__")]
    named = {(module, name) for module in modules for name in getattr(module, "__all__", ())}
    return {name for module, name in named if inspect.isfunction(getattr(module, name))}


def test_every_public_function_is_called_in_an_example_that_is_run() -> None:
    parser = doctest.DocTestParser()
    examples = [example for session in sessions() for example in session.examples]
    for path in PACKAGE.rglob("*.py"):
        examples += parser.get_examples(path.read_text(encoding="utf-8"))
    said = "\n".join(example.source for example in examples)
    called = {name for found in re.findall(r"\b(\w+)\(|@(\w+)", said) for name in found}
    assert sorted(public_functions() - called - SHOWN_OTHERWISE) == []


def shown_by(reference: str) -> list[object]:
    """Returns what a block of the reference shows: one object, or a module's public ones."""
    try:
        module = import_module(reference)
    except ModuleNotFoundError:
        parent, _, name = reference.rpartition(".")
        return [getattr(import_module(parent), name)]
    own = [name for name, each in vars(module).items() if _home(each) == reference]
    names = getattr(module, "__all__", own)
    # A function with the name of the file it is in is taken for the file.
    is_part = hasattr(module, "__path__")
    return [
        getattr(module, name)
        for name in names
        if not (is_part and find_spec(f"{reference}.{name}") is not None)
    ]


def _home(each: object) -> str | None:
    return getattr(each, "__module__", None)
