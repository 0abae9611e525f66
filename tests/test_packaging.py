"""What is published: the source with all that belongs to it, and a wheel with the program alone."""

import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# What belongs to a distribution stands in these; beside them lies what programs made.
FOLDERS = ["docs", "examples", "recipes", "tests", "benchmarks", "toolformer", ".ci"]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source distribution and the wheel; building writes beside the source."""
    folder = tmp_path_factory.mktemp("packaging")
    for name in FOLDERS:
        hidden = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, folder / "source" / name, ignore=hidden)
    for path in ROOT.iterdir():
        if path.is_file():
            shutil.copy(path, folder / "source")
    build = "from setuptools.build_meta import *; build_sdist('../built'); build_wheel('../built')"
    ended = subprocess.run(
        [sys.executable, "-c", build], cwd=folder / "source", capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
    return folder / "built"


@pytest.fixture
def source(built: Path) -> set[str]:
    """The names of all files of the source distribution."""
    [path] = built.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        return {each.name.partition("/")[2] for each in archive if each.isfile()}


@pytest.fixture
def wheel(built: Path) -> zipfile.ZipFile:
    [path] = built.glob("*.whl")
    return zipfile.ZipFile(path)


def metadata(wheel: zipfile.ZipFile) -> Message:
    [name] = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    return message_from_bytes(wheel.read(name))


@pytest.mark.slow
def test_the_source_holds_everything_that_belongs_to_it(source: set[str]) -> None:
    wanted = {
        path.relative_to(ROOT).as_posix()
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    loose = "CHANGELOG.md CONTRIBUTING.md LICENSE Makefile README.md constraints.txt mkdocs.yml"
    assert (wanted | set(loose.split())) - source == set()


@pytest.mark.slow
def test_the_source_holds_nothing_that_was_made(source: set[str]) -> None:
    made = re.compile(r"\.pyc$|__pycache__|^build/|_cache/|\.safetensors\.tmp")
    assert [name for name in source if made.search(name)] == []


@pytest.mark.slow
def test_the_wheel_holds_the_package_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    names = wheel.namelist()
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {
        "toolformer",
        "toolformer_engine",
    }
    package = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "toolformer").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert package - set(names) == set()


@pytest.mark.slow
def test_the_wheel_says_what_it_is(wheel: zipfile.ZipFile) -> None:
    said = metadata(wheel)
    assert said["Author"] or said["Author-email"]
    assert said["License-Expression"] == "MIT"
    assert "tool-use" in said["Keywords"]
    classifiers = said.get_all("Classifier", [])
    assert "Programming Language :: Python :: 3.11" in classifiers
    assert "Typing :: Typed" in classifiers


@pytest.mark.slow
def test_a_plain_install_brings_what_training_needs(wheel: zipfile.ZipFile) -> None:
    core = {
        re.split(r"[^\w-]", each)[0]
        for each in metadata(wheel).get_all("Requires-Dist", [])
        if "extra ==" not in each
    }
    assert core >= {"accelerate", "peft", "torch", "transformers", "datasets", "rich", "typer"}
