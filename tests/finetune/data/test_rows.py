"""From texts with calls to rows of tokens."""

import pytest

from tests.finetune.given import GRAMMAR, encoding
from tests.lm.scripts import LONG, TOKENIZERS
from toolformer.calls import PlacedCall, ToolCall
from toolformer.finetune.data.rows import TrainingRow, make_rows
from toolformer.finetune.data.texts import TrainingText
from toolformer.lm.encoding import Encoding

TEXT = "The sum of 12 and 30 is 42, said the teacher. He paid 4 x 5 = 20 dollars in all."
CALLS = (
    PlacedCall(TEXT.index(" 42"), ToolCall("Calculator", "12 + 30"), "42"),
    PlacedCall(TEXT.index(" 20"), ToolCall("Calculator", "4 * 5"), "20"),
)
ANNOTATED = TrainingText("a", TEXT, CALLS)
START = encoding().start[0]
END = 1


def rows(text: TrainingText = ANNOTATED, **options: object) -> list[TrainingRow]:
    settings = {"encoding": encoding(), "end": END, "max_length": 256} | options
    return list(make_rows([text], **settings).rows)  # type: ignore[arg-type]


def spelled(row: TrainingRow) -> str:
    return encoding().decode_row(row.ids)


def unlearned(row: TrainingRow) -> str:
    return encoding().decode(
        [index for index, counts in zip(row.ids, row.learned, strict=True) if not counts]
    )


def test_a_row_is_start_text_with_calls_and_end() -> None:
    [row] = rows()
    assert row.ids[0] == START
    assert row.ids[-1] == END
    assert encoding().decode_row(row.ids[1:-1]) == GRAMMAR.render(TEXT, CALLS)


def test_a_model_without_an_end_token_gets_none() -> None:
    [row] = rows(end=None)
    assert row.ids == rows()[0].ids[:-1]


def test_what_decoding_supplies_is_not_learned() -> None:
    [row] = rows()
    assert unlearned(row) == encoding().decode_row([START]) + " -> 42] -> 20]"
    assert row.count == sum(row.learned)


def test_the_papers_way_learns_all_but_the_start() -> None:
    [row] = rows(loss_on_output=True)
    assert row.learned == (False, *(True,) * (len(row.ids) - 1))


def test_the_control_learns_the_same_text_without_calls() -> None:
    [row] = rows(plain=True)
    assert encoding().decode_row(row.ids[1:-1]) == TEXT
    assert row.learned == (False, *(True,) * (len(row.ids) - 1))


@pytest.mark.parametrize("max_length", range(24, 48))
def test_a_long_text_is_cut_into_rows_but_never_through_a_call(max_length: int) -> None:
    cut = rows(max_length=max_length)
    assert len(cut) > 1
    assert all(len(row.ids) <= max_length and row.ids[0] == START for row in cut)
    joined = [index for row in cut for index in row.ids[1:]]
    assert joined == list(rows()[0].ids[1:])
    assert not any(END in row.ids for row in cut[:-1])
    for call in CALLS:
        whole = GRAMMAR.format(call.call, call.output)
        assert sum(whole in spelled(row) for row in cut) == 1


def test_a_call_longer_than_a_row_is_left_out_and_counted() -> None:
    long = PlacedCall(CALLS[0].position, ToolCall("Calculator", "1 + " * 20 + "1"), "21")
    text = TrainingText("a", TEXT, (long, CALLS[1]))
    made = make_rows([text], encoding=encoding(), end=None, max_length=32)
    assert made.calls_left_out == 1
    joined = [index for row in made.rows for index in row.ids[1:]]
    assert encoding().decode_row(joined) == GRAMMAR.render(TEXT, CALLS[1:])


def test_rows_have_the_same_fingerprint_only_if_all_is_the_same() -> None:
    made = [
        make_rows([ANNOTATED], encoding=encoding(), end=END, max_length=256, loss_on_output=each)
        for each in (False, False, True)
    ]
    prints = [each.fingerprint for each in made]
    assert prints[0] == prints[1] != prints[2]


@pytest.mark.parametrize("name", TOKENIZERS)
@pytest.mark.parametrize("script", LONG)
def test_a_long_text_in_any_script_becomes_rows_that_hold_all_of_it(name: str, script: str) -> None:
    text = TrainingText("a", LONG[script][:900])
    encoding = Encoding(TOKENIZERS[name](), GRAMMAR, start=0, name=name)
    found = rows(text, encoding=encoding, max_length=32)
    assert all(len(row.ids) <= 32 for row in found)
    said = [index for row in found for index in row.ids[1:]]
    assert said == [*encoding.text(text.text).ids, END]


def test_a_token_that_nothing_stands_before_is_not_learned() -> None:
    startless = Encoding(encoding()._tokenizer, GRAMMAR, start=None, name="startless")
    [row] = rows(encoding=startless)
    assert row.learned[:2] == (False, True)
    pieces = rows(encoding=startless, max_length=10, plain=True)
    assert [piece.learned[0] for piece in pieces] == [False] * len(pieces)
    assert sum(piece.count for piece in pieces) == sum(len(piece.ids) - 1 for piece in pieces)


def test_a_text_of_one_token_that_nothing_stands_before_is_left_out() -> None:
    startless = Encoding(encoding()._tokenizer, GRAMMAR, start=None, name="startless")
    texts = [TrainingText("one", "a"), TrainingText("none", ""), ANNOTATED]
    made = make_rows(texts, encoding=startless, end=None, max_length=256)
    assert (len(made.rows), made.texts_left_out) == (1, 2)
    made = make_rows(texts, encoding=encoding(), end=None, max_length=256)
    assert (len(made.rows), made.texts_left_out) == (2, 1)
