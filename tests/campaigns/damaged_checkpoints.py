"""Damages a model's directory in every way that a file can be damaged, and uses it.

What holds: the command works, or says in a sentence why not; nothing is asked, nothing hangs, no
memory is filled.
"""

import io
import json
import os
import random
import resource
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from tests.campaigns.campaign import Trial, fault_of, run_here
from tests.models import save_model
from toolformer.assets import EMBEDDED_MODEL, SAMPLE_CORPUS, asset
from toolformer.sidecar import PromptStyle, Sidecar, SidecarTool, write_sidecar

TRIALS = 400
_MOST_MEMORY = 1 << 30  # bytes that a trial may add to what was ever used
_LONGEST_S = 60.0

Damage = Callable[[random.Random, Path], str]  # returns what it did

_HOSTILE: tuple[Any, ...] = (
    None, True, -1, 0, 1, 3, 10**6, 10**9, 10**30, 0.5, float("inf"), float("nan"), "", "x",
    "\x1b[2J", "../../etc/passwd", "x" * 100_000, [], [0], [0, 14, 10**9], [[]], list(range(5000)),
    {}, {"a": 1}, {"rope_type": "yarn"},
)  # fmt: skip
_MORE_SETTINGS: tuple[tuple[str, Any], ...] = (
    ("auto_map", {"AutoConfig": "evil.Evil", "AutoModelForCausalLM": "evil.Evil"}),
    ("model_type", "evil"),
    ("model_type", "t5"),
    ("model_type", "clip"),
    ("model_type", "gpt2"),
    ("architectures", ["LlamaForSequenceClassification"]),
    ("num_labels", 10**9),
    ("num_hidden_layers", 10**6),
    ("hidden_size", 10**9),
    ("head_dim", 10**9),
    ("attn_implementation", "someone/kernel"),
    ("quantization_config", {"quant_method": "gptq", "bits": 4}),
    ("quantization_config", {"quant_method": "evil"}),
    ("rope_parameters", {"rope_type": "default", "rope_theta": -1.0}),
    ("rope_parameters", {"rope_type": "default", "rope_theta": 1e4, "partial_rotary_factor": 1e9}),
    ("transformers_weights", "../x.safetensors"),
    ("layer_types", ["full_attention"] * 10**6),
    ("dtype", "float8_e4m3fn"),
    ("custom_generate", "evil"),
)
_PATTERNS = ("(a+)+$", "(", "(?=(a|aa)+$)", ".*" * 50)


def campaign(draw: random.Random, trials: int, folder: Path) -> Iterator[Trial]:
    """Damages one directory after the other; each is a fresh copy."""
    sound = {"one file": _sound(folder / "one"), "shards": _sharded(folder / "shards")}
    run = folder / "run"
    corpus = folder / "two.jsonl"
    corpus.write_text('{"text": "The sum of 2 and 3 is 5."}\n{"text": "It is Friday."}\n')
    made = run_here("annotate", str(corpus), "--out", str(run), "--set", "min_prob=0")
    if fault := fault_of(made, codes=(0,)):
        yield Trial("a run to begin with", "annotate", fault)
        return
    for number in range(trials):
        kind, damage = draw.choice(_DAMAGES)
        source = draw.choice(sorted(sound)) if kind == "weights" else "one file"
        directory = folder / f"damaged-{number}"
        shutil.copytree(sound[source], directory)
        what = damage(draw, directory)
        name, arguments = _command(draw, directory, folder=folder, number=number, corpus=corpus)
        before = _memory()
        with _no_questions() as asked:
            ended = run_here(*arguments, timeout_s=_LONGEST_S)
        grown = _memory() - before
        fault = fault_of(ended, codes=(0, 1, 2))
        if not fault and asked:
            fault = "asked on standard input"
        if not fault and grown > _MOST_MEMORY:
            fault = f"took {grown >> 20} MiB"
        if not fault and len(ended.stderr) > 4000 and ended.code != 0:
            fault = f"{len(ended.stderr)} characters of an error"
        yield Trial(kind, f"{name}: {source}, {what}", fault)
        directory.unlink() if directory.is_file() else shutil.rmtree(directory)


def _sound(directory: Path) -> Path:
    save_model(directory, "llama")
    write_sidecar(
        directory,
        Sidecar(
            prompt_style=PromptStyle.NONE,
            tools=(SidecarTool("Calculator", "calculator"),),
            gain_threshold=0.1,
            lineage={"base": {"name": EMBEDDED_MODEL}},
        ),
    )
    return directory


def _sharded(directory: Path) -> Path:
    _sound(directory)
    model = AutoModelForCausalLM.from_pretrained(directory)
    (directory / "model.safetensors").unlink()
    model.save_pretrained(directory, max_shard_size="60KB")
    return directory


