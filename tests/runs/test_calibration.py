"""The threshold that lets one placebo in a hundred pass, and the run that is read with it."""

import json
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.runs.placebos import AUTO, CALIBRATED, call, document, documents, write_calibrated
from tests.runs.test_directory import contents
from toolformer.errors import RunError
from toolformer.records import AnnotatedDocument, Losses, Placebo, Verdict
from toolformer.runs.calibration import Calibration, Placebos, calibrate
from toolformer.runs.directory import Run
from toolformer.runs.reading import count_by_threshold, read_selected
from toolformer.runs.thresholds import Thresholds
from toolformer.runs.writer import RunWriter

PROVISIONAL = Thresholds(0.75, -0.25)


def calibrated(pairs: list[tuple[float, float]]) -> Calibration:
    return calibrate(pairs, thresholds=PROVISIONAL)


def test_two_of_two_hundred_pass_and_a_third_does_not() -> None:
    found = calibrated([(number / 128, 0.0) for number in range(200)])
    # 199/128 = 1.5547 and 198/128 = 1.5469 pass; above 197/128 = 1.5391 comes 1.54.
    assert (found.min_used, found.min_help, found.placebos_passed) == (1.54, -0.25, 2)
    assert not found.is_provisional


def test_placebos_that_do_not_help_enough_pass_no_threshold_and_count_among_all() -> None:
    helping = [(float(number), 0.0) for number in range(3)]
    found = calibrated(helping + [(50.0, -0.5)] * 197)
    assert (found.min_used, found.placebos_passed) == (0.01, 2)


def test_placebos_that_were_not_scored_do_not_pass_and_count_among_all() -> None:
    pairs = [(number / 8, 0.0) for number in range(200)]
    alone = calibrate(pairs, thresholds=PROVISIONAL)
    found = calibrate(pairs, unscored=100, thresholds=PROVISIONAL)
    assert (alone.placebos_passed, found.placebos_passed) == (2, 3)
    assert (found.placebos, found.unscored, len(found.pairs)) == (300, 100, 200)
    assert found.share_passed(found.thresholds) == pytest.approx(0.01)


def test_placebos_are_collected_of_calls_about_which_losses_decide() -> None:
    hopeless = replace(call(3, 1.0, 1.0), placebo=Placebo("17"), losses=Losses(8.0, 11.0))
    judged = [hopeless, call(9, 2.0, 2.0, placebo=(1.0, 1.0))]
    barred = [replace(each, verdict=Verdict.TRIVIAL) for each in judged]
    placebos = Placebos(allow_peeking=False)
    placebos.add([document("a", judged), document("b", barred)])
    found = placebos.calibrate([AUTO])["Calculator"]
    assert (found.placebos, found.unscored, len(found.pairs)) == (2, 1, 1)


def test_of_equal_placebos_all_pass_or_none() -> None:
    found = calibrated([(1.25, 0.0)] * 5 + [(0.5, 0.0)] * 195)
    assert (found.min_used, found.placebos_passed) == (1.26, 0)


def test_a_threshold_is_not_below_zero() -> None:
    assert calibrated([(-2.0, 1.0)] * 300).min_used == 0.0
    assert calibrated([(5.0, -1.0)] * 300).min_used == 0.0


@pytest.mark.parametrize(("count", "expected"), [(0, 0.75), (1, 0.75), (99, 0.75)])
def test_few_placebos_do_not_lower_the_provisional_threshold(count: int, expected: float) -> None:
    found = calibrated([(0.5, 0.0)] * count)
    assert (found.min_used, found.placebos, found.is_provisional) == (expected, count, True)


def test_few_placebos_raise_it_until_none_passes() -> None:
    found = calibrated([(2.0, 0.0), (0.1, 0.0)])
    assert (found.min_used, found.placebos_passed) == (2.01, 0)


def test_thresholds_that_were_given_are_not_changed() -> None:
    found = calibrate([(2.0, 0.0)] * 200, thresholds=PROVISIONAL, is_fixed=True)
    assert (found.thresholds, found.placebos_passed) == (PROVISIONAL, 200)


PAIRS = st.lists(
    st.tuples(st.floats(-4, 4, width=32), st.floats(-1, 1, width=32)), min_size=100, max_size=400
)


