"""Which commands the reproduction consists of, and which of them a second try leaves out."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from recipes.reproduce import __main__ as chain
from toolformer.evaluate.results import Results
from toolformer.files import json_text
from toolformer.runs.manifest import ManifestModel, RunManifest
from toolformer.runs.writer import RunWriter

MADE = ["run", "tuned", "control", "unfiltered", "run-2", "second", "evaluation"]
MANIFEST = RunManifest(
    corpus={},
    model=ManifestModel(name="nano", fingerprint="ab", max_length=1024, batch_tokens=4096),
    tools=[],
    grammar={},
    config={},
    documents_per_shard=1,
)

Commands = dict[str, list[str]]


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> Commands:
    """The commands so far by the name of what they make, which is there then, if empty."""
    found: Commands = {}

    def call(command: Sequence[str], made: Path) -> None:
        found[made.name] = list(command)
        if "annotate" in command:
            RunWriter(made, MANIFEST).finish()
            return
        made.mkdir(exist_ok=True)
        nothing = Results(tasks=[], arms=[], cells=[])
        (made / "results.json").write_text(json_text(nothing.to_dict()))
        (made / "config.json").touch()

    monkeypatch.setattr(chain, "_call", call)
    return found


@pytest.fixture
def reproduce(tmp_path: Path) -> Callable[..., Results]:
    """The loop, in a folder whose inputs are there already."""
    (tmp_path / "inputs").mkdir()
    (tmp_path / "inputs" / "corpus.jsonl").touch()

    def once(shared: Path | None = None, seed: int = 3) -> Results:
        return chain.reproduce(tmp_path, shared=shared, seed=seed)

    return once


def options(command: Sequence[str], name: str) -> list[str]:
    """Returns what follows an option, each time it is given."""
    return [command[at + 1] for at, part in enumerate(command) if part == name]


def does(command: Sequence[str]) -> str:
    """Returns what a command runs: a module, or what `toolformer` is to do."""
    assert command[1] == "-m"
    return command[3] if command[2] == "toolformer" else command[2]


def test_each_step_reads_what_an_earlier_one_made(
    tmp_path: Path, commands: Commands, reproduce: Callable[..., Results]
) -> None:
    reproduce()
    assert list(commands) == MADE
    assert [does(command) for command in commands.values()] == [
        "annotate",
        "finetune",
        "finetune",
        "recipes.reproduce.unfiltered",
        "annotate",
        "finetune",
        "evaluate",
    ]
    read = {name: Path(command[4 - (name == "unfiltered")]) for name, command in commands.items()}
    assert {name: path.relative_to(tmp_path).as_posix() for name, path in read.items()} == {
        "run": "inputs/corpus.jsonl",
        "tuned": "run",
        "control": "run",
        "unfiltered": "run",
        "run-2": "inputs/corpus.jsonl",
        "second": "run-2",
        "evaluation": "tuned",
    }
    for name, command in commands.items():
        assert options(command, "--out") == [str(tmp_path / name)]
        assert options(command, "--seed") == ["3"]
    assert [name for name, command in commands.items() if "--plain" in command] == ["control"]


def test_the_second_round_is_annotated_and_tuned_by_the_first_rounds_model(
    tmp_path: Path, commands: Commands, reproduce: Callable[..., Results]
) -> None:
    reproduce()
    assert options(commands["run"], "--model") == ["nano"]
    assert options(commands["run-2"], "--model") == [str(tmp_path / "tuned")]
    # A run's own model is what a fine-tuning takes where none is named.
    tunings = ("tuned", "control", "unfiltered", "second")
    assert [name for name in tunings if "--model" in commands[name]] == []


def test_all_models_are_measured_side_by_side(
    tmp_path: Path, commands: Commands, reproduce: Callable[..., Results]
) -> None:
    reproduce()
    command = commands["evaluation"]
    assert options(command, "--control") == [str(tmp_path / "control")]
    assert options(command, "--column") == [
        f"unfiltered={tmp_path / 'unfiltered'}",
        f"second round={tmp_path / 'second'}",
    ]


def test_without_shared_data_nothing_is_mixed_in_and_two_tasks_are_left(
    commands: Commands, reproduce: Callable[..., Results]
) -> None:
    reproduce(None)
    assert not any("--mix" in command for command in commands.values())
    tasks = options(commands["evaluation"], "--task")
    assert [task.partition(":")[0] for task in tasks] == ["dates", "arithmetic"]


def test_with_shared_data_every_tuning_mixes_texts_in_and_all_tasks_are_asked(
    tmp_path: Path, commands: Commands, reproduce: Callable[..., Results]
) -> None:
    reproduce(tmp_path / "shared")
    assert list(commands) == MADE
    mixed = {name: options(command, "--mix") for name, command in commands.items()}
    texts = str(tmp_path / "inputs" / "mix.jsonl")
    tunings = {"tuned", "control", "unfiltered", "second"}
    assert mixed == {name: [texts] if name in tunings else [] for name in MADE}
    kinds = [task.partition(":")[0] for task in options(commands["evaluation"], "--task")]
    assert kinds == [
        *("lama", "dates", "arithmetic", "lama"),
        *("perplexity", "perplexity", "restraint", "restraint"),
        *("math", "math", "date-understanding"),
    ]


def test_what_is_there_is_not_made_again(
    commands: Commands, reproduce: Callable[..., Results]
) -> None:
    reproduce()
    commands.clear()
    reproduce()
    assert list(commands) == ["evaluation"]  # which leaves out what it has by itself


def test_what_was_cut_short_is_gone_on_with(
    tmp_path: Path, commands: Commands, reproduce: Callable[..., Results]
) -> None:
    reproduce()
    (tmp_path / "control" / "config.json").unlink()
    (tmp_path / "run-2" / "stats.json").unlink()
    commands.clear()
    reproduce()
    assert list(commands) == ["control", "run-2", "evaluation"]
