"""What begins in a text that grows is found where it begins, and not before it could."""

from hypothesis import given
from hypothesis import strategies as st

from toolformer.infer.writing.leads import find_first, find_last, forming

LEADS = [" [Calculator(", " [Calendar("]
text_of_leads = st.lists(st.sampled_from([" ", "[", " [", "Cal", "Calculator", "endar", "(", "x"]))


def test_the_first_of_several_is_found_whatever_their_order() -> None:
    found = find_first("a [Calendar( [Calculator(", LEADS)
    assert found is not None
    assert (found.start, found.end, found.text) == (1, 12, " [Calendar(")


def test_a_search_starts_where_it_is_told() -> None:
    assert find_first(" [Calendar(", LEADS, start=1) is None


def test_places_may_be_left_out() -> None:
    found = find_first(" [Calendar( [Calendar(", LEADS, except_at={0})
    assert found is not None
    assert found.start == 11


def test_nothing_is_found_among_nothing() -> None:
    assert find_first("text", []) is None
    assert find_last("text", []) is None


def test_the_longest_beginning_counts() -> None:
    assert forming("a [Cal", LEADS) == 1
    assert forming("a  ", LEADS) == 2


def test_what_has_come_to_stand_is_no_longer_forming() -> None:
    assert forming(" [Calendar(", LEADS) == len(" [Calendar(")


@given(text_of_leads.map("".join), text_of_leads.map("".join))
def test_a_lead_that_comes_to_stand_began_where_one_was_forming(text: str, more: str) -> None:
    found = find_first(text + more, LEADS, start=max(0, len(text) - 12))
    if found is not None and found.start < len(text) < found.end:
        assert forming(text, LEADS) <= found.start
