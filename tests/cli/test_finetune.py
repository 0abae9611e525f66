"""`toolformer finetune` from the command line: flags, files, what it prints, how it ends."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM

from tests.finetune.given import QUICK, sums, tiny_model, write_run
from toolformer.cli.main import run
from toolformer.finetune.data.runs import read_run
from toolformer.finetune.train import finetune as finetune_run
from toolformer.finetune.training.checkpoints import is_finished, training_folder, whole_checkpoint

FLAGS = ["--steps=2", "--batch-size=4", "--dtype=float32", "--dev-texts=2", "--device=cpu"]
LONG = QUICK.override(steps=40, evaluate_every=2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("finetune")
    write_run(folder / "run", tiny_model(folder / "model"))
    return folder


@pytest.fixture
def here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(folder)
    return folder


def tune(*arguments: str, runs: tuple[str, ...] = ("run",)) -> int:
    return run(["finetune", *runs, *FLAGS, *arguments])


def settings_of(out: str) -> dict[str, object]:
    values: dict[str, object] = json.loads((Path(out) / "finetune.json").read_text())["config"]
    return values


def weights(out: Path) -> dict[str, torch.Tensor]:
    state: dict[str, torch.Tensor] = AutoModelForCausalLM.from_pretrained(out).state_dict()
    return state


def test_it_ends_with_a_table_and_where_the_model_is(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tune("--out", "tuned") == 0
    printed, said = capsys.readouterr()
    for shown in ("with calls of Calculator", "dev perplexity", "toolformer infer tuned"):
        assert shown in printed
    assert "step 0/2: dev perplexity" in said
    assert "step 2/2: dev perplexity" in said


def test_the_report_is_also_json_and_a_second_time_at_once(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reports = []
    for _ in range(2):
        assert tune("--out", "json", "--json") == 0
        reports.append(json.loads(capsys.readouterr().out))
    assert reports[0]["model"] == "json"
    assert reports[0]["steps"] == 2
    assert reports[0] == reports[1]


def test_a_flag_goes_before_the_file(here: Path) -> None:
    Path("settings.yaml").write_text("seed: 3\nlearning_rate: 0.002\nplain_texts: all\n")
    assert tune("--out", "flags", "--config", "settings.yaml", "--seed", "5", "--plain") == 0
    settings = settings_of("flags")
    assert settings["seed"] == 5
    assert settings["learning_rate"] == 0.002
    assert settings["plain_texts"] == "all"
    assert settings["plain"] is True
    assert settings["loss_on_output"] is False


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["--threshold", "0.4"], "cannot select with threshold 0.4"),
        (["--threshold", "9"], "No call was kept in 'run' (τf: Calculator 9)"),
        (["--lora", "--qlora"], "choose one"),
        (["--resume"], "There is no fine-tuning in 'none' to resume"),
        (["--plain-texts", "some"], "The setting 'plain_texts"),
        (["--model", "nowhere"], "Unknown model 'nowhere'"),
        (["--batch-size", "4", "--device-rows", "3"], "is not a multiple of device_rows 3"),
    ],
)
def test_what_the_user_can_put_right_is_one_sentence(
    here: Path, capsys: pytest.CaptureFixture[str], flags: list[str], sentence: str
) -> None:
    assert tune("--out", "none", *flags) == 2
    printed, said = capsys.readouterr()
    assert printed == ""
    assert sentence in said
    assert "Traceback" not in said
    assert not Path("none").exists()


def test_an_out_that_holds_something_else_is_refused(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("thesis").mkdir()
    Path("thesis/thesis.tex").touch()
    assert tune("--out", "thesis") == 2
    assert "is neither empty nor a fine-tuning" in capsys.readouterr().err


def test_another_threshold_selects_other_texts(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tune("--out", "lower", "--threshold", "0.55", "--json") == 0
    assert json.loads(capsys.readouterr().out)["texts"] == 28  # two of all 30 are held out


def test_an_unfinished_run_is_refused_and_used_as_far_as_it_goes_where_that_is_wanted(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_run(here / "begun", here / "model", sums(12), finish=False)
    assert tune("--out", "from begun", runs=("begun",)) == 2
    assert capsys.readouterr().err.startswith(
        "The run 'begun' was not finished (1 shard so far). Annotate again"
    )
    assert tune("--out", "from begun", "--incomplete", runs=("begun",)) == 0
    assert "The run 'begun' was not finished (1 shard so far)." in capsys.readouterr().err
    assert tune("--out", "whole", "--incomplete", "--steps", "1") == 0
    assert "not finished" not in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("flags", [[], ["--lora"]], ids=["full", "lora"])
def test_equal_runs_give_equal_bytes_under_any_hash_seed_locale_and_kill(
    here: Path, flags: list[str]
) -> None:
    Path("long.yaml").write_text(json.dumps(LONG.to_dict()))
    written = []
    for seed, locale in (("0", "C"), ("1", "C.UTF-8"), ("31337", "POSIX")):
        out = Path("-".join(["equal", seed, *flags]))
        environment = os.environ | {"PYTHONHASHSEED": seed, "LC_ALL": locale, "TZ": f"UTC{seed[0]}"}
        command = ["finetune", "run", "--out", str(out), "--config", "long.yaml", *flags]
        command = [sys.executable, "-m", "toolformer", *command, "--device", "cpu"]
        if seed != "0":
            kill_at_a_checkpoint(command, out, env=environment)
            environment["PYTHONHASHSEED"] = str(int(seed) + 1)
        subprocess.run(command, env=environment, check=True, capture_output=True)
        files = {
            str(path.relative_to(out)): path.read_bytes()
            for path in sorted(out.rglob("*"))
            if path.is_file()
        }
        assert json.loads(files.pop("timing.json"))["seconds"] > 0
        written.append(files)
    weights_file = "adapter_model.safetensors" if flags else "model.safetensors"
    assert {"metrics.json", weights_file, "toolformer.json"} < written[0].keys()
    assert written[0] == written[1] == written[2]


def kill_at_a_checkpoint(command: list[str], out: Path, env: dict[str, str] | None = None) -> None:
    """Kills a training as soon as it has a checkpoint."""
    process = subprocess.Popen(command, stderr=subprocess.PIPE, env=env)
    until = time.monotonic() + 120
    while whole_checkpoint(out) is None and process.poll() is None and time.monotonic() < until:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert training_folder(out).exists()
    assert not is_finished(out)


def test_a_diverging_training_ends_with_one(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wild = ["--learning-rate", "30", "--steps", "12", "--evaluate-every", "1"]
    assert tune("--out", "wild", *wild) == 1
    assert "The training diverges" in capsys.readouterr().err
    assert whole_checkpoint(Path("wild")) is not None


@pytest.mark.slow
def test_killed_at_any_moment_it_goes_on_to_the_same_weights(here: Path) -> None:
    Path("long.yaml").write_text(json.dumps(LONG.to_dict()))
    command = ["finetune", "run", "--out", "killed", "--config", "long.yaml", "--device", "cpu"]
    out = Path("killed")
    kill_at_a_checkpoint([sys.executable, "-m", "toolformer", *command], out)
    assert run([*command, "--resume"]) == 0
    finetune_run([read_run("run")], out=Path("in one go"), config=LONG, device="cpu")
    killed, whole = weights(out), weights(Path("in one go"))
    assert killed.keys() == whole.keys()
    assert all(torch.equal(killed[name], whole[name]) for name in whole)


SHARDED = "--use_fsdp --fsdp_version=2 --fsdp_auto_wrap_policy=TRANSFORMER_BASED_WRAP"
WAYS = {
    "copies": ("--multi_gpu", "toolformer", []),
    "parts": (
        f"{SHARDED} --fsdp_state_dict_type=FULL_STATE_DICT",
        "tests.finetune.on_cpus",
        ["--lora", "--merge"],
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_two_processes_train_one_model(here: Path, way: str) -> None:
    # The launcher of GPUs starts processes; that of `--cpu` leaves this to mpirun.
    kind, module, options = WAYS[way]
    launch = f"{kind} --num_processes=2 --num_machines=1 --main_process_port=0"
    launch += " --mixed_precision=no --dynamo_backend=no"
    arguments = ["finetune", "run", "--out", f"two {way}", *FLAGS, *options, "--json"]
    ended = subprocess.run(
        [
            *[sys.executable, "-m", "accelerate.commands.launch", *launch.split()],
            *["-m", module, *arguments],
        ],
        capture_output=True,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)},
        timeout=500,
    )
    assert ended.returncode == 0, ended.stderr
    report = json.loads(ended.stdout)  # one object: only the main process prints
    assert report["machine"]["processes"] == 2
    assert tune("--out", f"one {way}", "--device-rows", "2", *options) == 0
    one = json.loads(Path(f"one {way}/metrics.json").read_text())
    assert report["losses"] == pytest.approx(one["losses"], rel=1e-4)
    assert report["dev"] == {
        step: pytest.approx(score, rel=1e-4) for step, score in one["dev"].items()
    }
    two, alone = weights(Path(f"two {way}")), weights(Path(f"one {way}"))
    for name, tensor in alone.items():
        torch.testing.assert_close(two[name], tensor, atol=1e-4, rtol=1e-3)