def _command(
    draw: random.Random, directory: Path, *, folder: Path, number: int, corpus: Path
) -> tuple[str, list[str]]:
    """Draws a command that uses the model; the cheap ones more often."""
    out = str(folder / f"out-{number}")
    short = ["--max-new-tokens", "4", "--device", "cpu"]
    commands = {
        "infer": ["infer", str(directory), "It is", *short],
        "infer --no-tools": ["infer", str(directory), "It is", "--no-tools", *short],
        "annotate": ["annotate", str(corpus), "--model", str(directory), "--out", out],
        "finetune": ["finetune", str(folder / "run"), "--model", str(directory), "--out", out,
                     "--steps", "1", "--device", "cpu"],
        "evaluate": ["evaluate", str(directory), "--task", "arithmetic", "--limit", "1",
                     "--no-base", "--out", out],
    }  # fmt: skip
    (name,) = draw.choices(list(commands), weights=[6, 4, 3, 2, 1])
    return name, commands[name]


def _memory() -> int:
    """Returns the most bytes that this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


class _Questions(io.StringIO):
    """A standard input that says yes to everything, and remembers that it was asked."""

    def __init__(self, asked: list[bool]) -> None:
        super().__init__("y\n" * 10)
        self._asked = asked

    def readline(self, *arguments: Any) -> str:  # type: ignore[override]
        self._asked.append(True)
        return super().readline(*arguments)


@contextmanager
def _no_questions() -> Iterator[list[bool]]:
    asked: list[bool] = []
    usual, sys.stdin = sys.stdin, _Questions(asked)
    try:
        yield asked
    finally:
        sys.stdin = usual


def _any_file(draw: random.Random, directory: Path) -> Path:
    return draw.choice(sorted(directory.iterdir()))


def _truncate(draw: random.Random, directory: Path) -> str:
    path = _any_file(draw, directory)
    size = draw.randrange(path.stat().st_size)
    os.truncate(path, size)
    return f"{path.name} cut at {size}"


def _flip(draw: random.Random, directory: Path) -> str:
    path = _any_file(draw, directory)
    content = bytearray(path.read_bytes())
    places = [draw.randrange(len(content)) for _ in range(draw.choice((1, 8, 200)))]
    for place in places:
        content[place] = draw.randrange(256)
    path.write_bytes(content)
    return f"{len(places)} bytes of {path.name} changed"


def _delete(draw: random.Random, directory: Path) -> str:
    path = _any_file(draw, directory)
    path.unlink()
    return f"{path.name} deleted"


def _replace(draw: random.Random, directory: Path) -> str:
    path = _any_file(draw, directory)
    how = draw.choice(("empty", "garbage", "list", "number", "deep", "long", "not UTF-8", "sparse"))
    content = {
        "empty": b"",
        "garbage": draw.randbytes(3000),
        "list": b"[1, 2]",
        "number": b"5",
        "deep": b"[" * 200_000,
        "long": b'{"a": "' + b"x" * (20 << 20) + b'"}',
        "not UTF-8": b'{"a": "\xff\xfe"}',
        "sparse": b"{",
    }[how]
    path.write_bytes(content)
    if how == "sparse":
        os.truncate(path, 1 << 40)
    return f"{path.name} is {how}"


def _special(draw: random.Random, directory: Path) -> str:
    path = _any_file(draw, directory)
    path.unlink()
    how = draw.choice(
        ("pipe", "directory", "link to nothing", "link to itself", "/dev/zero", "/etc")
    )
    if how == "pipe":
        os.mkfifo(path)
    elif how == "directory":
        path.mkdir()
    else:
        places = {"link to nothing": "/nowhere", "link to itself": path.name}
        path.symlink_to(places.get(how, how))
    return f"{path.name} is a {how}"


def _setting(draw: random.Random, directory: Path) -> str:
    """Changes a field of a JSON file."""
    names = ["config.json"] * 3 + ["generation_config.json", "tokenizer_config.json"]
    path = directory / draw.choice(names)
    values = json.loads(path.read_text())
    if path.name == "config.json" and draw.random() < 0.4:
        field, value = draw.choice(_MORE_SETTINGS)
    else:
        fields = [*values, "eos_token_id", "bos_token_id", "tokenizer_class", "auto_map"]
        field, value = draw.choice(fields), draw.choice(_HOSTILE)
    values[field] = value
    path.write_text(json.dumps(values))
    (directory / "evil.py").write_text("raise SystemExit('ran')\n")
    return f"{path.name}: {field} = {str(value)[:40]!r}"


def _tokenizer(draw: random.Random, directory: Path) -> str:
    """Changes a field somewhere in tokenizer.json."""
    path = directory / "tokenizer.json"
    values = json.loads(path.read_text())
    how = draw.choice(("field", "pattern", "normalizer", "more tokens", "added token", "id"))
    if how == "field":
        field = draw.choice(sorted(values))
        values[field] = draw.choice(_HOSTILE)
        how += f" {field} = {str(values[field])[:40]!r}"
    elif how == "more tokens":
        values["model"]["vocab"]["never"] = len(values["model"]["vocab"])
    elif how == "id":
        values["model"]["vocab"]["a"] = draw.choice((-1, 10**6, 2**32, 2**70, 0.5, "a"))
    elif how == "added token":
        token = values["added_tokens"][0] | {"id": 5000, "content": "<more>"}
        values["added_tokens"].append(token)
    else:
        pattern = {"Regex": draw.choice(_PATTERNS)}
        if how == "pattern":
            values["pre_tokenizer"] = {
                "type": "Split", "pattern": pattern, "behavior": "Isolated", "invert": False,
            }  # fmt: skip
        else:
            values["normalizer"] = {"type": "Replace", "pattern": pattern, "content": "b"}
        how += f" {pattern}"
    path.write_text(json.dumps(values))
    return f"tokenizer.json: {how}"


def _tensors(draw: random.Random, directory: Path) -> str:
    """Changes the tensors of a file of weights."""
    path = draw.choice(sorted(directory.glob("*.safetensors")))
    tensors = load_file(path)
    name = draw.choice(sorted(tensors))
    how = draw.choice(("dropped", "renamed", "added", "reshaped", "nan", "inf", "float8", "int64"))
    tensor = tensors.pop(name)
    if how == "renamed":
        tensors[name + "s"] = tensor
    elif how == "added":
        tensors |= {name: tensor, "model.extra.weight": tensor.clone()}
    elif how == "reshaped":
        tensors[name] = torch.zeros(3, 5)
    elif how in ("nan", "inf"):
        tensor.view(-1)[draw.randrange(tensor.numel())] = float(how)
        tensors[name] = tensor
    elif how != "dropped":
        kind = torch.float8_e4m3fn if how == "float8" else torch.int64
        tensors[name] = tensor.to(kind)
    save_file(tensors, path, metadata={"format": "pt"})
    return f"{name} {how}"


def _index(draw: random.Random, directory: Path) -> str:
    """Changes the list of shards, or writes one."""
    path = directory / "model.safetensors.index.json"
    if not path.exists():
        (directory / "model.safetensors").rename(directory / "weights.safetensors")
        path.write_text(json.dumps({"metadata": {}, "weight_map": {"a": "weights.safetensors"}}))
    values = json.loads(path.read_text())
    where = draw.choice(("../x.safetensors", "/etc/passwd", "gone.safetensors", "", "..", 5, None))
    if draw.random() < 0.2:
        values["weight_map"] = draw.choice(_HOSTILE)
    else:
        values["weight_map"][draw.choice(sorted(values["weight_map"]))] = where
    path.write_text(json.dumps(values))
    return f"index: {where!r}"


def _sidecar(draw: random.Random, directory: Path) -> str:
    path = directory / "toolformer.json"
    values = json.loads(path.read_text())
    more: tuple[tuple[str, Any], ...] = (
        ("samples", 10**9),
        ("max_positions", 10**9),
        ("grammar", {"open": "", "arrow": "", "close": ""}),
        ("grammar", {"open": " [" * 10**6}),
        ("grammar", {"open": " [", "arrow": " [", "close": " ["}),
        ("grammar", {"kind": "evil"}),
        ("grammar", {"open": 5}),
        ("tools", [{"name": "Calculator", "spec": 5}]),
        ("tools", [{"name": "x", "spec": "evil.py:f"}]),
        ("tools", [{"name": "x", "spec": "sql:path=/etc/passwd"}]),
        ("tools", [{"name": "Calculator", "spec": "calculator"}] * 1000),
        ("lineage", {"base": {"name": "evil.py:model"}}),
        ("lineage", {"base": {"name": "/etc"}}),
    )
    if draw.random() < 0.5:
        field, value = draw.choice(more)
    else:
        field, value = draw.choice([*values, "new"]), draw.choice(_HOSTILE)
    values[field] = value
    path.write_text(json.dumps(values))
    return f"toolformer.json: {field} = {str(value)[:60]!r}"


def _elsewhere(draw: random.Random, directory: Path) -> str:
    """Makes it a model of something else."""
    how = draw.choice(("adapter", "pickled", "gguf", "empty", "file", "a corpus"))
    if how == "adapter":
        adapter = {"base_model_name_or_path": "/etc", "peft_type": "LORA"}
        (directory / "adapter_config.json").write_text(json.dumps(adapter))
    elif how == "pickled":
        (directory / "model.safetensors").rename(directory / "pytorch_model.bin")
    elif how == "gguf":
        for path in directory.iterdir():
            path.unlink()
        (directory / "model.gguf").write_bytes(b"GGUF")
    else:
        shutil.rmtree(directory)
        if how == "empty":
            directory.mkdir()
        elif how == "file":
            directory.write_text("no directory")
        else:
            directory.mkdir()
            shutil.copy(asset(SAMPLE_CORPUS), directory)
    return how


_DAMAGES: tuple[tuple[str, Damage], ...] = (
    ("bytes", _truncate),
    ("bytes", _flip),
    ("bytes", _replace),
    ("bytes", _delete),
    ("special files", _special),
    ("settings", _setting),
    ("settings", _setting),
    ("tokenizer", _tokenizer),
    ("weights", _tensors),
    ("weights", _index),
    ("sidecar", _sidecar),
    ("another thing", _elsewhere),
)
