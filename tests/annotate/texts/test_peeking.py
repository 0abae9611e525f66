"""A call that uses what stands after it is caught, whatever way it is spelled."""

import pytest

from toolformer.annotate.texts.peeking import first_mentions, peeks, terms


def is_peeking(before: str, arguments: str, after: str, *vocabulary: str) -> bool:
    return peeks(
        arguments,
        len(before),
        mentions=first_mentions(before + after),
        vocabulary=terms(vocabulary),
    )


def test_the_designs_example_peeks() -> None:
    assert is_peeking("So", "24 * 5", " 120 / 24 = 5")


def test_operands_that_stand_before_the_call_do_not_peek() -> None:
    assert not is_peeking("120 / 24 =", "120 / 24", " 5")


def test_one_operand_from_after_the_call_is_enough() -> None:
    assert is_peeking("He had 120 and", "120 / 24", " gave 24 away")


def test_a_number_that_stands_on_both_sides_does_not_peek() -> None:
    assert not is_peeking("There were 24 of", "24 * 5", " 24 in 24 rows")


def test_what_the_text_never_says_does_not_peek() -> None:
    assert not is_peeking("A dozen times two is", "12 * 2", " 24")


@pytest.mark.parametrize("later", ["1,400", "$1400", "1400.0", "1400%", "$1,400.00", "01400"])
def test_a_number_is_the_same_however_it_is_written(later: str) -> None:
    assert is_peeking("They sold", "1400 / 2", f" {later} of them")
    assert not is_peeking(f"They sold {later} and", "1400 / 2", f" 700, not {later}")


def test_a_number_inside_a_longer_one_is_another_number() -> None:
    assert not is_peeking("They sold", "14 / 2", " 1400 of them")


def test_different_decimals_are_different_numbers() -> None:
    assert not is_peeking("It is", "2.5 * 2", " 2.05 or 25")


def test_a_content_word_from_after_the_call_peeks_in_any_case() -> None:
    assert is_peeking("The capital is", "FRANCE, x", " Paris, which lies in France")


def test_a_possessive_is_the_same_word() -> None:
    assert is_peeking("The capital is", "France", " France’s pride")


def test_stop_words_do_not_count() -> None:
    assert not is_peeking("Paris lies", "where is it", " where it is")


def test_the_words_of_a_tools_vocabulary_do_not_count() -> None:
    arguments = "France, official language"
    assert is_peeking("In France,", arguments, " French is the official language")
    assert not is_peeking(
        "In France,", arguments, " French is the official language", "official language", "capital"
    )


def test_the_place_itself_counts_as_after() -> None:
    assert is_peeking("x ", "24", "24")