@given(PAIRS)
def test_it_is_the_least_step_at_which_one_in_a_hundred_passes(
    pairs: list[tuple[float, float]],
) -> None:
    def passing(min_used: float) -> int:
        return sum(used >= min_used and help_ >= -0.25 for used, help_ in pairs)

    found = calibrated(pairs).min_used
    assert passing(found) <= len(pairs) // 100
    below = (round(found * 100) - 1) / 100
    assert found == 0.0 or passing(below) > len(pairs) // 100


@given(PAIRS, st.randoms())
def test_the_order_of_placebos_does_not_matter(
    pairs: list[tuple[float, float]], draw: random.Random
) -> None:
    shuffled = list(pairs)
    draw.shuffle(shuffled)
    assert calibrated(pairs) == calibrated(shuffled)


def test_of_many_placebos_some_are_stored_by_which_shares_can_be_told() -> None:
    pairs = [(number / 4096, 0.0) for number in range(4097)]
    found = calibrated(pairs)
    assert len(found.pairs) == 500
    assert (found.pairs[0], found.pairs[-1]) == (pairs[0], pairs[-1])
    for used in (0.1, 0.5, 0.9, 0.99):
        share = found.share_passed(Thresholds(used, -0.25))
        assert share == pytest.approx(1 - used, abs=0.003)
    assert found.share_passed(Thresholds(0.1, 0.1)) == 0.0
    assert calibrated([]).share_passed(PROVISIONAL) is None


def test_only_the_placebos_of_calls_that_could_be_kept_count() -> None:
    barred = [
        call(3 * n, 2.0, 2.0, placebo=(1.0, 1.0), verdict=verdict)
        for n, verdict in enumerate((Verdict.TRIVIAL, Verdict.PEEKS, Verdict.KEPT))
    ]
    for allow_peeking, count in ((False, 1), (True, 2)):
        placebos = Placebos(allow_peeking=allow_peeking)
        placebos.add([document("a", barred)])
        assert placebos.calibrate([AUTO])["Calculator"].placebos == count


def kept(run: Run) -> list[int]:
    return [int(each.document.id) for each in run.documents() if each.kept]


def test_a_finished_run_is_read_with_its_calibrated_thresholds(tmp_path: Path) -> None:
    run = write_calibrated(tmp_path, documents(), [0, 1, 2, 3]).finish()
    assert run.thresholds == {"Calculator": Thresholds(1.54, -0.25)}
    # A call uses its output by 1 more than its placebo: from 0.54 = 69.12/128 on.
    assert kept(run) == list(range(70, 200))
    counts = run.stats().tools["Calculator"]
    assert counts.verdicts == {"kept": 130, "low_gain": 70}
    assert run.calibration()["Calculator"].placebos == 200
    assert [each.kept for each in read_selected(run)] == [each.kept for each in run.documents()]
    assert not run.is_provisional


def test_its_shards_keep_the_provisional_verdicts(tmp_path: Path) -> None:
    run = write_calibrated(tmp_path, documents(), [0, 1, 2, 3]).finish()
    stored: Counter[str] = Counter()
    for shard in range(4):
        for annotated in run.read(shard):
            stored.update(str(each.verdict) for each in annotated.candidates)
    assert stored == {"kept": 200}


def test_an_unfinished_run_is_read_with_the_provisional_thresholds(tmp_path: Path) -> None:
    write_calibrated(tmp_path, documents(), [0, 2])
    run = Run.open(tmp_path, incomplete=True)
    assert run.is_provisional
    assert run.thresholds == {"Calculator": PROVISIONAL}
    assert (len(kept(run)), run.stats().tools["Calculator"].kept) == (100, 100)
    assert run.calibration() == {}


