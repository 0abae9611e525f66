"""A whole fine-tuning of a tiny model."""

import json
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from tests.finetune.given import QUICK, sums, tiny_model, write_run
from tests.models import save_model, startless_tokenizer
from toolformer.calls import PlacedCall, ToolCall
from toolformer.errors import ConfigError, ModelError, RunError, TrainingError
from toolformer.files import locked
from toolformer.finetune.config import FinetuneConfig
from toolformer.finetune.data.runs import read_run
from toolformer.finetune.data.texts import TrainingText, choose
from toolformer.finetune.report import FinetuneReport, read_report
from toolformer.finetune.train import finetune, finetune_texts
from toolformer.finetune.training.checkpoints import mark_whole, training_folder, whole_checkpoint
from toolformer.finetune.training.steps import TrainingStep
from toolformer.records import AnnotatedDocument
from toolformer.sidecar import PromptStyle, SidecarTool, read_sidecar


class KilledError(Exception):
    """Stands for a kill: nothing of the training survives but its files."""


def kill_after(step: int) -> Callable[[TrainingStep], None]:
    def kill(progress: TrainingStep) -> None:
        if progress.done == step and progress.dev is None:
            raise KilledError

    return kill


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a model, a run, and a model that was tuned on it without a break."""
    folder = tmp_path_factory.mktemp("finetune")
    write_run(folder / "run", tiny_model(folder / "model"))
    tune(folder, "tuned")
    return folder


def tune(
    folder: Path,
    out: str,
    config: FinetuneConfig = QUICK,
    *,
    on_progress: Callable[[TrainingStep], None] | None = None,
    documents: list[AnnotatedDocument] | None = None,
) -> FinetuneReport:
    run = read_run(folder / "run")
    if documents is not None:
        run = replace(run, documents=documents)
    return finetune([run], out=folder / out, config=config, device="cpu", on_progress=on_progress)


def weights(out: Path) -> dict[str, torch.Tensor]:
    state: dict[str, torch.Tensor] = AutoModelForCausalLM.from_pretrained(out).state_dict()
    return state


def equal(first: Path, second: Path) -> bool:
    ours, theirs = weights(first), weights(second)
    return ours.keys() == theirs.keys() and all(
        torch.equal(ours[name], theirs[name]) for name in ours
    )


def test_the_tuned_model_loads_and_says_how_it_was_taught(folder: Path) -> None:
    out = folder / "tuned"
    model = AutoModelForCausalLM.from_pretrained(out)
    assert model.config.use_cache
    assert model.dtype == torch.float32
    ids = AutoTokenizer.from_pretrained(out)("The sum of 3", return_tensors="pt").input_ids
    assert model.generate(ids, max_new_tokens=2, do_sample=False).shape[1] > ids.shape[1]
    sidecar = read_sidecar(out)
    assert sidecar is not None
    assert sidecar.prompt_style is PromptStyle.NONE
    assert [(tool.name, tool.spec) for tool in sidecar.tools] == [("Calculator", "calculator")]
    run = read_run(folder / "run").manifest
    assert sidecar.lineage["base"]["fingerprint"] == run.model.fingerprint
    assert [each["fingerprint"] for each in sidecar.lineage["runs"]] == [run.fingerprint]
    assert sidecar.lineage["config"]["learning_rate"] == 1e-3
    assert not training_folder(out).exists()


def test_the_metrics_tell_what_was_learned(folder: Path) -> None:
    values = json.loads((folder / "tuned" / "metrics.json").read_text())
    report = read_report(folder / "tuned")
    assert report.texts == sum(report.texts_per_tool.values()) == 18
    assert report.dev_texts == 3
    assert report.left_out == {"held out": 2, "nothing kept": 10}
    assert len(report.losses) == report.steps == 6
    assert sorted(report.dev) == [0, 2, 4, 6]
    first, last = report.dev[0], report.dev[6]
    assert first.loss is not None
    assert last.loss is not None
    assert last.loss < first.loss
    assert report.kept_step == 6
    assert report.calls_disabled
    assert "machine" not in values
    timing = json.loads((folder / "tuned" / "timing.json").read_text())
    assert timing["device"] == "cpu"
    assert timing["steps"] == 6


def test_a_finished_training_is_not_done_again(folder: Path) -> None:
    before = (folder / "tuned" / "model.safetensors").stat().st_mtime_ns
    steps: list[TrainingStep] = []
    report = tune(folder, "tuned", on_progress=steps.append)
    assert report == read_report(folder / "tuned")
    assert steps == []
    assert (folder / "tuned" / "model.safetensors").stat().st_mtime_ns == before


def test_a_training_that_was_stopped_goes_on_to_the_same_weights(folder: Path) -> None:
    with pytest.raises(KilledError):
        tune(folder, "stopped", on_progress=kill_after(5))
    out = folder / "stopped"
    assert not (out / "config.json").exists()
    # As if the next checkpoint had been half written, too.
    whole = whole_checkpoint(out)
    assert whole == training_folder(out) / "checkpoint-4"
    torn = shutil.copytree(whole, whole.with_name("checkpoint-5"))
    (torn / "whole").unlink()
    (torn / "optimizer.pt").write_bytes(b"half")
    done: list[int] = []
    report = tune(folder, "stopped", on_progress=lambda step: done.append(step.done))
    assert done == [5, 6, 6]
    assert equal(folder / "tuned", out)
    assert report.machine is not None
    assert report.machine.steps == 2
    assert (out / "metrics.json").read_bytes() == (folder / "tuned/metrics.json").read_bytes()


@pytest.mark.parametrize("name", ["optimizer.pt", "rng_state.pth", "model.safetensors"])
def test_a_checkpoint_that_cannot_be_read_is_named_with_the_way_out(
    folder: Path, name: str
) -> None:
    out = f"damaged {name}"
    with pytest.raises(KilledError):
        tune(folder, out, on_progress=kill_after(3))
    checkpoint = whole_checkpoint(folder / out)
    assert checkpoint is not None
    content = (checkpoint / name).read_bytes()
    (checkpoint / name).write_bytes(b"\x80\x04nonsense" + bytes(len(content) - 10))
    with pytest.raises(RunError, match=r"checkpoint-2' cannot be read \(.*Delete it and run"):
        tune(folder, out)
    shutil.rmtree(checkpoint)
    tune(folder, out)
    assert equal(folder / "tuned", folder / out)


class _Hostile:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self._path,)


@pytest.mark.parametrize("name", ["optimizer.pt", "scheduler.pt", "rng_state.pth", "others"])
def test_code_in_a_checkpoint_does_not_run(folder: Path, name: str) -> None:
    out, ran = f"hostile {name}", folder / f"ran {name}"
    with pytest.raises(KilledError):
        tune(folder, out, on_progress=kill_after(3))
    checkpoint = whole_checkpoint(folder / out)
    assert checkpoint is not None
    pickled = [name] if name != "others" else ["training_args.bin", "pytorch_model.bin"]
    for each in pickled:
        torch.save(_Hostile(ran), checkpoint / each)
    mark_whole(checkpoint)
    if name == "others":  # nothing reads them
        tune(folder, out)
    else:
        with pytest.raises(RunError, match="or holds code, which is not run") as raised:
            tune(folder, out)
        assert "weights_only" not in str(raised.value)
    assert not ran.exists()


def test_a_directory_may_have_another_name_when_its_training_is_continued(folder: Path) -> None:
    with pytest.raises(KilledError):
        tune(folder, "before", on_progress=kill_after(5))
    (folder / "before").rename(folder / "after")
    tune(folder, "after")
    assert equal(folder / "tuned", folder / "after")


def test_a_run_is_read_anew_each_time_it_is_trained_on(folder: Path) -> None:
    run = read_run(folder / "run")
    assert list(run.documents) == list(run.documents) != []
    assert " at 0x" not in repr(run)


def test_a_model_that_reads_hardly_a_token_is_refused(folder: Path) -> None:
    shutil.copytree(folder / "model", folder / "short")
    config = json.loads((folder / "short" / "config.json").read_text())
    config["max_position_embeddings"] = 1
    (folder / "short" / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match=r"reads 1 tokens at a time by its config, too few"):
        finetune_texts(given_texts(), model=str(folder / "short"), out=folder / "from short")


@pytest.mark.parametrize("position", [-1, 10**9])
def test_a_call_outside_its_text_is_refused(folder: Path, position: int) -> None:
    [text] = given_texts(1)
    wrong = replace(text, calls=(PlacedCall(position, ToolCall("Calculator", "1"), "1"),))
    with pytest.raises(ConfigError, match=rf"In text '0' a call stands at {position}, outside"):
        tune_texts(folder, "outside", texts=[wrong])


def test_a_text_that_no_tokenizer_reads_is_refused(folder: Path) -> None:
    with pytest.raises(ConfigError, match="Text 'a' holds an unpaired surrogate"):
        tune_texts(folder, "surrogate", texts=[TrainingText("a", "So \ud800.")])


TEXTS = {
    "Russian": "Итого: 303 + 453 = 756 шаров. ",
    "Chinese": "总共是三百零三加四百五十三等于七百五十六个气球。",
    "Thai": "รวมทั้งหมดคือ ๓๐๓ บวก ๔๕๓ ",
    "Arabic": "المجموع هو ٣٠٣ زائد ٤٥٣ ",
    "emoji": "👩‍👩‍👧‍👦🏳️‍🌈",
    "combining": "e\u0301\u0302\u0303 ",
    "without spaces": "a" * 40,
    "control": "\x00\x1b[2J\u200b\ufeff\r\n",
}


def test_texts_of_all_scripts_and_lengths_are_cut_and_none_stops_a_training(folder: Path) -> None:
    texts = [
        TrainingText(f"{name} {times}", text * times, (PlacedCall(1, call, "756 ๓ 👍"),))
        for name, text in TEXTS.items()
        for times in (1, 60)
        for call in (ToolCall("Calculator", "303 + 453"),)
    ]
    long = ToolCall("Calculator", "1 + " * 500 + "1")
    texts += [TrainingText("long call", "So 5.", (PlacedCall(2, long, "5"),)), TrainingText("", "")]
    report = tune_texts(folder, "scripts", texts=texts, steps=1)
    assert report.texts == len(texts)
    assert report.rows > 2 * len(texts)
    assert report.left_out == {"calls longer than a row": 1}


def test_other_settings_are_refused_and_named(folder: Path) -> None:
    with pytest.raises(RunError, match=r"config\.learning_rate \(0\.001, now 0\.002\)"):
        tune(folder, "tuned", QUICK.override(learning_rate=2e-3))
    with pytest.raises(RunError, match=r"rows\.count \(18, now \d+\); rows\.fingerprint"):
        tune(folder, "tuned", documents=sums(24))


def test_two_trainings_do_not_write_to_one_directory(folder: Path) -> None:
    out = folder / "locked"
    with locked(out), pytest.raises(RunError, match="Another process is writing to"):
        tune(folder, "locked")
    assert list(out.iterdir()) == []


def test_a_diverging_training_stops_and_keeps_its_checkpoints(folder: Path) -> None:
    wild = QUICK.override(learning_rate=30.0, steps=12, evaluate_every=1, warmup=0.5)
    with pytest.raises(TrainingError, match=r"The training diverges: the loss was \d") as stopped:
        tune(folder, "wild", wild)
    named = re.search(r"The best checkpoint is in '(.*)'\.$", str(stopped.value))
    assert named is not None
    best = Path(named[1])
    assert best != whole_checkpoint(folder / "wild")
    assert all(tensor.isfinite().all() for tensor in weights(best).values())
    assert read_sidecar(best) is not None
    assert not (folder / "wild" / "config.json").exists()


def test_the_control_is_judged_by_the_same_texts(folder: Path) -> None:
    report = tune(folder, "plain", QUICK.override(plain=True, steps=2))
    tuned = json.loads((folder / "tuned" / "metrics.json").read_text())
    assert report.dev[0].perplexity == pytest.approx(tuned["dev"]["0"]["perplexity"])
    assert report.texts == tuned["texts"]
    assert report.tokens / report.steps < tuned["tokens"] / tuned["steps"]


def test_the_weights_of_the_lowest_loss_are_kept(folder: Path) -> None:
    # The rate is so high that what the first steps learn the others undo.
    config = QUICK.override(steps=4, learning_rate=2.0, warmup=0.25, schedule="constant")
    report = tune(folder, "best", config)
    losses = {step: score.loss for step, score in report.dev.items() if step > 0}
    assert report.kept_step == min(losses, key=lambda step: losses[step] or 0.0) < 4
    last = tune(folder, "last", config.override(keep="last"))
    assert last.kept_step == 4
    assert not equal(folder / "best", folder / "last")


def test_without_texts_to_hold_out_the_last_weights_are_kept(folder: Path) -> None:
    report = tune(folder, "no dev", QUICK.override(dev_texts=0, steps=2))
    assert report.dev == {}
    assert report.kept_step == 2
    assert report.texts == 20


def test_a_batch_that_devices_cannot_share_is_refused(folder: Path) -> None:
    with pytest.raises(ConfigError, match="batch_size 4 is not a multiple of device_rows 3"):
        QUICK.override(device_rows=3)
    with pytest.raises(ConfigError, match="There is no run"):
        finetune([], out=folder / "none")


def given_texts(count: int = 12) -> Iterator[TrainingText]:
    """Yields texts that no run has seen: every third has no call."""
    for number in range(count):
        text = f"The sum of {number} and 5 is {number + 5}, said the teacher."
        call = ToolCall("Calculator", f"{number} + 5")
        placed = PlacedCall(text.index(" is ") + 3, call, str(number + 5))
        yield TrainingText(str(number), text, (placed,) if number % 3 else ())


def tune_texts(
    folder: Path,
    out: str,
    *,
    texts: Iterable[TrainingText] | None = None,
    steps: int = 2,
    on_progress: Callable[[TrainingStep], None] | None = None,
) -> FinetuneReport:
    return finetune_texts(
        given_texts() if texts is None else texts,
        model=str(folder / "model"),
        out=folder / out,
        held_out=[TrainingText("dev", "The sum of 7 and 7 is 14, said the teacher.")],
        tools=[SidecarTool("Calculator", "calculator")],
        config=QUICK.override(steps=steps, evaluate_every=1),
        device="cpu",
        on_progress=on_progress,
    )


def test_a_model_is_tuned_on_texts_of_no_run(folder: Path) -> None:
    report = tune_texts(folder, "texts")
    assert report == read_report(folder / "texts")
    assert report.texts == 12
    assert report.texts_per_tool == {"Calculator": 8}
    assert report.left_out == {}
    assert report.dev_texts == 1
    scores = [report.dev[step].loss for step in (0, 1, 2)]
    assert all(score is not None and score > 0 for score in scores)
    assert not equal(folder / "model", folder / "texts")


def test_a_model_tuned_on_texts_says_what_it_was_made_of(folder: Path) -> None:
    tune_texts(folder, "texts")
    settings = json.loads((folder / "texts" / "finetune.json").read_text())
    assert list(settings) == [
        *("config", "devices", "base", "grammar", "texts", "held_out", "tools", "rows")
    ]
    assert settings["texts"]["count"] == settings["rows"]["count"] == 12
    assert settings["held_out"]["count"] == 1
    sidecar = read_sidecar(folder / "texts")
    assert sidecar is not None
    assert sidecar.prompt_style is PromptStyle.NONE
    assert sidecar.tools == (SidecarTool("Calculator", "calculator"),)
    assert sidecar.lineage["texts"] == settings["texts"]
    assert "runs" not in sidecar.lineage


def test_the_texts_of_a_run_give_the_same_weights_without_the_run(folder: Path) -> None:
    run = read_run(folder / "run")
    chosen = choose(run.documents, config=QUICK)
    finetune_texts(
        chosen.training,
        model=str(folder / "model"),
        out=folder / "same",
        held_out=chosen.dev_as_trained,
        config=QUICK,
        device="cpu",
    )
    assert equal(folder / "same", folder / "tuned")


def test_a_stopped_training_on_texts_goes_on_to_the_same_weights(folder: Path) -> None:
    tune_texts(folder, "texts whole", steps=3)
    with pytest.raises(KilledError):
        tune_texts(folder, "texts stopped", steps=3, on_progress=kill_after(3))
    done: list[int] = []
    tune_texts(folder, "texts stopped", steps=3, on_progress=lambda step: done.append(step.done))
    assert done == [3, 3]
    assert equal(folder / "texts whole", folder / "texts stopped")


def test_other_texts_do_not_continue_a_training(folder: Path) -> None:
    tune_texts(folder, "texts")
    others = list(given_texts())[::-1]
    with pytest.raises(RunError, match=r"texts\.fingerprint \(.*\)"):
        tune_texts(folder, "texts", texts=others)
    with pytest.raises(RunError, match=r"runs \(null, now \["):
        tune(folder, "texts", QUICK.override(steps=2, evaluate_every=1))


@pytest.mark.parametrize("texts", [[], [TrainingText("a", "")]])
def test_no_text_to_learn_from_is_refused(
    texts: list[TrainingText], folder: Path, tmp_path: Path
) -> None:
    model = save_model(tmp_path / "startless", "llama", startless_tokenizer())
    with pytest.raises(ConfigError, match="There is nothing to learn: every text is empty"):
        finetune_texts(texts, model=str(model), out=tmp_path / "none", device="cpu")
    assert not (tmp_path / "none").exists()
