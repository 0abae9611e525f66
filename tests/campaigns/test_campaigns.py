"""A small draw of every campaign; `make campaigns` makes the large ones."""

import pytest

from tests.campaigns.__main__ import NAMES, trials_of

FEW = 6  # of each


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_trial_of_a_campaign_holds(name: str) -> None:
    trials = trials_of(name, trials=FEW, seed=2)
    assert trials
    assert [each for each in trials if each.fault] == []
