"""Whole trainings with facts in their texts."""

import json
from collections import Counter
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast

from tests.studies.inject.given import config_of, make_background
from toolformer.errors import ConfigError, RunError
from toolformer.pretrain.mixture import draw_batch
from toolformer.pretrain.packing import PromptedText
from toolformer.pretrain.progress import Step
from toolformer.pretrain.tokenizer import load_tokenizer
from toolformer.studies.inject.config import InjectConfig
from toolformer.studies.inject.data.facts import Group
from toolformer.studies.inject.data.files import FactSet, make, read_facts
from toolformer.studies.inject.tracking import Tracked
from toolformer.studies.inject.training import (
    _texts_of_steps,
    placement,
    read_exposures,
    train,
)


class KilledError(Exception):
    """Stands for a kill."""


@pytest.fixture
def facts(tmp_path: Path) -> FactSet:
    return make_background(tmp_path)


def run(config: InjectConfig, folder: Path, name: str = "out", **options: object) -> Path:
    train(config, folder=folder, out=folder / name, device="cpu", **options)  # type: ignore[arg-type]
    return folder / name


def tokenizer_of(folder: Path) -> PreTrainedTokenizerFast:
    """Returns the tokenizer that every training on the background has."""
    config = config_of(injection=None, training={"steps": 1})
    return load_tokenizer(run(config, folder, "for its tokenizer") / "model")


def weights(out: Path) -> dict[str, torch.Tensor]:
    state: dict[str, torch.Tensor] = AutoModelForCausalLM.from_pretrained(
        out / "model"
    ).state_dict()
    return state


def test_a_killed_training_goes_on_to_the_same_weights_and_looks(
    tmp_path: Path, facts: FactSet
) -> None:
    config = config_of()
    looks: list[int] = []
    whole = run(config, tmp_path, "whole", on_tracked=lambda seen: looks.append(len(seen)))
    assert looks == [1, 2]

    def kill(step: Step) -> None:
        if step.done == 7:
            raise KilledError

    with pytest.raises(KilledError):
        run(config, tmp_path, "killed", on_step=kill)
    killed = run(config, tmp_path, "killed")
    one, other = weights(whole), weights(killed)
    assert all(torch.equal(one[name], other[name]) for name in one)
    for file in ("tracking.json", "exposures.json", "held_out.json", "study.json"):
        assert (whole / file).read_bytes() == (killed / file).read_bytes()


def test_facts_that_lie_elsewhere_are_the_same_facts(tmp_path: Path, facts: FactSet) -> None:
    out = run(config_of(injection=None, training={"steps": 1}), tmp_path)
    study = (out / "study.json").read_bytes()
    assert str(tmp_path).encode() not in study
    moved = (tmp_path / "facts").rename(tmp_path / "moved")
    assert read_facts(moved) == facts
    config = config_of(injection=None, training={"steps": 1}, dataset={"facts": str(moved)})
    run(config, tmp_path, out.name)
    assert (out / "study.json").read_bytes() == study


def test_a_training_of_other_facts_or_settings_is_refused(tmp_path: Path, facts: FactSet) -> None:
    out = run(config_of(injection=None, training={"steps": 1}), tmp_path)
    with pytest.raises(RunError, match=r"training\.steps \(1, now 2\)"):
        run(config_of(injection=None, training={"steps": 2}), tmp_path, out.name)
    other = make(tmp_path / "others", facts=32, control=16, others=32, types=8, seed=1)
    assert other.digest != facts.digest
    (tmp_path / "facts").rename(tmp_path / "first")
    (tmp_path / "others").rename(tmp_path / "facts")
    with pytest.raises(RunError, match=r"facts \("):
        run(config_of(injection=None, training={"steps": 1}), tmp_path, out.name)


def test_the_looks_tell_kinds_and_exposures_apart(tmp_path: Path, facts: FactSet) -> None:
    seen: list[Tracked] = []
    run(config_of(), tmp_path, on_tracked=lambda looks: seen.extend(looks))
    kinds = {(kind.kind, kind.exposures) for kind in seen[-1].kinds}
    names = ("memorisation", "syntactic", "syntactic, no fact needed", "semantic", "inference")
    assert kinds == {(name, exposures) for name in names for exposures in (0, 1, 3)}
    assert all(kind.perplexity > 1 and kind.token_rank >= 1 for kind in seen[-1].kinds)


