"""A pilot proposes the best calls it finds, at most one a text, of several shapes."""

from datetime import date
from pathlib import Path

import pytest

from tests.annotate.given import echo
from toolformer.annotate.demonstrations import read_exemplars_file, write_exemplars
from toolformer.annotate.demonstrations.proposing import Pilot, propose_exemplars
from toolformer.errors import ConfigError
from toolformer.lm.scripted.model import ScriptedCall, ScriptedLanguageModel
from toolformer.tools.exemplar import NOTATION
from toolformer.tools.toolbox import Toolbox


def as_asked(before: str) -> tuple[str, ...]:
    """Calls with what stands in front of the equals sign."""
    return (f"{before.removesuffix(' =').rsplit(': ', 1)[-1]})",)


MODEL = ScriptedLanguageModel([ScriptedCall("Calculator", after=" =", writes=as_asked)])


def pilot_of(*texts: object, tool: object = "calculator", **options: object) -> Pilot:
    return propose_exemplars(list(texts), model=MODEL, tool=tool, **options)  # type: ignore[arg-type]


def texts_of(pilot: Pilot) -> list[str]:
    return [each.demonstration.render(NOTATION) for each in pilot.proposed]


def test_the_best_come_first_and_a_text_gives_one() -> None:
    # What an output tells costs 0.1 nats and anything else 2: the longer output tells more.
    pilot = pilot_of("So: 2 + 3 = 5", "And: 2 + 3 = 5 or else in the end: 800 + 34 = 834 it is.")
    assert texts_of(pilot) == [
        "And: 2 + 3 = 5 or else in the end: 800 + 34 = [Calculator(800 + 34) -> 834] 834 it is.",
        "So: 2 + 3 = [Calculator(2 + 3) -> 5] 5",
    ]
    assert pilot.proposed[0].gain > pilot.proposed[1].gain > 0
    assert [each.document_id for each in pilot.proposed] == ["documents:2", "documents:1"]


def test_half_at_most_are_of_one_shape_while_there_are_others() -> None:
    sums = [f"A: {number} + 100 = {number + 100} it is." for number in range(1, 5)]
    products = [f"B: {number} * 3 = {number * 3} it is." for number in (2, 3)]
    varied = texts_of(pilot_of(*sums, *products, count=4))
    assert [text[:6] for text in varied] == ["A: 1 +", "A: 2 +", "B: 2 *", "B: 3 *"]
    assert [text[:6] for text in texts_of(pilot_of(*sums, count=3))] == [
        "A: 1 +",
        "A: 2 +",
        "A: 3 +",
    ]


def test_a_text_twice_in_the_corpus_is_proposed_once() -> None:
    assert len(pilot_of("So: 2 + 3 = 5", "So: 2 + 3 = 5").proposed) == 1


def test_a_long_text_is_cut_around_its_call() -> None:
    long = "Words that go on. " * 60
    [found] = pilot_of(f"{long}So it is: 2 + 3 = 5 in all. {long}").proposed
    assert len(found.demonstration.text) <= 600
    assert "2 + 3 = [Calculator(2 + 3) -> 5] 5 in all." in found.demonstration.render(NOTATION)


def test_what_is_proposed_can_be_written_and_read(tmp_path: Path) -> None:
    pilot = pilot_of({"text": "So: 2 + 3 = 5", "date": "2020-02-02"}, "So: 2 + 2 = 4")
    shown = [each.demonstration for each in pilot.proposed]
    assert shown[0].today == date(2020, 2, 2)
    write_exemplars(tmp_path / "mine.txt", shown)
    with Toolbox("calculator") as toolbox:
        assert read_exemplars_file(tmp_path / "mine.txt", toolbox) == tuple(shown)


def test_a_text_that_could_not_be_read_back_is_not_proposed() -> None:
    assert pilot_of("He typed [Calculator(1 and gave up: 2 + 3 = 5").proposed == ()


@pytest.mark.parametrize(
    ("text", "tool", "sentence"),
    [
        ("No date: 2 + 3 = 5", "calendar", "Calendar suits none of 1 text: it asks what day it is"),
        (
            "He has 5 of 7 and 2.",
            "calculator",
            "Calculator was tried on 1 of 1 text: the model proposed no",
        ),
        ("So: 1 / 0 = 5", "calculator", "1 call that the model proposed, none has an output"),
        (
            "So: 2 + 3 = 7",
            "calculator",
            "of 1 call that the model proposed, none makes its",
        ),
    ],
)
def test_why_nothing_was_found_is_said(text: str, tool: str, sentence: str) -> None:
    pilot = pilot_of(text, tool=tool)
    assert pilot.proposed == ()
    assert sentence in pilot.shortfall


def test_a_pilot_reads_fifty_texts_unless_told_otherwise() -> None:
    texts = [f"So: {number} + 3 = {number + 3}" for number in range(70)]
    assert pilot_of(*texts).stats.documents == 50
    assert pilot_of(*texts, config={"max_documents": 5}).stats.documents == 5
    with pytest.raises(ConfigError, match="max_documents"):
        pilot_of(*texts, config={"max_document": 5})


def test_a_tool_of_the_program_is_as_good_as_a_spec() -> None:
    assert pilot_of("So: 2 + 3 = 5", tool=echo).tool is echo