def test_whoever_finishes_a_run_calibrates_it_on_all_shards(tmp_path: Path) -> None:
    write_calibrated(tmp_path / "whole", documents(), [0, 1, 2, 3]).finish()
    first = write_calibrated(tmp_path / "shared", documents(), [3])
    second = write_calibrated(tmp_path / "shared", documents(), [0])
    assert not first.finish(shards=4).is_complete
    second.write(2, documents()[100:150])
    third = RunWriter(tmp_path / "shared", CALIBRATED)
    third.keep(0, [each.document for each in documents()[:50]])
    third.write(1, documents()[50:100])
    assert third.finish(shards=4).is_complete
    assert contents(tmp_path / "shared") == contents(tmp_path / "whole")
    again = RunWriter(tmp_path / "shared", CALIBRATED)
    again.finish(shards=4)
    assert contents(tmp_path / "shared") == contents(tmp_path / "whole")


def test_a_run_that_lost_a_shard_keeps_the_thresholds_it_was_finished_with(tmp_path: Path) -> None:
    write_calibrated(tmp_path, documents(), [0, 1, 2, 3]).finish()
    (tmp_path / "shards" / "00003.parquet").unlink()
    run = Run.open(tmp_path, incomplete=True)
    assert kept(run) == list(range(70, 150))
    assert run.stats().tools["Calculator"].kept == 80


def test_thresholds_that_were_given_are_kept_beside_the_placebos(tmp_path: Path) -> None:
    fixed = replace(CALIBRATED, tools=[replace(AUTO, calibrated=False)])
    writer = RunWriter(tmp_path, fixed)
    writer.write(0, documents()[:50])
    run = writer.finish()
    assert run.thresholds == {"Calculator": PROVISIONAL}
    assert run.calibration()["Calculator"].placebos == 50
    assert len(kept(run)) == 50


def test_a_run_without_placebos_has_no_calibration_in_its_stats(tmp_path: Path) -> None:
    fixed = replace(CALIBRATED, tools=[replace(AUTO, calibrated=False)])
    writer = RunWriter(tmp_path, fixed)
    writer.write(0, [document("a", [call(3, 2.0, 2.0)])])
    writer.finish()
    assert "calibration" not in json.loads((tmp_path / "stats.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({}, "calibration: it has none of Calculator"),
        ({"Calculator": {"min_used": 1.0}}, "calibration.Calculator.min_help"),
        ({"Calculator": {"min_used": "1"}}, "calibration.Calculator.min_used"),
        ({"Calculator": {"pairs": [[1.0]]}}, "calibration.Calculator"),
        (5, "calibration"),
    ],
)
def test_a_calibration_that_no_run_has_is_refused_by_its_field(
    tmp_path: Path, change: object, field: str
) -> None:
    run = write_calibrated(tmp_path, documents(), [0, 1, 2, 3]).finish()
    path = tmp_path / "stats.json"
    values = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(values | {"calibration": change}), encoding="utf-8")
    with pytest.raises(RunError, match=rf"stats\.json' cannot be read \({field}"):
        _ = run.thresholds


def test_both_numbers_are_swept_without_the_model(tmp_path: Path) -> None:
    texts = [document(str(n), [call(3, n / 4, 1.0 - n / 4)]) for n in range(8)]
    run = write_calibrated(tmp_path, texts, [0]).finish()

    def chosen(*args: object, **options: float) -> list[str]:
        selected = read_selected(run, *args, **options)  # type: ignore[arg-type]
        return [each.document.id for each in selected if each.kept]

    assert chosen() == ["3", "4", "5"]
    assert chosen(0.5) == ["2"]
    assert chosen(min_used=1.0) == ["4", "5"]
    assert chosen(min_help=-0.5) == ["3", "4", "5", "6"]
    assert chosen(0.5, min_help=0.25) == ["2", "3"]
    assert chosen({"calculator": Thresholds(1.5, -0.75)}) == ["6", "7"]
    counted = count_by_threshold(run, [0.5, Thresholds(1.5, -0.75)])
    assert [each and each.documents_kept for each in counted.values()] == [1, 2]


def test_an_unhelpful_call_has_its_counter(tmp_path: Path) -> None:
    texts: list[AnnotatedDocument] = [document("a", [call(3, 2.0, -1.0)])]
    trivial = call(3, 2.0, 2.0, verdict=Verdict.TRIVIAL)
    texts.append(document("b", [trivial]))
    run = write_calibrated(tmp_path, texts, [0]).finish()
    assert run.stats().tools["Calculator"].verdicts == {"trivial": 1, "unhelpful": 1}
