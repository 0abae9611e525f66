"""How many placebos pass at each of some thresholds, and how many kept calls are false by that."""

from pathlib import Path

import pytest

from tests.runs.placebos import call, document, documents, write_calibrated
from toolformer.errors import ConfigError
from toolformer.records import Verdict
from toolformer.runs.sweep import FalsePositives, PassCounter, sweep
from toolformer.runs.thresholds import Thresholds


def test_each_threshold_counts_placebos_and_calls(tmp_path: Path) -> None:
    run = write_calibrated(tmp_path, documents(), [0, 1, 2, 3]).finish()
    strict, loose = Thresholds(1.5, -0.25), Thresholds(0.5, -0.25)
    found = sweep(run, [{"Calculator": strict}, {"Calculator": loose}])
    assert found == {
        "Calculator": [
            FalsePositives(
                thresholds=strict,
                placebos=200,
                placebos_passed=8,
                calls=200,
                calls_passed=136,
                kept=136,
            ),
            FalsePositives(
                thresholds=loose,
                placebos=200,
                placebos_passed=136,
                calls=200,
                calls_passed=200,
                kept=200,
            ),
        ]
    }
    assert found["Calculator"][0].share == 0.04
    assert found["Calculator"][0].expected_false == pytest.approx(8.0)  # 4 % of 200 calls


def test_what_was_outbid_passes_and_is_not_kept_and_what_is_barred_does_neither(
    tmp_path: Path,
) -> None:
    calls = [
        call(3, 2.0, 2.0, placebo=(1.0, 1.0)),
        call(5, 3.0, 3.0),
        call(20, 9.0, 9.0, verdict=Verdict.TRIVIAL, placebo=(8.0, 8.0)),
        call(30, 9.0, 9.0, verdict=Verdict.PEEKS, placebo=(8.0, 8.0)),
    ]
    run = write_calibrated(tmp_path, [document("a", calls)], [0]).finish()
    thresholds = {"Calculator": Thresholds(1.0, 0.0)}
    [row] = sweep(run, [thresholds])["Calculator"]
    assert (row.calls, row.calls_passed, row.kept) == (2, 2, 1)
    assert (row.placebos, row.placebos_passed) == (1, 1)
    assert row.expected_false == 1.0
    [peeking] = sweep(run, [thresholds], allow_peeking=True)["Calculator"]
    assert (peeking.calls, peeking.placebos) == (3, 2)


def test_without_placebos_nothing_is_said_of_false_calls() -> None:
    none = FalsePositives(thresholds=Thresholds(1.0, 0.0), calls=5, calls_passed=3, kept=3)
    assert none.share is none.expected_false is None


def test_no_more_calls_are_false_than_are_kept() -> None:
    row = FalsePositives(
        thresholds=Thresholds(0.0, 0.0),
        placebos=10,
        placebos_passed=9,
        calls=100,
        calls_passed=20,
        kept=15,
    )
    assert row.expected_false == 15.0
    nothing = FalsePositives(thresholds=Thresholds(9.0, 0.0), placebos=10, calls=100)
    assert nothing.expected_false == 0.0


def test_a_threshold_that_the_run_cannot_answer_for_is_refused(tmp_path: Path) -> None:
    from tests.runs.test_directory import write_all

    run = write_all(tmp_path).finish()
    low = {"Calculator": Thresholds(1.0, 0.0), "Calendar": Thresholds(1.0, 0.5)}
    with pytest.raises(ConfigError, match=r"Calculator: cannot select with min_help 0,"):
        sweep(run, [low])


def test_texts_are_counted_once_however_many_of_their_calls_are_kept() -> None:
    counter = PassCounter([{"Calculator": Thresholds(1.0, 0.0)}], allow_peeking=False)
    for candidates in (
        [call(3, 2.0, 2.0), call(20, 2.0, 2.0)],
        [call(3, 2.0, 2.0)],
        [call(3, 0.5, 2.0)],
    ):
        counter.add(candidates)
    assert [each.kept for each in counter.counts("Calculator")] == [3]
    assert counter.texts_kept("Calculator") == [2]
