"""What a run leaves open is resolved once, and stands in the manifest."""

import json
from dataclasses import replace

import pytest

from tests.annotate.given import echo
from toolformer.annotate import AnnotateConfig, Plan, make_plan
from toolformer.errors import ConfigError
from toolformer.lm.scripted.model import ScriptedLanguageModel
from toolformer.runs.thresholds import Thresholds
from toolformer.sidecar import PromptStyle, Sidecar
from toolformer.tools.base import Tool
from toolformer.tools.builtin.calculator import calculator
from toolformer.tools.toolbox import Toolbox

BRIEF = Sidecar(prompt_style=PromptStyle.BRIEF)


def resolved(
    *tools: Tool, max_length: int = 1024, sidecar: Sidecar = BRIEF, **settings: object
) -> Plan:
    model = ScriptedLanguageModel(max_length=max_length, sidecar=sidecar)
    with Toolbox(tools or (calculator,)) as toolbox:
        return make_plan(AnnotateConfig(**settings), model=model, toolbox=toolbox)


def test_a_window_leaves_room_for_the_prompt_two_copies_and_a_call() -> None:
    # "Tool: Calculator(expression)\n" has 7 tokens, " [Calculator(" 3; 64 are for arguments, 32 to
    # spare.
    assert resolved().window_tokens == (1024 - 7 - 3 - 64 - 32) // 2
    assert resolved().overlap_tokens == resolved().window_tokens // 4


def test_a_model_that_reads_much_gets_windows_of_a_thousand_tokens() -> None:
    assert resolved(max_length=100_000).window_tokens == 1024


def test_the_tool_with_the_longest_prompt_decides_for_all() -> None:
    talkative = replace(echo, description="word " * 600)
    few_shot = Sidecar(prompt_style=PromptStyle.FEW_SHOT)
    alone = resolved(calculator, sidecar=few_shot)
    together = resolved(calculator, talkative, sidecar=few_shot)
    assert alone.window_tokens > together.window_tokens


def test_a_window_that_does_not_fit_is_refused_with_the_way_out() -> None:
    with pytest.raises(ConfigError, match=r"windows of 459 tokens, not for 500\. Use a model"):
        resolved(window_tokens=500)
    few_shot = Sidecar(prompt_style=PromptStyle.FEW_SHOT)
    with pytest.raises(ConfigError, match=r"too few\. Use --prompt-style brief"):
        resolved(max_length=150, sidecar=few_shot)


def test_an_overlap_of_more_than_half_a_window_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"overlap_tokens 60 .* Choose at most 50"):
        resolved(window_tokens=100, overlap_tokens=60)


def test_a_run_without_a_tool_is_refused() -> None:
    with Toolbox([]) as toolbox, pytest.raises(ConfigError, match="no tool"):
        make_plan(AnnotateConfig(), model=ScriptedLanguageModel(), toolbox=toolbox)


def test_the_sidecar_says_which_prompt_the_model_wants_unless_the_user_does() -> None:
    assert resolved().prompts.style is PromptStyle.BRIEF
    assert resolved(prompt_style="none").prompts.style is PromptStyle.NONE
    assert resolved(sidecar=Sidecar()).prompts.style is PromptStyle.FEW_SHOT


def test_the_sidecar_says_which_threshold_suits_the_model() -> None:
    taught = replace(BRIEF, gain_threshold=0.4, gain_thresholds={"Echo": 0.7})
    assert resolved(calculator, echo, sidecar=taught).selecting == {
        "Calculator": Thresholds(0.4, 0.4),
        "Echo": Thresholds(0.7, 0.7),
    }


def test_the_sidecar_says_how_many_places_and_samples_suit_the_model() -> None:
    taught = replace(BRIEF, min_prob=0.05, max_positions=8, samples=2)
    found = resolved(calculator, sidecar=taught).thresholds["Calculator"]
    assert (found.min_prob, found.max_positions, found.samples) == (0.05, 8, 2)


def test_the_manifest_says_everything_that_the_shards_follow_from() -> None:
    plan = resolved(calculator, seed=7, samples=3, gain_threshold=0.75)
    manifest = plan.manifest({"name": "c.jsonl"})
    [tool] = manifest.tools
    assert (tool.name, tool.samples, tool.thresholds) == ("Calculator", 3, Thresholds.of(0.75))
    assert (tool.max_positions, tool.min_prob, tool.prune_below) == (20, 0.0, 0.5)
    assert manifest.config["seed"] == 7
    assert manifest.config["window_tokens"] == plan.window_tokens
    assert manifest.config["overlap_tokens"] == plan.overlap_tokens
    assert manifest.config["prompt_style"] == "brief"
    assert manifest.model.batch_tokens == plan.model.batch_tokens
    assert manifest.grammar == {"open": " [", "arrow": " ->", "close": "]"}
    json.dumps(manifest.to_dict())


def test_a_tool_that_is_shown_otherwise_makes_another_run() -> None:
    one = resolved(echo).manifest({"name": "c"})
    other = resolved(replace(echo, description="Something else.")).manifest({"name": "c"})
    assert one.fingerprint != other.fingerprint


def test_a_plan_shows_what_it_tries_and_how() -> None:
    assert repr(resolved(calculator, echo)) == (
        "<Plan: scripted tries Calculator, Echo in windows of 459 tokens, prompt style brief>"
    )
