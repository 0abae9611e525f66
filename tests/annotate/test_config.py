"""Whose number counts: the tool's, the model's, the run's, or the run's for one tool."""

from dataclasses import replace
from pathlib import Path

import pytest

from toolformer.annotate.config import AnnotateConfig, ToolConfig, ToolThresholds, resolve
from toolformer.errors import ConfigError
from toolformer.tools.base import Tool
from toolformer.tools.decorator import tool


@tool(name="Echo", min_prob=0.2, gain_threshold=0.8, max_positions=3, samples=4)
def echo(text: str) -> str:
    """Says it again."""
    return text


OTHER = replace(echo, name="Other", gain_threshold=0.3)


def settled(
    config: AnnotateConfig,
    *,
    of: Tool = echo,
    model: ToolConfig | None = None,
    in_context: bool = False,
) -> ToolThresholds:
    suited = None if model is None else {"Echo": model}
    found = resolve(config, [echo, OTHER], model_settings=suited, in_context=in_context)
    return found[of.name]


def in_context(**settings: object) -> ToolThresholds:
    return settled(AnnotateConfig(**settings), in_context=True)


def test_in_context_placebos_decide_unless_a_number_is_given() -> None:
    assert in_context() == ToolThresholds(
        min_prob=0.0,
        min_used=0.75,
        min_help=-0.75,
        max_positions=12,
        samples=4,
        prune_below=-2.0,
        is_calibrated=True,
    )
    assert in_context(gain_threshold="auto") == in_context()


def test_one_number_is_both_thresholds_and_each_can_be_set_alone() -> None:
    both = in_context(gain_threshold=0.5)
    assert (both.min_used, both.min_help, both.is_calibrated) == (0.5, 0.5, False)
    used = in_context(min_used=1.25)
    assert (used.min_used, used.min_help, used.is_calibrated) == (1.25, -0.75, False)
    helped = in_context(min_help=0.0)
    assert (helped.min_used, helped.min_help, helped.is_calibrated) == (0.75, 0.0, True)


def test_in_context_what_helps_too_little_is_left_out_unless_all_losses_are_kept() -> None:
    assert in_context(min_help=-3.0).prune_below == -3.0
    assert in_context(keep_all_losses=True).prune_below is None
    with pytest.raises(ConfigError, match=r"Echo: min_help -0.75 is below prune_below 0"):
        in_context(prune_below=0.0)


def test_the_papers_way_has_no_placebos() -> None:
    with pytest.raises(ConfigError, match="no placebos are scored in the paper's way"):
        settled(AnnotateConfig(gain_threshold="auto"))


def test_a_tools_own_numbers_count_when_nobody_says_otherwise() -> None:
    assert settled(AnnotateConfig()) == ToolThresholds(
        min_prob=0.2,
        min_used=0.8,
        min_help=0.8,
        max_positions=3,
        samples=4,
        prune_below=0.5,
    )


def test_what_suits_the_model_goes_before_the_tools_own() -> None:
    model = ToolConfig(gain_threshold=0.4, min_prob=0.1, max_positions=8, samples=2)
    assert settled(AnnotateConfig(), model=model) == ToolThresholds(
        min_prob=0.1,
        min_used=0.4,
        min_help=0.4,
        max_positions=8,
        samples=2,
        prune_below=0.4,
    )
    assert settled(AnnotateConfig(), of=OTHER, model=model).min_used == 0.3


def test_the_runs_numbers_go_before_the_models() -> None:
    config = AnnotateConfig(gain_threshold=0.6, max_positions=7)
    numbers = settled(config, model=ToolConfig(gain_threshold=0.4))
    assert (numbers.min_help, numbers.max_positions, numbers.samples) == (0.6, 7, 4)


def test_the_runs_numbers_for_one_tool_go_first_in_any_case_of_its_name() -> None:
    config = AnnotateConfig(samples=2, tools={"ECHO": ToolConfig(samples=9)})
    assert settled(config).samples == 9
    assert settled(config, of=OTHER).samples == 2


def test_zero_is_a_number_that_was_given() -> None:
    assert settled(AnnotateConfig(min_prob=0.0)).min_prob == 0.0


def test_by_default_pruning_is_below_half_a_nat_or_the_threshold() -> None:
    assert settled(AnnotateConfig(), of=OTHER).prune_below == 0.3
    assert settled(AnnotateConfig(gain_threshold=3.0)).prune_below == 0.5


def test_pruning_above_a_threshold_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match=r"Other: gain_threshold 0.3 is below prune_below 0.7"):
        settled(AnnotateConfig(prune_below=0.7))


def test_only_a_run_that_keeps_all_losses_can_have_any_threshold() -> None:
    everything = AnnotateConfig(gain_threshold=-9.0, prune_below=0, keep_all_losses=True)
    assert settled(everything).min_help == -9.0
    for others in ({"keep_all_losses": False}, {"prune_below": 0.1}):
        with pytest.raises(ConfigError, match="gain_threshold -9 is below prune_below"):
            settled(everything.override(**others))


def test_numbers_for_an_unknown_tool_are_refused_with_the_near_names() -> None:
    with pytest.raises(ConfigError, match=r"'eco'.*Did you mean 'Echo'\?"):
        settled(AnnotateConfig(tools={"eco": ToolConfig(samples=2)}))


def test_the_numbers_come_in_the_order_of_the_tools() -> None:
    assert list(resolve(AnnotateConfig(), [OTHER, echo])) == ["Other", "Echo"]


def test_a_yaml_file_holds_the_same_settings(tmp_path: Path) -> None:
    file = tmp_path / "run.yaml"
    file.write_text("seed: 3\nloss_context: inline\ntools: {echo: {gain_threshold: 0.5}}\n")
    config = AnnotateConfig.from_yaml(file)
    assert (config.seed, config.loss_context) == (3, "inline")
    assert settled(config).min_used == 0.5


@pytest.mark.parametrize(
    ("setting", "value"),
    [("min_prob", 1.0), ("samples", 0), ("temperature", -1), ("loss_context", "suffix")],
)
def test_a_value_that_cannot_be_is_named(setting: str, value: object) -> None:
    with pytest.raises(ConfigError, match=f"'{setting}' cannot be {value!r}"):
        AnnotateConfig(**{setting: value})
