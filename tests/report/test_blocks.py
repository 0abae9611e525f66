"""Texts are packed in blocks, evenly where there are too many, and calls as they would be read."""

import itertools

import pytest

from tests.report.pages import document, unpack
from toolformer.calls import HermesGrammar, InlineGrammar
from toolformer.records import AnnotatedDocument, Candidate, Document, Losses, Placebo, Verdict
from toolformer.report.blocks import VERDICTS, TextPacker


def packer(total: int, most: int = 1000) -> TextPacker:
    return TextPacker(["Echo"], grammar=InlineGrammar(), total=total, most=most)


@pytest.mark.parametrize(("total", "most"), [(10, 3), (7, 7), (5, 9), (1000, 1), (450, 449)])
def test_as_many_texts_are_packed_as_may_be(total: int, most: int) -> None:
    made = packer(total, most)
    for number in range(total):
        made.add(document(number, "some text"))
    packed = made.packed()
    assert (packed.shown, packed.total) == (min(most, total), total)
    numbers = [int(row[0].split()[1]) for block in packed.blocks for row in unpack(block)]
    assert len(numbers) == packed.shown
    gaps = {b - a for a, b in itertools.pairwise(numbers)}
    assert not gaps or max(gaps) - min(gaps) <= 1


def test_a_block_is_bounded_in_texts_and_in_characters() -> None:
    made = packer(405)
    for number in range(401):
        made.add(document(number, "short"))
    for number in range(4):
        made.add(document(number, "long" * 100_000))
    assert unpack(made.packed().index)["sizes"] == [200, 200, 3, 2]


def test_the_index_knows_the_calls_of_each_text() -> None:
    made = packer(3)
    made.add(document(0, "one"))
    made.add(document(1, "two", gain=0.0))
    made.add(AnnotatedDocument(Document("bare", "three"), (), "too short"))
    index = unpack(made.packed().index)
    kinds = [[VERDICTS[kind].value for kind in index["sets"][each]] for each in index["setOf"]]
    assert kinds == [["kept"], ["low_gain"], []]
    assert index["best"] == [100, 0, None]


def test_a_call_is_written_by_the_grammar_of_its_run() -> None:
    made = TextPacker(["Echo"], grammar=HermesGrammar(), total=1, most=1)
    made.add(document(0, "text", arguments='{"text": "a"}', output="b"))
    [[_, _, _, [call]]] = unpack(made.packed().blocks[0])
    asked, supplied = call[3:5]
    assert asked + supplied == HermesGrammar().format(
        document(0, "text", arguments='{"text": "a"}', output="b").candidates[0].placed.call, "b"
    )
    assert asked == HermesGrammar().format(
        document(0, "text", arguments='{"text": "a"}').candidates[0].placed.call
    )


def test_what_is_no_call_is_shown_as_it_was_sampled() -> None:
    made = packer(1)
    candidates = (
        Candidate(2, "Echo", "a) b [", 0.1, 1, verdict=Verdict.UNREADABLE),
        Candidate(0, "Echo", None, 0.1, 0, verdict=Verdict.PRUNED),
        Candidate(1, "Echo", "x", 0.1, 1, output="y]", verdict=Verdict.NOT_RENDERABLE),
    )
    made.add(AnnotatedDocument(Document("a", "text"), ("Echo",), None, candidates))
    [[_, _, _, calls]] = unpack(made.packed().blocks[0])
    assert [call[3:5] for call in calls] == [
        [" [Echo(", None],
        [" [Echo(x", "y]"],
        [" [Echo(a) b [", None],
    ]


def test_losses_are_rounded_and_placebos_are_beside_them() -> None:
    made = packer(1)
    candidate = Candidate(
        0, "Echo", "a", 0.123456, 3, output="b", losses=Losses(1.23456, 0.5, 2.0),
        verdict=Verdict.KEPT, start_gain=0.98765, placebo=Placebo("c", 1.98765),
    )  # fmt: skip
    made.add(AnnotatedDocument(Document("a", "text"), ("Echo",), None, (candidate,)))
    [[_, _, _, [call]]] = unpack(made.packed().blocks[0])
    assert call[5:] == [None, 3, 0.1235, 0.988, 1.235, 0.5, 2.0, "c", 1.988]
