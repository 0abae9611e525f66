"""The model a training starts from has to fit the runs, and the runs each other."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.finetune.given import GRAMMAR, sums, tiny_model, write_run
from tests.models import save_sentencepiece_model
from toolformer.errors import ConfigError, ModelError
from toolformer.finetune.config import FinetuneConfig
from toolformer.finetune.dataset import SelectedRun, choose, read_run
from toolformer.finetune.starting_model import check_base, check_places, check_runs_agree, load_base


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("base") / "model")


@pytest.fixture
def run(model: Path, tmp_path: Path) -> SelectedRun:
    return read_run(write_run(tmp_path / "run", model))


def with_fields(run: SelectedRun, **fields: object) -> SelectedRun:
    return replace(run, name="other", manifest=replace(run.manifest, **fields))  # type: ignore[arg-type]


def of_model(run: SelectedRun, name: str, fingerprint: str) -> SelectedRun:
    return with_fields(run, model=replace(run.manifest.model, name=name, fingerprint=fingerprint))


def test_runs_of_different_models_are_not_mixed(run: SelectedRun) -> None:
    other = of_model(run, "gpt2", "0")
    with pytest.raises(ConfigError, match=r"'other' cannot be trained on together: model\.finger"):
        check_runs_agree([run, other])


def test_runs_of_different_grammars_are_not_mixed(run: SelectedRun) -> None:
    other = with_fields(run, grammar=dict(run.manifest.grammar) | {"arrow": " =>"})
    with pytest.raises(ConfigError, match=r'grammar\.arrow \(" ->", now " =>"\)'):
        check_runs_agree([run, other])


def test_one_tool_with_two_sets_of_options_is_not_mixed(run: SelectedRun) -> None:
    [tool] = run.manifest.tools
    other = with_fields(run, tools=[replace(tool, options={"path": "facts.db"})])
    with pytest.raises(ConfigError, match=r"tools\.Calculator\.options\.path"):
        check_runs_agree([run, other])


def test_runs_with_other_tools_of_one_model_are_mixed(run: SelectedRun) -> None:
    [tool] = run.manifest.tools
    check_runs_agree([run, with_fields(run, tools=[replace(tool, name="Calendar")])])


def test_the_runs_own_model_fits_whatever_dtype_it_was_loaded_with(
    run: SelectedRun, model: Path
) -> None:
    base = load_base(str(model), grammar=GRAMMAR, device="cpu")
    for fingerprint in base.fingerprints:
        check_base(
            base,
            run=of_model(run, str(model), fingerprint),
            is_named=False,
        )


def test_other_weights_under_the_runs_name_are_refused_unless_named(
    run: SelectedRun, model: Path
) -> None:
    base = load_base(str(model), grammar=GRAMMAR, device="cpu")
    other = of_model(run, str(model), "0123456789abcdef")
    with pytest.raises(ModelError, match=r"not those that 'other' was made with \(hash 0123"):
        check_base(base, run=other, is_named=False)
    check_base(base, run=other, is_named=True)


def test_a_model_whose_tokenizer_splits_elsewhere_is_refused(
    run: SelectedRun, tmp_path: Path
) -> None:
    other = load_base(
        str(save_sentencepiece_model(tmp_path / "other")), grammar=GRAMMAR, device="cpu"
    )
    texts = choose(sums(), config=FinetuneConfig(dev_texts=0)).training
    with pytest.raises(ModelError, match=r"tokenizer of .*other does not fit .*run'.* after \d+\."):
        check_places(other, texts, run=run)


def test_another_model_with_the_same_tokenizer_fits(run: SelectedRun, tmp_path: Path) -> None:
    other = load_base(str(tiny_model(tmp_path / "other", seed=7)), grammar=GRAMMAR, device="cpu")
    texts = choose(sums(), config=FinetuneConfig(dev_texts=0)).training
    check_places(other, texts, run=run)
    assert run.manifest.model.fingerprint not in other.fingerprints
