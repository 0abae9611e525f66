"""How much a command says beside its answer."""

import json
import logging
from pathlib import Path

import pytest

from toolformer.cli.main import run

QUESTION = ["infer", "nano", "It is", "--max-new-tokens", "1"]


@pytest.fixture
def untaught(tmp_path: Path) -> Path:
    """A model in a file, about which there is something to note."""
    path = tmp_path / "model.py"
    path.write_text(
        "import logging\n"
        "from toolformer.lm.scripted import ScriptedLanguageModel\n"
        "def model():\n"
        "    logging.getLogger('toolformer.test').info('made')\n"
        "    logging.getLogger('toolformer.test').warning('beware')\n"
        "    return ScriptedLanguageModel()\n"
    )
    return path


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ([], ["has no toolformer.json"]),
        (["--quiet"], []),
        (["-q"], []),
        (["-v"], ["toolformer.test: made", "toolformer.test: beware", "has no toolformer.json"]),
    ],
)
def test_notes_and_logs_are_as_many_as_were_asked_for(
    option: list[str], told: list[str], untaught: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["infer", f"{untaught}:model", "It is", *option]) == 0
    said = capsys.readouterr().err
    known = ["toolformer.test: made", "toolformer.test: beware", "has no toolformer.json"]
    assert [each for each in known if each in said] == told
    assert bool(said) == bool(told)


def test_a_quiet_command_still_says_its_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", "/no/such/run", "-q"]) == 2
    assert "is not a run directory" in capsys.readouterr().err


def test_a_verbose_command_says_where_its_error_is_from(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["show", "/no/such/run", "-v"]) == 2
    said = capsys.readouterr().err
    assert "Traceback" in said
    assert said.endswith("'/no/such/run' is not a run directory: it has no manifest.json.\n")


def test_the_answer_is_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    answers = set()
    for option in ([], ["-q"], ["-v"]):
        assert run([*QUESTION, "--json", *option]) == 0
        answers.add(json.loads(capsys.readouterr().out)["text"])
    assert len(answers) == 1


def test_a_command_leaves_logging_as_it_was() -> None:
    root = logging.getLogger()
    before = root.level, list(root.handlers)
    run(["show", "/no/such/run", "-v"])
    assert (root.level, list(root.handlers)) == before


def test_both_are_one_too_many(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["tools", "-q", "-v"]) == 2
    assert "do not go together" in capsys.readouterr().err
