"""Selection: threshold, peeking and outputs first, then the competition for a place."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolformer.errors import ConfigError
from toolformer.records import Candidate, Losses, Verdict
from toolformer.runs.select import check_thresholds, select, strength, winners
from toolformer.runs.thresholds import Thresholds

ORDER = {"First": 0, "Second": 1}

THRESHOLDS = {"Calculator": 0.5, "Database": 1.0}


def candidate(
    gain: float | None = 1.5,
    *,
    token: int | None = 10,
    position: int | None = None,
    tool: str = "Calculator",
    arguments: str = "1 + 1",
    verdict: Verdict | None = None,
) -> Candidate:
    losses = Losses(4.0) if gain is None else Losses(4.0, 4.0 - gain, 4.0)
    return Candidate(
        position=position if position is not None else 4 * (token or 0),
        tool=tool,
        arguments=arguments,
        start_prob=0.5,
        count=1,
        output="2",
        losses=losses,
        verdict=verdict,
        token=token,
    )


def verdicts(*candidates: Candidate, allow_peeking: bool = False) -> list[str]:
    found = select(candidates, thresholds=THRESHOLDS, allow_peeking=allow_peeking)
    return [str(each.verdict) for each in found]


def test_the_notebooks_example_is_kept_at_a_tenth_and_not_at_one() -> None:
    losses = Losses(no_call=3.835, with_output=2.842, no_output=2.989)
    notebook = replace(candidate(), tool="QA", losses=losses)
    assert losses.gain == pytest.approx(0.147, abs=1e-6)
    [kept] = select([notebook], thresholds={"QA": 0.1})
    [rejected] = select([notebook], thresholds={"QA": 1.0})
    assert (kept.verdict, rejected.verdict) == (Verdict.KEPT, Verdict.LOW_GAIN)


def test_a_gain_of_exactly_the_threshold_is_kept() -> None:
    assert verdicts(candidate(0.5), candidate(0.4999, token=50)) == ["kept", "low_gain"]


def test_each_tool_has_its_own_threshold() -> None:
    assert verdicts(candidate(0.75), candidate(0.75, tool="Database", token=50)) == [
        "kept",
        "low_gain",
    ]


def test_a_call_without_all_its_losses_gains_too_little() -> None:
    assert verdicts(candidate(None)) == ["low_gain"]


def test_an_infinite_loss_with_the_output_is_never_kept() -> None:
    losses = Losses(float("inf"), float("inf"), float("inf"))
    assert verdicts(replace(candidate(), losses=losses)) == ["low_gain"]


def test_of_two_calls_at_a_place_the_better_gain_is_kept() -> None:
    assert verdicts(candidate(1.0), candidate(2.0, arguments="2 + 0")) == ["outbid", "kept"]


@pytest.mark.parametrize(("apart", "expected"), [(1, "outbid"), (5, "outbid"), (6, "kept")])
def test_calls_within_five_tokens_of_each_other_compete(apart: int, expected: str) -> None:
    assert verdicts(candidate(2.0), candidate(1.0, token=10 + apart)) == ["kept", expected]
    assert verdicts(candidate(1.0), candidate(2.0, token=10 + apart)) == [expected, "kept"]


def test_a_call_that_was_outbid_outbids_nobody() -> None:
    chain = [candidate(1.0, token=2), candidate(2.0, token=6), candidate(3.0, token=10)]
    assert verdicts(*chain) == ["kept", "outbid", "kept"]


def test_calls_of_unknown_tokens_compete_at_one_position_only() -> None:
    assert verdicts(
        candidate(1.0, token=None, position=4), candidate(2.0, token=None, position=4)
    ) == ["outbid", "kept"]
    assert verdicts(
        candidate(1.0, token=None, position=4), candidate(2.0, token=None, position=5)
    ) == ["kept", "kept"]


def test_what_gains_too_little_for_its_own_tool_does_not_compete() -> None:
    assert verdicts(candidate(0.75), candidate(0.9, tool="Database")) == ["kept", "low_gain"]


def test_a_call_that_peeks_does_not_compete() -> None:
    peeking = candidate(3.0, arguments="24 * 5", verdict=Verdict.PEEKS)
    assert verdicts(candidate(1.0), peeking) == ["kept", "peeks"]


def test_a_call_that_peeks_competes_where_that_is_allowed() -> None:
    peeking = candidate(3.0, arguments="24 * 5", verdict=Verdict.PEEKS)
    assert verdicts(candidate(1.0), peeking, allow_peeking=True) == ["outbid", "kept"]


@pytest.mark.parametrize("verdict", ["unreadable", "tool_error", "not_renderable", "pruned"])
def test_no_threshold_changes_what_was_never_scored(verdict: str) -> None:
    failed = candidate(3.0, verdict=Verdict(verdict))
    assert verdicts(candidate(1.0), failed, allow_peeking=True) == ["kept", verdict]


def test_equal_gains_go_by_tool_order_then_arguments() -> None:
    assert verdicts(candidate(1.0, tool="Database"), candidate(1.0, tool="Calculator")) == [
        "outbid",
        "kept",
    ]
    assert verdicts(candidate(1.0, arguments="2 + 0"), candidate(1.0, arguments="1 + 1")) == [
        "outbid",
        "kept",
    ]


CANDIDATES = st.lists(
    st.builds(
        candidate,
        st.sampled_from([0.25, 0.75, 1.0, 1.5, None]),
        token=st.integers(0, 20),
        tool=st.sampled_from(list(THRESHOLDS)),
        arguments=st.sampled_from(["1", "2", "3"]),
        verdict=st.sampled_from([None, Verdict.PEEKS, Verdict.TOOL_ERROR]),
    ),
    max_size=5,
)


@given(CANDIDATES)
def test_selecting_again_changes_nothing(candidates: list[Candidate]) -> None:
    once = select(candidates, thresholds=THRESHOLDS)
    assert select(once, thresholds=THRESHOLDS) == once


@given(CANDIDATES)
def test_selecting_anew_forgets_an_earlier_threshold(candidates: list[Candidate]) -> None:
    high = select(candidates, thresholds={"Calculator": 1.2, "Database": 1.2})
    assert select(high, thresholds=THRESHOLDS) == select(candidates, thresholds=THRESHOLDS)


def identity(candidates: Sequence[Candidate]) -> set[tuple[int, str, str | None]]:
    kept = [each for each in candidates if each.verdict is Verdict.KEPT]
    return {(each.position, each.tool, each.arguments) for each in kept}


@given(CANDIDATES)
def test_the_order_in_which_candidates_come_does_not_matter(candidates: list[Candidate]) -> None:
    found = {
        frozenset(identity(select(each, thresholds=THRESHOLDS)))
        for each in permutations(candidates[:4])
    }
    assert len(found) == 1


def test_candidates_stay_in_their_order_and_are_not_edited() -> None:
    given = [candidate(0.1), candidate(2.0, arguments="2")]
    found = select(given, thresholds=THRESHOLDS)
    assert [each.arguments for each in found] == ["1 + 1", "2"]
    assert [each.verdict for each in given] == [None, None]


def test_a_tool_without_a_threshold_is_named() -> None:
    with pytest.raises(ConfigError, match=r"Unknown tool 'Calendar'. .*Calculator, Database"):
        select([candidate(tool="Calendar")], thresholds=THRESHOLDS)


def test_a_threshold_below_what_was_pruned_is_refused_with_the_way_out() -> None:
    lowest = {"Calculator": 0.5, "Database": 0.25}
    check_thresholds({"Calculator": 0.5, "Database": 0.25}, lowest)
    with pytest.raises(ConfigError, match=r"Database: .* 0.2, .* 0.25 .*--prune-below 0.2"):
        check_thresholds({"Calculator": 0.5, "Database": 0.2}, lowest)


def call(position: int, gain: float, *, token: int | None = None, tool: str = "First") -> Candidate:
    losses = Losses(no_call=gain, with_output=0.0, no_output=gain)
    return Candidate(position, tool, "x", 0.5, 1, output="y", losses=losses, token=token)


def stay(*candidates: Candidate) -> frozenset[int]:
    return winners(candidates, thresholds=[Thresholds.of(0.5)] * len(candidates), order=ORDER)


def test_calls_six_tokens_apart_both_stay_and_nearer_ones_do_not() -> None:
    assert stay(call(0, 1.0, token=0), call(30, 2.0, token=6)) == {0, 1}
    assert stay(call(0, 1.0, token=0), call(30, 2.0, token=5)) == {1}


def test_one_that_lost_keeps_no_other_out() -> None:
    row = [call(0, 3.0, token=0), call(20, 2.0, token=4), call(40, 1.0, token=8)]
    assert stay(*row) == {0, 2}


def test_without_tokens_only_one_position_is_fought_for() -> None:
    assert stay(call(7, 1.0), call(7, 2.0), call(8, 1.0)) == {1, 2}


def test_equal_gains_go_by_tool_order() -> None:
    assert stay(call(7, 1.0, tool="Second"), call(7, 1.0)) == {1}


def test_a_call_without_a_gain_is_no_competitor() -> None:
    with pytest.raises(ValueError, match="without a gain"):
        strength(Candidate(0, "First", "x", 0.5, 1), Thresholds.of(0.5))


BOTH = {"Calculator": Thresholds(used=0.75, help=-0.25), "Database": Thresholds(1.0, 0.0)}


def two(used: float, help_: float, **options: object) -> Candidate:
    """A call with these two gains."""
    losses = Losses(no_call=4.0 + help_, with_output=4.0, no_output=4.0 + used)
    return replace(candidate(**options), losses=losses)  # type: ignore[arg-type]


def verdicts_of_two(*candidates: Candidate) -> list[str]:
    return [str(each.verdict) for each in select(candidates, thresholds=BOTH)]


@pytest.mark.parametrize(
    ("used", "help_", "expected"),
    [
        (0.75, -0.25, "kept"),
        (0.74, 3.0, "low_gain"),
        (3.0, -0.26, "unhelpful"),
        (0.74, -0.26, "low_gain"),
    ],
)
def test_a_call_is_kept_that_reaches_both_thresholds(
    used: float, help_: float, expected: str
) -> None:
    assert verdicts_of_two(two(used, help_)) == [expected]


def test_by_the_papers_rule_there_is_one_gain_and_nothing_is_unhelpful() -> None:
    [found] = select([two(3.0, 0.4)], thresholds={"Calculator": 0.5})
    assert found.verdict is Verdict.LOW_GAIN


def test_a_call_that_was_not_scored_in_full_is_not_unhelpful() -> None:
    partly = replace(candidate(), losses=Losses(4.0, 4.5))
    assert verdicts_of_two(partly) == ["low_gain"]


def test_of_two_near_places_the_stronger_call_stays_where_the_thresholds_differ() -> None:
    # Helped along to the scale of the use, they are min(2, -0.1 + 1) and min(0.95, 3 + 1).
    near = two(0.95, 3.0, position=12, token=3)
    assert verdicts_of_two(two(2.0, -0.1, token=1), near) == ["outbid", "kept"]
    assert verdicts_of_two(two(2.0, 0.0, token=1), near) == ["kept", "outbid"]


def test_of_two_calls_at_one_place_the_one_that_helps_more_stays() -> None:
    more = two(0.8, 3.0, arguments="2")
    assert verdicts_of_two(two(4.0, 2.9), more) == ["outbid", "kept"]
    assert verdicts_of_two(two(4.0, 3.0, arguments="1"), more) == ["kept", "outbid"]
    by_the_paper = select([two(4.0, 2.9), more], thresholds={"Calculator": 0.5})
    assert [str(each.verdict) for each in by_the_paper] == ["kept", "outbid"]


@given(st.floats(-9, 9), st.floats(-9, 9), st.floats(-2, 2), st.floats(-2, 2))
def test_what_reaches_both_thresholds_is_as_strong_as_the_use_has_to_be(
    used: float, help_: float, min_used: float, min_help: float
) -> None:
    losses = Losses(no_call=4.0 + help_, with_output=4.0, no_output=4.0 + used)
    thresholds = Thresholds(min_used, min_help)
    strong = thresholds.strength(losses)
    assert strong is not None
    if thresholds.is_passed(losses):
        assert strong >= min_used - 1e-9
    else:
        assert strong <= min_used + 1e-9


@given(st.lists(st.tuples(st.floats(0, 4), st.floats(0, 4), st.floats(0, 4)), min_size=2))
def test_with_equal_thresholds_the_strongest_are_those_with_the_best_gains(
    losses: list[tuple[float, float, float]],
) -> None:
    for each in losses:
        stored = Losses(*each)
        for nats in (-1, 0.1, 2.0):
            assert Thresholds.of(nats).strength(stored) == stored.gain


def test_where_any_use_will_do_the_help_decides() -> None:
    thresholds = {"Calculator": Thresholds(float("-inf"), -0.25)}
    calls = [two(-3.0, 1.0), two(5.0, 0.5, arguments="2")]
    assert [str(each.verdict) for each in select(calls, thresholds=thresholds)] == [
        "kept",
        "outbid",
    ]


def test_a_trivial_call_stays_trivial() -> None:
    assert verdicts(candidate(3.0, verdict=Verdict.TRIVIAL), candidate(1.0)) == ["trivial", "kept"]


def test_what_was_left_out_could_not_help_however_much_it_is_used() -> None:
    lowest = {"Calculator": 0.5}
    check_thresholds({"Calculator": Thresholds(-9.0, 0.5)}, lowest)
    with pytest.raises(ConfigError, match=r"cannot select with min_help -0.25, .*gain 0.5"):
        check_thresholds({"Calculator": Thresholds(0.75, -0.25)}, lowest)


def test_a_threshold_that_is_not_a_number_is_refused() -> None:
    for pair in ((float("nan"), 0.0), (0.0, float("nan"))):
        with pytest.raises(ConfigError, match="cannot be nan"):
            Thresholds(*pair)
