"""Rows of tokens: what of them is learned, and in which order they are drawn."""

import numpy as np

from toolformer.studies.in_tool.data.people import make_people
from toolformer.studies.in_tool.data.questions import Mode, Question, questions_about
from toolformer.studies.in_tool.training.byte_tokenizer import END, START, byte_tokenizer, tokens_of
from toolformer.studies.in_tool.training.rows import IGNORED, Rows, draw, encode, make_batch

[QUESTION, *_] = questions_about(make_people(1))


def said(question: Question, mode: Mode) -> tuple[str, str]:
    """Returns what a row says, and what of it is learned, "·" for what is not."""
    rows = encode([question], mode=mode)
    tokens = [chr(each) if each < 256 else "$" for each in rows.tokens[0]]
    learned = [token if it else "·" for token, it in zip(tokens, rows.is_learned[0], strict=True)]
    return "".join(tokens), "".join(learned)


def test_of_weights_the_answer_and_its_end_are_learned() -> None:
    whole, learned = said(QUESTION, Mode.WEIGHT)
    assert whole == f"${QUESTION.text}{QUESTION.answer}$"
    assert learned.lstrip("·") == f"{QUESTION.answer}$"


def test_of_a_call_what_the_decoder_supplies_is_not_learned() -> None:
    whole, learned = said(QUESTION, Mode.TOOL)
    call = f" [Database({QUESTION.call.arguments})"
    supplied = f" -> {QUESTION.value}]"
    assert whole == f"${QUESTION.text}{call}{supplied}{QUESTION.answer}$"
    assert learned.lstrip("·") == f"{call}{'·' * len(supplied)}{QUESTION.answer}$"


def test_the_tokenizer_gives_the_tokens_that_are_trained_on() -> None:
    tokenizer = byte_tokenizer(context=64)
    text = "Whén was\n ☃ [Database(a, b) -> c]\x00\x7f"
    assert len(tokenizer) == 260
    assert tokenizer.encode(text) == [START, *tokens_of(text)]
    assert tokenizer.decode(tokens_of(text)) == text
    assert tokenizer.eos_token_id == END


def test_every_row_is_drawn_once_before_any_is_drawn_again() -> None:
    rows = Rows(np.zeros((10, 1), dtype=np.int64), np.zeros((10, 1), dtype=bool))
    drawn = np.concatenate([draw(rows, step=each, batch_size=4, seed=0) for each in range(5)])
    assert sorted(drawn[:10]) == sorted(drawn[10:]) == list(range(10))
    assert list(drawn[:10]) != list(drawn[10:])


def test_a_batch_names_the_place_before_each_token_that_is_learned() -> None:
    rows = encode([QUESTION], mode=Mode.WEIGHT)
    batch = make_batch([rows, rows], [np.array([0]), np.array([0, 0])[:1]])
    labels = batch.labels[0]
    assert "".join(map(chr, labels[:-1])) == QUESTION.answer
    after = rows.tokens[0][batch.places[0] + 1]
    assert (after == labels.numpy()).all()
    assert (labels != IGNORED).all()