@pytest.mark.parametrize("windows", ["natural", "padded"])
@pytest.mark.parametrize("strategy", ["start", "end", "random", "uniform"])
def test_the_texts_of_a_training_hold_each_fact_as_often_as_is_said(
    tmp_path: Path, facts: FactSet, strategy: str, windows: str
) -> None:
    config = config_of(
        injection={"strategy": strategy, "windows": windows, "share": 0.5},
        training={"rows": 24},
    )
    tokenizer = tokenizer_of(tmp_path)
    injected = facts.of(Group.INJECTED)
    placed = placement(config, injected, tokenizer=tokenizer)
    texts_at = _texts_of_steps(config, placed, injected)
    counted: Counter[str] = Counter()
    for step in range(12):
        found = facts_in(step, texts_at, tokenizer, [fact.text for fact in injected])
        counted.update(found)
        if strategy in ("start", "end"):
            assert bool(found) is ((step < 6) is (strategy == "start"))
    by_person = {fact.text: 1 if number < 16 else 3 for number, fact in enumerate(injected)}
    assert counted == by_person


def facts_in(
    step: int, texts_at: object, tokenizer: PreTrainedTokenizerFast, texts: list[str]
) -> Counter[str]:
    """Returns which facts a step's rows hold, read back from their labels."""
    batch = draw_batch(
        {"a": lambda _rng: PromptedText("", "the old mill by the river.")},
        {"a": 1.0},
        tokenizer=tokenizer,
        rows=24,
        length=64,
        key=f"0/{step}",
        injected=texts_at(step),  # type: ignore[operator]
    )
    said = [
        tokenizer.decode([token for token in row if token >= 0]) for row in batch.labels.tolist()
    ]
    return Counter({text: n for text in texts if (n := sum(row.count(text) for row in said))})


def test_amounts_by_epoch_and_by_per_cent_are_kept(tmp_path: Path, facts: FactSet) -> None:
    tokenizer = tokenizer_of(tmp_path)
    injected = facts.of(Group.INJECTED)

    def placed_by(**injection: object) -> list[int]:
        own = {"exposures": None, **injection}
        many = config_of(training={"steps": 400, "epochs": 5}, injection=own)
        return [fact for step in placement(many, injected, tokenizer=tokenizer) for fact in step]

    assert len(placed_by(facts_per_epoch=11)) == 55
    numbers = placed_by(percent=2.0)
    lengths = [1 + len(tokenizer.encode(f.text, add_special_tokens=False)) for f in injected]
    tokens = sum(lengths[number] for number in numbers)
    assert tokens == pytest.approx(0.02 * 400 * 8 * 64, rel=0.03)


def test_without_an_injection_no_fact_was_exposed(tmp_path: Path, facts: FactSet) -> None:
    out = run(config_of(injection=None, training={"steps": 1}), tmp_path)
    assert set(read_exposures(out).values()) == {0}
    assert json.loads((out / "held_out.json").read_text())


def test_facts_that_do_not_fit_into_their_steps_are_refused(tmp_path: Path, facts: FactSet) -> None:
    crowded = config_of(injection={"exposures": [100], "strategy": "start"}, training={"steps": 20})
    with pytest.raises(ConfigError, match="spread them over"):
        run(crowded, tmp_path)


@pytest.mark.parametrize("architecture", ["llama", "gpt2"])
@pytest.mark.parametrize("tied", [True, False])
def test_either_architecture_can_be_trained_tied_or_not(
    tmp_path: Path, facts: FactSet, architecture: str, tied: bool
) -> None:
    out = run(
        config_of(
            model={"architecture": architecture, "tied": tied},
            training={
                "steps": 2,
                "rows": 48,
                "dropout": [{"at": 0, "rate": 0.1}, {"at": 1, "rate": 0.0}],
            },
        ),
        tmp_path,
    )
    config = json.loads((out / "model" / "config.json").read_text())
    assert config["model_type"] == architecture
    assert config["tie_word_embeddings"] is tied
