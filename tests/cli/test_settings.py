"""Flags, help and defaults are the config models'; a file and `--set` reach every field."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
import typer
from pydantic import Field

from toolformer.annotate import AnnotateConfig
from toolformer.cli.main import run
from toolformer.cli.settings import parse_set, read_settings, with_settings
from toolformer.config import Config
from toolformer.dates import read_date
from toolformer.errors import ConfigError
from toolformer.evaluate import EvaluateConfig
from toolformer.finetune.config import FinetuneConfig
from toolformer.infer.config import InferConfig
from toolformer.pretrain.config import PretrainConfig

MODELS: dict[str, type[Config]] = {
    "annotate": AnnotateConfig,
    "finetune": FinetuneConfig,
    "infer": InferConfig,
    "evaluate": EvaluateConfig,
}
FIELDS = [(command, name) for command, model in MODELS.items() for name in model.model_fields]
# What users may have in their scripts: these names stay.
FLAGS = {
    "annotate": (
        "--model --tool --out --threshold --max-positions --samples --min-prob --temperature "
        "--seed --max-documents --loss-context --allow-peeking --prune-below --keep-all-losses "
        "--config --set --dtype --device --batch-tokens --text-column --date-column --strict "
        "--prompt-style --json"
    ),
    "finetune": (
        "--out --output-dir --model --threshold --allow-peeking --max-per-tool --plain-texts "
        "--mix --plain --loss-on-output --lora --qlora --merge --epochs --steps --batch-size "
        "--device-rows --learning-rate --max-length --dev-texts --evaluate-every --keep --seed "
        "--dtype --bf16 --device --config --report-to --resume --json"
    ),
    "infer": (
        "--tool --tool-timeout --no-tools --trust-tools --today --top-k-start --max-calls "
        "--max-new-tokens --temperature --seed --stop --input --out --batch --strip --json --repl "
        "--dtype --device"
    ),
    "evaluate": (
        "--task --base --no-base --control --column --tool --trust-tools --k --max-calls --limit "
        "--seed "
        "--max-new-tokens --batch --today --out --show --dtype --device --json"
    ),
    "pretrain": "--out --output-dir --device --json",
    "tools": "--today --json",
    "show": "--verdict --threshold --tool --limit --allow-peeking --table --json",
}
RENAMED = {
    ("annotate", "gain_threshold"): "--gain-threshold,--threshold",
    ("infer", "max_streams"): "--streams,--batch",
    ("evaluate", "max_streams"): "--streams,--batch",
    ("evaluate", "ks"): "--k",
}


@pytest.fixture
def help_of(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[str], dict[str, str]]:
    """Returns what --help says of each option, by the names it is listed under."""
    monkeypatch.setenv("COLUMNS", "80")

    def read(command: str) -> dict[str, str]:
        assert run([command, "--help"]) == 0
        _, *entries = re.split(r"^  (?=-)", capsys.readouterr().out, flags=re.M)
        found = {}
        for entry in entries:
            heads = re.match(r"(-[^ ,]+(?:, -[^ ,]+)*)(?: <[^>]*>)?\s+", entry)
            assert heads is not None
            found[heads[1].replace(", ", ",")] = " ".join(entry[heads.end() :].split()).replace(
                "- ", "-"
            )
        return found

    return read


@pytest.mark.parametrize("command", FLAGS)
def test_every_flag_keeps_its_name(command: str, help_of: Callable[[str], dict[str, str]]) -> None:
    names = {name for listed in help_of(command) for name in listed.split(",")}
    assert set(FLAGS[command].split()) - names == set()


@pytest.mark.parametrize("command", MODELS)
def test_every_setting_is_an_option_with_its_own_sentence(
    command: str, help_of: Callable[[str], dict[str, str]]
) -> None:
    helps = help_of(command)
    for name, field in MODELS[command].model_fields.items():
        sentence = " ".join((field.description or "").split())
        assert sentence.endswith("."), name
        if name != "tools":  # which --set reaches
            flag = RENAMED.get((command, name), f"--{name.replace('_', '-')}")
            assert helps[flag].startswith(sentence)


@pytest.mark.parametrize(
    ("command", "flag", "end"),
    [
        ("annotate", "--temperature", "Default: 0.7, or in the paper's way 1."),
        ("annotate", "--rounds", "Default: 1."),
        ("annotate", "--loss-context", "Default: prefix."),
        (
            "annotate",
            "--gain-threshold,--threshold",
            "Default: the model's; auto, or in the paper's way the tool's.",
        ),
        ("annotate", "--allow-peeking", "as the paper does."),
        ("finetune", "--max-per-tool", "Default: 25000."),
        ("finetune", "--device-rows", "and forward pass. Default: as many as fit."),
        ("finetune", "--warmup", "Default: 0.1."),
        ("infer", "--max-new-tokens", "Default: 128."),
        ("infer", "--temperature", "Default: 0."),
        ("infer", "--stop", "a line end. Repeatable."),
        ("evaluate", "--k", "Default: 10. Repeatable."),
        ("evaluate", "--today", "Default: 2023-02-09."),
        ("evaluate", "--limit", "Default: all."),
    ],
)
def test_help_ends_with_the_default(
    command: str, flag: str, end: str, help_of: Callable[[str], dict[str, str]]
) -> None:
    assert help_of(command)[flag].endswith(end)


@pytest.mark.parametrize("command", [*MODELS, "pretrain"])
def test_every_command_with_settings_takes_set(
    command: str, help_of: Callable[[str], dict[str, str]]
) -> None:
    assert help_of(command)["--set"].startswith("Any setting, as in seed=3")


@pytest.mark.parametrize(("command", "name"), FIELDS)
def test_set_and_a_file_reach_every_field(command: str, name: str, tmp_path: Path) -> None:
    model = MODELS[command]
    written = tmp_path / "settings.yaml"
    written.write_text(f"{name}: {{no: such value}}\n")
    for path, sets in ((written, []), (None, [f"{name}={{no: such value}}"])):
        with pytest.raises(ConfigError, match=f"'{name}[.']"):
            read_settings(model, path, sets=sets)


class Finish(StrEnum):
    MATT = "matt"
    GLOSS = "gloss"


class RoomConfig(Config):
    coats: int = 1
    """Coats of paint."""


class PaintConfig(Config):
    coats: Annotated[int, Field(ge=1)] | None = None
    """Coats of paint."""
    share: float = 0.5
    """Share
    of the wall."""
    thin: bool = False
    """Thin the paint."""
    colour: Literal["red", "blue"] = "red"
    """Colour of the paint."""
    finish: Finish = Finish.MATT
    """Finish of the paint."""
    walls: tuple[str, ...] = ()
    """Walls to paint."""
    litres: int | Literal["all"] = 0
    """Litres of paint."""
    day: date = date(2023, 2, 9)
    """Day to paint."""
    tools: Mapping[str, RoomConfig] = Field(default_factory=dict)
    """Settings of single rooms."""


def paint(*arguments: str) -> tuple[PaintConfig, bool]:
    """Returns what a command is called with."""
    called: list[tuple[PaintConfig, bool]] = []

    @with_settings(
        PaintConfig,
        names={"coats": ["--coats", "-c"]},
        read={"walls": lambda walls: [wall.upper() for wall in walls], "day": read_date},
    )
    def command(
        *, settings: PaintConfig, dry: Annotated[bool, typer.Option("--dry")] = False
    ) -> int:
        called.append((settings, dry))
        return 0

    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(command)
    app(list(arguments), standalone_mode=False)
    return called[0]


def test_a_command_without_flags_has_the_defaults_and_knows_it() -> None:
    settings, dry = paint()
    assert (settings, dry) == (PaintConfig(), False)
    assert settings.model_fields_set == set()


@pytest.mark.parametrize(
    ("arguments", "values"),
    [
        (["--coats", "2"], {"coats": 2}),
        (["-c", "2"], {"coats": 2}),
        (["--share", "0"], {"share": 0.0}),
        (["--thin"], {"thin": True}),
        (["--colour", "blue"], {"colour": "blue"}),
        (["--finish", "gloss"], {"finish": Finish.GLOSS}),
        (["--walls", "north", "--walls", "east"], {"walls": ("NORTH", "EAST")}),
        (["--litres", "3"], {"litres": 3}),
        (["--litres", "all"], {"litres": "all"}),
        (["--day", "March 3, 2023"], {"day": date(2023, 3, 3)}),
        (["--set", "share=1"], {"share": 1.0}),
        (["--set", "walls=[a, b]"], {"walls": ("a", "b")}),
        (["--set", "Hall.coats=3"], {"tools": {"hall": RoomConfig(coats=3)}}),
    ],
)
def test_a_flag_has_the_type_of_its_field(arguments: list[str], values: dict[str, Any]) -> None:
    assert paint(*arguments, "--dry") == (PaintConfig(**values), True)


def test_a_flag_goes_before_the_file_and_set_before_both(tmp_path: Path) -> None:
    path = tmp_path / "paint.yaml"
    path.write_text("coats: 2\nshare: 0.2\ncolour: blue\nwalls: [a]\ntools: {Hall: {coats: 5}}\n")
    flags = ["--config", str(path), "--share", "0.3", "--coats", "3"]
    settings, _ = paint(*flags, "--set", "coats=4", "--set", "hall.coats=6")
    assert settings == PaintConfig(
        coats=4, share=0.3, colour="blue", walls=("a",), tools={"hall": {"coats": 6}}
    )


@pytest.mark.parametrize(
    ("sets", "message"),
    [
        ("coats", "Cannot read --set 'coats': write name=value, as in seed=3."),
        ("=3", "Cannot read --set '=3': write name=value, as in seed=3."),
        ("hall.=3", "Cannot read --set 'hall.=3': write name=value, as in seed=3."),
        ("coats=[", "Cannot read the value in --set 'coats=[': it is not YAML at line 1."),
        ("coats=" + "[" * 5000, "Cannot read the value in --set 'coats=[[["),
        ("coats=2023-13-45", "Cannot read the value in --set 'coats=2023-13-45': a value in it"),
        ("coats=&a [*a]", "Cannot read the value in --set 'coats=&a [*a]': a value in it contains"),
        ("a" + ".b" * 2000 + "=1", "Cannot read --set 'a.b.b"),
        ("coat=3", "Unknown setting 'coat'. Did you mean 'coats'?"),
        ("coats=0", "The setting 'coats' cannot be 0: "),
        ("hall.coat=3", "In 'tools.hall': Unknown setting 'coat'."),
        ("tools=3", "The setting 'tools' cannot be 3: "),
    ],
)
def test_a_wrong_set_is_one_sentence_that_names_the_setting(sets: str, message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        read_settings(PaintConfig, None, sets=[sets])
    assert str(raised.value).startswith(message)


def test_a_tool_cannot_be_set_where_the_tools_are_no_mapping() -> None:
    with pytest.raises(ConfigError, match="'tools' maps names to values; it is 3"):
        read_settings(PaintConfig, None, sets=["tools=3", "hall.coats=3"])


def test_settings_within_others_are_set_by_a_dotted_name() -> None:
    assert parse_set("model.layers = 4") == (["model", "layers"], 4)
    values = ["mixture=[{name: a, weight: 1, corpus: a.txt}]"]
    values += ["stages=[{steps: 1, rows: 1, length: 8}]", "model.layers=4"]
    model = read_settings(PretrainConfig, None, sets=values).model
    assert (model.layers, model.heads) == (4, 4)


@pytest.mark.parametrize("command", MODELS)
def test_a_wrong_value_ends_with_two(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    needed = ["run", "--out", str(tmp_path / "out")] if command == "finetune" else []
    assert run([command, *needed, "--set", "seed=many"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("The setting 'seed' cannot be 'many': ")
    assert printed.err.count("\n") == 1
