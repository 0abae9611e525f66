"""How examples are drawn and packed."""

import random
from pathlib import Path

import numpy as np
import pytest
from transformers import PreTrainedTokenizerFast

from toolformer.errors import ConfigError
from toolformer.pretrain.config import SourceConfig
from toolformer.pretrain.injecting import Injected
from toolformer.pretrain.mixture import Source, draw_batch, load_source
from toolformer.pretrain.packing import IGNORED, PackedRows, PromptedText
from toolformer.pretrain.tokenizer import train_tokenizer


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    texts = ["abcdefgh 0123456789 [] ->"] * 4
    return train_tokenizer(texts, vocabulary_size=300, single_tokens=("]",), context=64)


def constant(prompt: str, completion: str) -> Source:
    return lambda _rng: PromptedText(prompt, completion)


def batch_of(source: Source, tokenizer: PreTrainedTokenizerFast, *, length: int) -> PackedRows:
    return draw_batch(
        {"a": source}, {"a": 1.0}, tokenizer=tokenizer, rows=1, length=length, key="0/0"
    )


def test_only_the_completion_carries_labels(tokenizer: PreTrainedTokenizerFast) -> None:
    batch = batch_of(constant("12", "34"), tokenizer, length=4)
    start = tokenizer.bos_token_id
    digits = tokenizer.encode("1234")
    assert batch.inputs.tolist() == [[start, *digits[:3]]]
    assert batch.labels.tolist() == [[IGNORED, IGNORED, *digits[2:]]]


def test_no_token_foretells_the_start_of_the_next_example(
    tokenizer: PreTrainedTokenizerFast,
) -> None:
    batch = batch_of(constant("", "1"), tokenizer, length=5)
    start, one = tokenizer.bos_token_id, tokenizer.encode("1")[0]
    assert batch.inputs.tolist() == [[start, one, start, one, start]]
    assert batch.labels.tolist() == [[one, IGNORED, one, IGNORED, one]]


def test_an_example_longer_than_a_row_is_cut_at_its_end(
    tokenizer: PreTrainedTokenizerFast,
) -> None:
    batch = batch_of(constant("", "12345678"), tokenizer, length=3)
    digits = tokenizer.encode("123")
    assert batch.inputs.tolist() == [[tokenizer.bos_token_id, *digits[:2]]]
    assert batch.labels.tolist() == [digits]


def test_shares_of_the_tokens_follow_the_weights(tokenizer: PreTrainedTokenizerFast) -> None:
    sources = {"long": constant("", "1" * 15), "short": constant("", "2" * 3)}
    batch = draw_batch(
        sources, {"long": 3.0, "short": 1.0}, tokenizer=tokenizer, rows=64, length=64, key="1"
    )
    one, two = tokenizer.encode("12")
    counts = np.sum(batch.inputs == one), np.sum(batch.inputs == two)
    assert 2.4 < (counts[0] * 16 / 15) / (counts[1] * 4 / 3) < 3.6


def test_a_batch_depends_on_its_key_alone(tokenizer: PreTrainedTokenizerFast) -> None:
    def draw(rng: random.Random) -> PromptedText:
        return PromptedText("", str(rng.randrange(10**6)))

    def inputs(key: str) -> list[list[int]]:
        batch = draw_batch({"a": draw}, {"a": 1.0}, tokenizer=tokenizer, rows=2, length=16, key=key)
        rows: list[list[int]] = batch.inputs.tolist()
        return rows

    first = inputs("7/1")
    assert inputs("7/2") != first
    assert inputs("7/1") == first


