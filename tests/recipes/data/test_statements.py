import pytest

from recipes.data.excerpts import clean
from recipes.data.sources import Fact, Template
from recipes.data.statements import FactIndex, sentences

LIMA = Fact("Lima", "P1376", "Peru")
ENGLISH = Fact("Ireland", "P37", "English")


def stated(text: str, *facts: Fact) -> list[tuple[int, int]]:
    return [(said.start, said.place) for said in FactIndex(facts).statements(text)]


def test_a_statement_gives_the_places_of_subject_and_object() -> None:
    assert stated("Today Lima is the capital of Peru.", LIMA) == [(6, 29)]


@pytest.mark.parametrize(
    "text",
    [
        "Peru has its capital in Lima.",  # object first
        "From Lima he travelled through Peru.",  # no word of the relation
        "Limas is the capital of Peru.",  # not the whole subject
        "Lima is the capital of Peruvians.",  # not the whole object
        "Lima is the capital of New Peru.",  # another thing's name
        "Lima is the capital of Peru Airlines.",  # another thing's name
        "Lima is a capital" + " of many very old buildings" * 6 + " in Peru.",  # too far apart
    ],
)
def test_nothing_is_stated(text: str) -> None:
    assert stated(text, LIMA) == []


def test_an_object_inside_the_subject_is_none() -> None:
    north = Fact("Northern Ireland", "P361", "Ireland")
    text = "Northern Ireland is part of the United Kingdom; Northern Ireland is not Ireland."
    assert stated(text, north) == [(0, 72)]


def test_a_fact_said_twice_is_stated_once() -> None:
    text = "Lima is the capital of Peru, and Lima was the capital of Peru."
    assert stated(text, LIMA) == [(0, 23)]


def test_a_mention_needs_no_order_and_no_word_between() -> None:
    assert FactIndex([LIMA]).mentions("In Peru lies Lima.")
    assert not FactIndex([LIMA, ENGLISH]).mentions("Lima lies where English is spoken.")


def test_a_subject_that_begins_with_a_sign_is_found() -> None:
    film = Fact("'Salem's Lot", "P31", "novel")
    assert stated("I read that 'Salem's Lot is a novel.", film) == [(12, 30)]


def test_sentences_are_split_only_before_a_capital_letter() -> None:
    text = 'It has approx. 50 seats. "Big," he said. Then no. 5 came.'
    assert sentences(text) == ["It has approx. 50 seats.", '"Big," he said.', "Then no. 5 came."]


@pytest.mark.parametrize(
    "damaged",
    [
        "Too short.",
        "lower case at the beginning of a sentence that goes on and on.",
        "A sentence with no full stop at its end that goes on and on",
        "A sentence with [brackets] in it that goes on and on and on.",
        "A sentence in Ελληνικά that goes on and on and on and on.",
        'A sentence with one quotation mark " that goes on and on.',
    ],
)
def test_a_damaged_sentence_is_refused(damaged: str) -> None:
    assert clean(damaged) is None


def test_a_template_is_filled_without_a_space_before_the_full_stop() -> None:
    template = Template("P1376", "[X],  the capital of [Y] .")
    assert template.fill(LIMA) == "Lima, the capital of Peru."


@pytest.mark.parametrize(
    ("pattern", "ends"),
    [
        ("The capital of [X] is [Y] .", True),
        ("[X] is in [Y]", True),
        ("The [Y] language is official in [X].", False),
        ("[X] borders [Y] too.", False),
    ],
)
def test_a_template_knows_whether_it_ends_in_the_object(pattern: str, ends: bool) -> None:
    assert Template("P1", pattern).ends_in_object() is ends
