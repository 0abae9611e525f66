"""The settings of a pretraining run."""

import pytest

from toolformer.errors import ConfigError
from toolformer.pretrain.config import PretrainConfig, SourceConfig, StageConfig

SOURCE = SourceConfig(name="a", weight=1, corpus="a.txt")
STAGES = (StageConfig(steps=6, rows=1, length=8), StageConfig(steps=4, rows=2, length=16))


def test_a_step_belongs_to_the_stage_that_its_number_falls_into() -> None:
    config = PretrainConfig(mixture=(SOURCE,), stages=STAGES)
    assert [config.stage_at(step).length for step in (0, 5, 6, 9)] == [8, 8, 16, 16]
    assert config.steps == 10


def test_the_rate_warms_up_stays_and_falls_to_almost_nothing() -> None:
    config = PretrainConfig(mixture=(SOURCE,), stages=STAGES, warmup_steps=2, decay_fraction=0.4)
    rates = [config.rate_at(step) for step in range(10)]
    assert rates == [0.5, 1, 1, 1, 1, 1, 1, 0.75, 0.5, 0.25]


def test_a_row_longer_than_the_context_is_refused() -> None:
    with pytest.raises(ConfigError, match="rows of 2048 tokens, the model a context of 1024"):
        PretrainConfig(mixture=(SOURCE,), stages=(StageConfig(steps=1, rows=1, length=2048),))


def test_a_source_has_a_corpus_or_a_generator_and_not_both() -> None:
    with pytest.raises(ConfigError, match="needs either a corpus or a generator"):
        SourceConfig(name="a", weight=1)
    with pytest.raises(ConfigError, match="needs either a corpus or a generator"):
        SourceConfig(name="a", weight=1, corpus="a.txt", generator="a.py:f")


def test_two_sources_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigError, match="share a name"):
        PretrainConfig(mixture=(SOURCE, SOURCE), stages=STAGES)
