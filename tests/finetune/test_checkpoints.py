"""A fine-tuning's directory: what it may be, and what a kill leaves of it."""

from pathlib import Path

import pytest

from toolformer.errors import RunError
from toolformer.finetune import checkpoints

SETTINGS = {"config": {"seed": 0, "learning_rate": 0.1}}


def make_checkpoint(out: Path, step: int, *, is_whole: bool) -> Path:
    folder = checkpoints.training_folder(out) / f"checkpoint-{step}"
    folder.mkdir(parents=True)
    (folder / "model.safetensors").touch()
    if is_whole:
        checkpoints.mark_whole(folder)
    return folder


def test_a_directory_that_holds_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(
        RunError, match=r"is neither empty nor a fine-tuning: it holds 'thesis.tex'\."
    ):
        checkpoints.check_out(tmp_path, resume=False)


def test_a_file_is_no_place_for_a_model(tmp_path: Path) -> None:
    (tmp_path / "out").touch()
    with pytest.raises(RunError, match="it is a file"):
        checkpoints.check_out(tmp_path / "out", resume=False)


def test_there_must_be_something_to_resume(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"no fine-tuning in .* to resume"):
        checkpoints.check_out(tmp_path, resume=True)
    checkpoints.claim(tmp_path, SETTINGS)
    checkpoints.check_out(tmp_path, resume=True)


def test_other_settings_are_refused_and_named(tmp_path: Path) -> None:
    checkpoints.claim(tmp_path / "out", SETTINGS)
    checkpoints.claim(tmp_path / "out", SETTINGS)
    other = {"config": {"seed": 3, "learning_rate": 0.1}}
    with pytest.raises(RunError, match=r"other settings: config\.seed \(0, now 3\)\. Name"):
        checkpoints.claim(tmp_path / "out", other)


def test_an_incomplete_checkpoint_is_skipped_and_dropped(tmp_path: Path) -> None:
    assert checkpoints.whole_checkpoint(tmp_path) is None
    make_checkpoint(tmp_path, 8, is_whole=True)
    last = make_checkpoint(tmp_path, 10, is_whole=True)
    torn = make_checkpoint(tmp_path, 12, is_whole=False)
    assert checkpoints.whole_checkpoint(tmp_path) == last
    checkpoints.drop_incomplete(tmp_path)
    assert last.exists()
    assert not torn.exists()


def test_what_makes_it_a_model_comes_last(tmp_path: Path) -> None:
    folder = checkpoints.new_model_folder(tmp_path)
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        (folder / name).write_text(name)
    # A directory in the way stops the move as a kill would.
    (tmp_path / "tokenizer.json").mkdir()
    with pytest.raises(OSError, match=r"tokenizer\.json"):
        checkpoints.publish(tmp_path)
    assert not checkpoints.is_finished(tmp_path)
    (tmp_path / "tokenizer.json").rmdir()
    checkpoints.publish(tmp_path)
    assert checkpoints.is_finished(tmp_path)
    assert (tmp_path / "model.safetensors").read_text() == "model.safetensors"
    assert not checkpoints.training_folder(tmp_path).exists()
