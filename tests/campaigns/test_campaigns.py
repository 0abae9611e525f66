"""A small draw of every campaign; `make campaigns` makes the large ones."""

from importlib import import_module

import pytest

from tests.campaigns.__main__ import NAMES, trials_of

FEW = 6  # of each that does not say so itself


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_trial_of_a_campaign_holds(name: str) -> None:
    module = import_module(f"tests.campaigns.{name}")
    for library in getattr(module, "NEEDS", ()):
        pytest.importorskip(library)
    trials = trials_of(name, trials=getattr(module, "FEW", FEW), seed=2)
    assert trials
    assert [each for each in trials if each.fault] == []