def test_every_two_hundredth_text_is_held_out(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("\n".join(f"text {number}" for number in range(400)))
    config = SourceConfig(name="a", weight=1, corpus="a.txt")
    seen, held_out = (load_source(config, folder=tmp_path, held_out=each) for each in (False, True))
    rng = random.Random(0)
    held = {held_out(rng).completion for _ in range(50)}
    assert held == {"text 199", "text 399"}
    assert not held & {seen(rng).completion for _ in range(2000)}


def test_a_corpus_is_filtered_and_edited_by_functions_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one\ntwo\nthree\n")
    (tmp_path / "rules.py").write_text(
        "def keep(document, number): return number != 1\ndef shout(text): return text.upper()\n"
    )
    config = SourceConfig(
        name="a", weight=1, corpus="a.txt", keep="rules.py:keep", edit="rules.py:shout"
    )
    source = load_source(config, folder=tmp_path)
    rng = random.Random(0)
    assert {source(rng).completion for _ in range(50)} == {"ONE", "THREE"}


def test_a_generator_that_is_not_there_is_named(tmp_path: Path) -> None:
    config = SourceConfig(name="a", weight=1, generator="gone.py:make")
    with pytest.raises(ConfigError, match=r"no file .*gone\.py to take 'make' from"):
        load_source(config, folder=tmp_path)


def test_a_long_text_gives_pieces_that_begin_after_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(" ".join(f"S{number} is here." for number in range(200)))
    config = SourceConfig(name="a", weight=1, corpus="a.txt", max_characters=100)
    source = load_source(config, folder=tmp_path)
    rng = random.Random(0)
    drawn = [source(rng).completion for _ in range(50)]
    assert all(len(text) <= 100 and text.startswith("S") for text in drawn)
    assert len(set(drawn)) > 20


def test_injected_texts_stand_whole_among_the_texts_of_their_batch(
    tokenizer: PreTrainedTokenizerFast,
) -> None:
    injected = Injected([PromptedText("", "777"), PromptedText("", "888"), PromptedText("", "999")])
    batches = [
        draw_batch(
            {"a": constant("", "12")}, {"a": 1.0}, tokenizer=tokenizer, rows=4, length=12,
            key="0/0", injected=each,
        )
        for each in (None, injected, injected)
    ]  # fmt: skip
    plain, batch, again = (each.labels for each in batches)
    for word in ("777", "888", "999"):
        ids = tokenizer.encode(word)
        found = [row for row in batch.tolist() if any(row[i : i + 3] == ids for i in range(10))]
        assert len(found) == 1
        assert ids[0] not in plain
    assert np.array_equal(batch, again)
    one = tokenizer.encode("1")[0]
    assert 0 < (batch == one).sum() < (plain == one).sum()


def test_injected_texts_take_the_place_of_as_many_tokens_and_leave_the_rest(
    tokenizer: PreTrainedTokenizerFast,
) -> None:
    long = " ".join(map(str, range(1, 30)))  # longer than a row
    plain, batch = (
        draw_batch(
            {"a": constant("", long)}, {"a": 1.0}, tokenizer=tokenizer, rows=3, length=20,
            key="0/0", injected=each,
        ).labels
        for each in (None, Injected([PromptedText("", "777"), PromptedText("", "888")]))
    )  # fmt: skip
    natural = [token for token in plain[0] if token != IGNORED]
    assert len(natural) == 20
    whole = 0
    for row in batch.tolist():
        learned = [token for token in row if token != IGNORED]
        for word in ("777", "888"):
            ids = tokenizer.encode(word)
            if str(ids)[1:-1] in str(learned):
                at = next(i for i in range(20) if learned[i : i + 3] == ids)
                learned[at : at + 3] = []
        whole += len(learned) == 20
        assert learned == natural[: len(learned)]
        assert len(learned) >= 20 - 2 * 4  # a text takes its start token's place, too
    assert whole >= 1


def test_a_padded_text_has_a_row_of_its_own(tokenizer: PreTrainedTokenizerFast) -> None:
    injected = Injected([PromptedText("", "777"), PromptedText("", "888")], padded=True)
    batch = draw_batch(
        {"a": constant("", "12")}, {"a": 1.0}, tokenizer=tokenizer, rows=3, length=12,
        key="0/0", injected=injected,
    )  # fmt: skip
    learned = sorted([token for token in row if token != IGNORED] for row in batch.labels.tolist())
    seven, eight, natural = (tokenizer.encode(each) for each in ("777", "888", "12"))
    assert sorted([seven, eight, natural * 4]) == learned


def test_more_injected_texts_than_fit_are_refused(tokenizer: PreTrainedTokenizerFast) -> None:
    injected = Injected([PromptedText("", "77777")] * 5)
    with pytest.raises(ConfigError, match="do not fit into its rows"):
        draw_batch(
            {"a": constant("", "12")}, {"a": 1.0}, tokenizer=tokenizer, rows=2, length=12,
            key="0/0", injected=injected,
        )  # fmt: skip
