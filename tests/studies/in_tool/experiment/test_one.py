"""One model: what its directory holds, and that other parts read it."""

import json
from pathlib import Path

import pytest

from toolformer.errors import ConfigError, RunError
from toolformer.infer.decode import decode
from toolformer.lm.registry import load_model
from toolformer.sidecar import read_sidecar
from toolformer.studies.in_tool.data.people import make_people
from toolformer.studies.in_tool.data.questions import questions_about
from toolformer.studies.in_tool.experiment.measured import AskConfig
from toolformer.studies.in_tool.experiment.one import train_one
from toolformer.studies.in_tool.training.config import TrainConfig
from toolformer.tools.builtin.database import database

ASK = AskConfig(questions=8, strange_questions=4)
TINY = TrainConfig(mode="tool", people=2, width=8, steps=3, batch_size=4, checkpoint_every=2)


def files(folder: Path) -> dict[str, bytes]:
    found = (each for each in folder.rglob("*") if each.is_file())
    return {each.relative_to(folder).as_posix(): each.read_bytes() for each in found}


def test_a_model_is_loaded_like_any_other(tmp_path: Path) -> None:
    measured = train_one(TINY, out=tmp_path / "m", ask=ASK, device="cpu")
    assert (measured.seen.asked, measured.unseen.asked) == (8, 4)
    metrics = json.loads((tmp_path / "m" / "metrics.json").read_text())
    assert metrics["unseen"] == {"asked": 4, "right": 0, "called": 0}
    sidecar = read_sidecar(tmp_path / "m")
    assert sidecar is not None
    assert [tool.name for tool in sidecar.tools] == ["Database"]
    [answer] = decode(str(tmp_path / "m"), ["Where was"], config={"max_new_tokens": 4})
    assert answer.tokens <= 4
    tool = database(tmp_path / "m" / "facts.db")
    try:
        for question in questions_about(make_people(2)):
            assert tool.execute(question.call.arguments) == question.value
    finally:
        tool.close()


def test_the_same_command_does_nothing_twice_and_writes_the_same_bytes(tmp_path: Path) -> None:
    steps: list[int] = []
    for name, times in (("a", 1), ("b", 2)):
        for _ in range(times):
            config = TINY.override(mode="weight")
            train_one(
                config,
                out=tmp_path / name,
                ask=ASK,
                device="cpu",
                on_step=lambda each: steps.append(each.done),
            )
    assert steps == [1, 2, 3, 1, 2, 3]
    assert files(tmp_path / "a") == files(tmp_path / "b")


def test_a_directory_belongs_to_one_set_of_settings(tmp_path: Path) -> None:
    train_one(TINY, out=tmp_path, ask=ASK, device="cpu")
    with pytest.raises(RunError, match=r"width \(8, now 12\)"):
        train_one(TINY.override(width=12), out=tmp_path, ask=ASK, device="cpu")


@pytest.mark.parametrize("width", [6, 10])
def test_a_width_that_two_heads_cannot_share_is_refused(width: int) -> None:
    with pytest.raises(ConfigError, match="multiple of 4"):
        TINY.override(width=width)


@pytest.mark.slow
def test_a_model_learns_the_facts_of_a_few_people(tmp_path: Path) -> None:
    config = TrainConfig(
        mode="weight", people=4, width=16, steps=150, batch_size=16, learning_rate=1e-2
    )
    measured = train_one(config, out=tmp_path, ask=ASK, device="cpu")
    assert measured.seen.right >= 7
    assert measured.unseen.right <= 2
    assert measured.edited.right == 0  # weights know nothing of a database
    model = load_model(str(tmp_path))
    [question, *_] = questions_about(make_people(4))
    [answer] = decode(model, [question.text], config={"max_new_tokens": 40})
    assert answer.text == question.answer
