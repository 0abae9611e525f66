"""Gains are counted in bins: of calls by their verdict, and of placebos beside them."""

from dataclasses import replace

from tests.runs.placebos import call
from toolformer.records import Verdict
from toolformer.report.gains import GainCounter, bin_of
from toolformer.runs.thresholds import Thresholds


def test_what_is_used_is_counted_where_the_thresholds_differ() -> None:
    counter = GainCounter({"Calculator": Thresholds(0.75, -0.25)}, allow_peeking=False)
    counter.add(
        [
            call(3, 1.0, 0.5, placebo=(0.25, -0.25), verdict=Verdict.KEPT),
            call(9, 0.5, 0.5, verdict=Verdict.LOW_GAIN),
            call(12, 9.0, 9.0, verdict=Verdict.PEEKS),
            replace(call(20, 1.0, 1.0), losses=None, verdict=Verdict.TOOL_ERROR),
        ]
    )
    gains = counter.gains()["Calculator"]
    assert (gains.threshold, gains.is_used, gains.calls) == (0.75, True, 2)
    assert gains.kept == {bin_of(1.0): 1}
    assert gains.others == {bin_of(0.5): 1}
    assert gains.placebos == {bin_of(0.25): 1}


def test_by_the_paper_s_rule_it_is_the_lesser_gain() -> None:
    counter = GainCounter({"Calculator": Thresholds(0.5, 0.5)}, allow_peeking=True)
    counter.add(
        [call(3, 1.0, 0.75, verdict=Verdict.KEPT), call(9, 2.0, 2.0, verdict=Verdict.PEEKS)]
    )
    gains = counter.gains()["Calculator"]
    assert not gains.is_used
    assert gains.kept == {bin_of(0.75): 1}
    assert gains.others == {bin_of(2.0): 1}
