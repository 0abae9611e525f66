"""A text in any script and of any length is annotated; none stops a run."""

from pathlib import Path

import pytest
import torch
from hypothesis import given, settings

from tests.annotate.given import annotate_documents, echo
from tests.lm.scripts import LONG, TEXTS, TOKENIZERS, with_specials
from tests.models import save_model
from toolformer.lm.hf.model import HFLanguageModel, load
from toolformer.records import AnnotatedDocument, Document

torch.set_num_threads(1)
ASK = {"min_prob": 0.0, "max_positions": 2, "samples": 1, "max_tokens": 8, "window_tokens": 40}


@pytest.fixture(scope="module", params=TOKENIZERS)
def model(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> HFLanguageModel:
    folder = tmp_path_factory.mktemp(request.param)
    architecture = "llama" if request.param == "unigram" else "gpt2"
    tokenizer = with_specials(TOKENIZERS[request.param]())
    return load(save_model(folder, architecture, tokenizer), device="cpu")


def annotated(
    model: HFLanguageModel, texts: list[str], **settings: object
) -> list[AnnotatedDocument]:
    documents = [Document(str(number), text) for number, text in enumerate(texts)]
    return annotate_documents(documents, model=model, tools=[echo], **(ASK | settings))


@pytest.mark.parametrize("script", LONG)
def test_a_text_in_any_script_between_two_others_is_annotated(
    model: HFLanguageModel, script: str
) -> None:
    found = annotated(model, ["He has 5.", LONG[script][:600], "So 7 boxes."])
    assert [each.skipped for each in found[::2]] == [None, None]
    assert all(each.candidates for each in found[::2])
    middle = found[1]
    assert middle.tried or middle.skipped in ("empty", "nothing the model reads")


@given(text=TEXTS)
@settings(max_examples=10, deadline=None)
def test_any_text_is_annotated(model: HFLanguageModel, text: str) -> None:
    [found] = annotated(model, [text[:400]])
    assert found.tried or found.skipped


def test_the_number_of_tokens_before_a_call_is_that_of_the_text(model: HFLanguageModel) -> None:
    text = "Méliès had 3 + 4 = 7 🎈 balloons for née Zoë."
    [found] = annotated(model, [text])
    encoded = model.engine.encoding.text(text)
    assert found.candidates
    for each in found.candidates:
        assert each.token == encoded.tokens_before(each.position)


def test_a_text_without_a_token_is_skipped_for_this_reason(tmp_path: Path) -> None:
    model = load(
        save_model(tmp_path, "gpt2", with_specials(TOKENIZERS["dropping"]())), device="cpu"
    )
    marks, found = annotated(model, ["\u0301" * 500, "He has 5."])
    assert (marks.skipped, found.skipped) == ("nothing the model reads", None)
