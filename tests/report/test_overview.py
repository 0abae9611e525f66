"""A run's command makes the run again, and its facts are those of its manifest."""

import shlex
from pathlib import Path

import pytest

from tests.report.pages import write_run
from toolformer.annotate import AnnotateConfig, annotate
from toolformer.annotate.command import annotate_command
from toolformer.cli.main import run as cli
from toolformer.lm.scripted import ScriptedLanguageModel
from toolformer.report.overview import corpus_name, method_name
from toolformer.runs.directory import Run

MODEL = "from toolformer.lm.scripted import ScriptedLanguageModel\nmade = ScriptedLanguageModel()\n"


def test_the_command_makes_a_run_with_the_same_manifest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("some texts.txt").write_text("There are 3 + 4 = 7 apples here, and more.\n")
    Path("model.py").write_text(MODEL)
    given = ["--model", "model.py:made", "--method", "paper", "--seed", "7", "--out", "first"]
    given += ["--tool", "calculator", "--set", "calculator.samples=2", "--allow-peeking"]
    assert cli(["annotate", "some texts.txt", *given]) == 0
    first = Run.open("first").manifest
    words = shlex.split(annotate_command(first, out="second"))
    assert words[:3] == ["toolformer", "annotate", "some texts.txt"]
    words[words.index("--model") + 1] = "model.py:made"  # a scripted model has a name of its own
    assert cli(words[1:]) == 0
    assert Run.open("second").manifest.fingerprint == first.fingerprint


def test_a_method_and_a_corpus_have_names(tmp_path: Path) -> None:
    manifest = write_run(tmp_path / "run").manifest
    assert method_name(manifest) == "the paper's, asked few-shot"
    assert corpus_name(manifest) == "documents"
    config = AnnotateConfig(method="in-context")
    made = annotate(["3 + 4 = 7"], model=ScriptedLanguageModel(), tools="calculator",
                    out=tmp_path / "other", config=config)  # fmt: skip
    assert method_name(made.manifest) == "in context, behind demonstrations"
