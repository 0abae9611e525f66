"""A fine-tuning's directory: what it may be, and what a kill leaves of it."""

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors import SafetensorError

from toolformer.errors import RunError
from toolformer.finetune.training import checkpoints

SETTINGS = {"config": {"seed": 0, "learning_rate": 0.1}}


def state_after(step: int) -> dict[str, object]:
    return {
        "global_step": step,
        "log_history": [{"loss": 1.0}] * step,
        "stateful_callbacks": {"TrainerControl": {"args": {}, "attributes": {}}},
    }


def make_checkpoint(out: Path, step: int, *, is_whole: bool) -> Path:
    folder = checkpoints.training_folder(out) / f"checkpoint-{step}"
    folder.mkdir(parents=True)
    (folder / "model.safetensors").touch()
    for name in ("optimizer.pt", "scheduler.pt"):
        (folder / name).touch()
    (folder / "trainer_state.json").write_text(json.dumps(state_after(step)), encoding="utf-8")
    if is_whole:
        checkpoints.mark_whole(folder)
    return folder


def edit_in_place(path: Path) -> None:
    """Changes a file, whose length stays."""
    path.write_bytes(path.read_bytes().replace(b"1.0", b"9.9"))


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


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"global_step": 7}, r"global_step is 7"),
        ({"global_step": "8"}, r"global_step: Input should be a valid integer"),
        ({"log_history": [{"loss": "x"}]}, r"log_history\.0\.loss"),
        ({"log_history": [{"loss": 1.0}] * 7}, "log_history has no loss of each step"),
        ({"best_model_checkpoint": "/etc"}, "best_model_checkpoint is not there"),
        ({"best_metric": "nan"}, "best_metric"),
        ({"eval_steps": 0}, "eval_steps"),
        ({"total_flos": "a"}, "total_flos"),
        ({"stateful_callbacks": {}}, "stateful_callbacks has no TrainerControl"),
    ],
)
def test_an_edited_state_is_refused(tmp_path: Path, values: dict[str, object], reason: str) -> None:
    last = make_checkpoint(tmp_path, 8, is_whole=True)
    (last / "trainer_state.json").write_text(json.dumps(state_after(8) | values))
    (last / "whole").write_bytes(b"")  # as an older version left it
    with pytest.raises(RunError, match=rf"checkpoint-8' cannot be read \(.*{reason}.*Delete it"):
        checkpoints.check_as_written(last)


@pytest.mark.parametrize(
    "damage",
    [
        lambda last: (last / "model.safetensors").write_bytes(b"x"),
        lambda last: (last / "model.safetensors").unlink(),
        lambda last: (last / "optimizer.pt").unlink(),
        lambda last: edit_in_place(last / "trainer_state.json"),
        lambda last: (last / "more").touch(),
        lambda last: (last / "whole").write_text("[]"),
        lambda last: (last / "whole").write_text("{"),
    ],
)
def test_a_checkpoint_with_other_files_than_it_was_written_with_is_refused(
    tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    last = make_checkpoint(tmp_path, 8, is_whole=True)
    checkpoints.check_as_written(last)
    damage(last)
    with pytest.raises(RunError, match=r"checkpoint-8' cannot be read"):
        checkpoints.check_as_written(last)


def test_what_is_not_named_as_a_checkpoint_is_none(tmp_path: Path) -> None:
    last = make_checkpoint(tmp_path, 8, is_whole=True)
    for name in ("checkpoint-x", "checkpoint-", "checkpoint-٣", "checkpoint-8-old"):
        other = last.with_name(name)
        other.mkdir()
        (other / "whole").touch()
    assert checkpoints.whole_checkpoint(tmp_path) == last


@pytest.mark.parametrize(
    ("error", "number"),
    [
        (OSError(errno.EROFS, os.strerror(errno.EROFS)), errno.EROFS),
        (SafetensorError("I/O error: No space left on device (os error 28)"), errno.ENOSPC),
        (RuntimeError("[enforce fail at inline_container.cc:672] . unexpected pos"), errno.EIO),
    ],
)
def test_what_cannot_be_written_is_a_sentence_whichever_library_fails(
    tmp_path: Path, error: Exception, number: int
) -> None:
    torn = make_checkpoint(tmp_path, 8, is_whole=False)
    with (
        pytest.raises(RunError, match=r"^Cannot write to '.*': .*\. Whole checkpoints are kept"),
        checkpoints.writing(tmp_path),
    ):
        raise error
    assert not torn.exists()
    with pytest.raises(RunError) as raised, checkpoints.writing(tmp_path):
        raise error
    assert isinstance(raised.value.__cause__, OSError)
    assert raised.value.__cause__.errno == number
