"""The flow loses no call: what leaves a stage arrives at the next one or at a verdict."""

import re

import pytest

from toolformer.records import Verdict
from toolformer.report.flow import STAGES, WIDTH, flow_of

COUNTS = {
    "Calculator": {"kept": 40, "low_gain": 30, "tool_error": 20, "outbid": 6, "unreadable": 4},
    "Calendar": {"kept": 1, "peeks": 9, "pruned": 500},
}


def test_what_leaves_a_stage_arrives() -> None:
    flow = flow_of(COUNTS)
    assert flow is not None
    assert flow.total == 110
    stages = {node.name: node.count for node in flow.nodes if not node.is_end}
    assert stages == {
        "proposed": 110, "a call": 106, "answered": 86, "of use": 77, "gains enough": 47, "kept": 41
    }  # fmt: skip
    ends = {node.name: node.count for node in flow.nodes if node.is_end}
    assert ends == {
        "unreadable": 4, "tool_error": 20, "peeks": 9, "low_gain": 30, "outbid": 6
    }  # fmt: skip
    assert stages["proposed"] - sum(ends.values()) == stages["kept"]


def test_every_verdict_but_pruned_ends_a_stage() -> None:
    ending = [verdict for _, verdicts in STAGES for verdict in verdicts]
    assert sorted(ending) == sorted(set(Verdict) - {Verdict.KEPT, Verdict.PRUNED})


def test_a_band_is_as_high_as_its_share_and_stays_in_the_drawing() -> None:
    flow = flow_of(COUNTS)
    assert flow is not None
    titles = [band.title for band in flow.bands]
    assert "Calculator: 20 tool error" in titles
    heights = {node.name: node.height for node in flow.nodes}
    assert heights["low_gain"] == pytest.approx(heights["proposed"] * 30 / 110, abs=0.02)
    for band in flow.bands:
        numbers = [float(each) for each in re.findall(r"-?\d+\.\d", band.path)]
        assert all(0 <= each <= max(WIDTH, flow.height) for each in numbers)
    assert all(node.y + node.height < flow.height for node in flow.nodes)


def test_stages_that_lose_nothing_are_left_out() -> None:
    flow = flow_of({"Echo": {"kept": 3}})
    assert flow is not None
    assert [node.name for node in flow.nodes] == ["proposed", "kept"]


def test_without_a_call_there_is_nothing_to_draw() -> None:
    assert flow_of({"Echo": {"pruned": 7}}) is None
    assert flow_of({}) is None
