"""The model that a training starts from has to fit the runs."""

from pathlib import Path

import pytest

from tests.annotate.given import annotate_documents, echo
from tests.finetune.given import GRAMMAR, of_model, sums, tiny_model, with_fields
from tests.models import save_sentencepiece_model
from toolformer.calls import PlacedCall, ToolCall
from toolformer.errors import ModelError
from toolformer.finetune.config import FinetuneConfig
from toolformer.finetune.data.runs import SelectedRun
from toolformer.finetune.data.texts import TrainingText, choose
from toolformer.finetune.model.starting import check_base, check_places, load_base
from toolformer.lm.hf.model import load
from toolformer.records import Document


def test_the_runs_own_model_fits_whatever_dtype_it_was_loaded_with(
    run: SelectedRun, model: Path
) -> None:
    base = load_base(str(model), grammar=GRAMMAR, device="cpu")
    for fingerprint in base.fingerprints:
        check_base(base, run=of_model(run, str(model), fingerprint), is_named=False)


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
        check_places(other, texts, runs=[run])
    # Of two runs the one with the shorter windows says how long a text proves something.
    windowed = with_fields(run, config={**run.manifest.config, "window_tokens": 8})
    check_places(other, texts, runs=[run, windowed])


def test_another_model_with_the_same_tokenizer_fits(run: SelectedRun, tmp_path: Path) -> None:
    other = load_base(str(tiny_model(tmp_path / "other", seed=7)), grammar=GRAMMAR, device="cpu")
    texts = choose(sums(), config=FinetuneConfig(dev_texts=0)).training
    check_places(other, texts, runs=[run])
    assert run.manifest.model.fingerprint not in other.fingerprints


def test_a_character_of_several_tokens_before_a_call_proves_nothing_against_a_tokenizer(
    run: SelectedRun, model: Path, tmp_path: Path
) -> None:
    annotator = load(str(model), device="cpu")
    other = load_base(str(tiny_model(tmp_path / "other", seed=7)), grammar=GRAMMAR, device="cpu")
    document = Document("1", "M\u00e9li\u00e8s \U0001f388 has 3 + 4 = 7 boxes.")
    [found] = annotate_documents(
        [document], model=annotator, tools=[echo], min_prob=0.0, samples=1, max_positions=8
    )
    texts = [
        TrainingText(
            "1",
            document.text,
            calls=(PlacedCall(each.position, ToolCall("Echo", "3")),),
            tokens_before=(each.token,),
        )
        for each in found.candidates
    ]
    assert texts
    check_places(other, texts, runs=[run])
