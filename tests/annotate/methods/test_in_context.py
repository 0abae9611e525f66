"""Calls in context: found by what demonstrations add, judged at their places, placebos beside."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.annotate.given import echo
from toolformer.annotate import AnnotateConfig, annotate, annotate_shard, make_plan
from toolformer.annotate.demonstrations import Demonstration
from toolformer.calls import PlacedCall, ToolCall
from toolformer.errors import ConfigError
from toolformer.lm.scripted.model import ScriptedCall, ScriptedLanguageModel
from toolformer.records import Candidate, Document, Verdict
from toolformer.runs.directory import Run
from toolformer.sidecar import PromptStyle, Sidecar
from toolformer.tools.base import Tool
from toolformer.tools.builtin.calculator import calculator
from toolformer.tools.toolbox import Toolbox

SUMS = ScriptedCall("Calculator", after=" =", writes=("3 + 2)", "3 * 3)", "17)"))
TEXT = "He has 3 + 2 = 5 apples and 3 * 3 = 9 pears in all."


def candidates(
    *texts: str,
    model: ScriptedLanguageModel | None = None,
    tools: Sequence[Tool] = (calculator,),
    **settings: object,
) -> list[Candidate]:
    """Returns the candidates of some texts, annotated in context as one shard."""
    documents = [Document(str(number), text) for number, text in enumerate(texts)]
    with Toolbox(tools) as toolbox:
        config = AnnotateConfig(**({"method": "in-context"} | settings))
        plan = make_plan(config, model=model or ScriptedLanguageModel([SUMS]), toolbox=toolbox)
        annotated = annotate_shard(plan, 0, documents)
    return [candidate for each in annotated for candidate in each.candidates]


def test_calls_are_judged_by_what_their_outputs_add_to_the_words_after_them() -> None:
    found = {(each.position, each.arguments): each for each in candidates(TEXT, min_used=0.5)}
    right, wrong = found[14, "3 + 2"], found[14, "3 * 3"]
    assert right.losses is not None
    assert right.losses.used == pytest.approx(1.9 / 3)  # " 5" costs .1 nats instead of 2
    assert (right.verdict, right.output) == (Verdict.KEPT, "5")
    assert (wrong.verdict, wrong.output) == (Verdict.LOW_GAIN, "9")
    assert found[35, "3 * 3"].verdict is Verdict.KEPT


def test_an_output_that_is_its_argument_or_stands_before_is_trivial() -> None:
    verdicts = {each.arguments: each.verdict for each in candidates("So 17 and 5 make = 22.")}
    assert verdicts["17"] is Verdict.TRIVIAL
    assert verdicts["3 + 2"] is Verdict.TRIVIAL  # its 5 stands there
    assert verdicts["3 * 3"] is not Verdict.TRIVIAL


def test_trivial_calls_are_not_scored() -> None:
    [trivial] = [each for each in candidates(TEXT) if each.arguments == "17"][:1]
    assert trivial.losses is not None
    assert trivial.losses.with_output is None
    assert trivial.placebo is None


def test_a_place_is_before_what_may_follow_a_call_of_the_tool() -> None:
    anywhere = ScriptedCall("Calculator", after="a", writes=("1 + 1)",))
    text = "a cat, 3 + 2, a 5, a dog"
    places = {each.position for each in candidates(text, model=ScriptedLanguageModel([anywhere]))}
    assert places == {text.index("a 5") + 1}


def test_a_place_must_gain_as_much_as_is_asked_for() -> None:
    everything = candidates(TEXT)
    gains = {each.start_gain for each in everything if each.start_gain is not None}
    assert gains
    assert candidates(TEXT, min_start_gain=min(gains) - 0.01) == everything
    assert candidates(TEXT, min_start_gain=max(gains)) == []


def test_a_placebo_is_another_calls_output() -> None:
    found = [each for each in candidates(TEXT) if each.placebo is not None]
    assert found
    for each in found:
        assert each.placebo is not None
        assert each.placebo.output != each.output
        assert each.placebo.with_output is not None


def test_what_helps_less_than_can_be_selected_is_not_scored_without_its_output() -> None:
    # The first word costs the more, the more is said before it.
    model = ScriptedLanguageModel(
        [SUMS], log_prob=lambda _, request: -1.0 - 3.0 * (request.output is not None)
    )
    harmful = [each for each in candidates(TEXT, model=model) if each.verdict is Verdict.LOW_GAIN]
    assert harmful
    assert all(each.losses and each.losses.no_output is None for each in harmful)
    assert all(each.placebo and each.placebo.with_output is None for each in harmful)
    everything = candidates(TEXT, model=model, keep_all_losses=True)
    scored = [each for each in everything if each.losses and each.losses.no_output is not None]
    assert len(scored) == len(harmful)


def test_the_start_gain_is_what_demonstrations_add() -> None:
    class Shy(ScriptedLanguageModel):
        """Makes a call rarely where nobody shows it one."""

        def read(self, requests, *, keep=True):  # type: ignore[no-untyped-def]
            trunks = super().read(requests, keep=keep)
            for request, starts in zip(requests, trunks.starts, strict=True):
                if not request.prompt.shared + request.prompt.own:
                    starts.probabilities[:] *= np.float32(0.01)
            return trunks

    found = candidates(TEXT, model=Shy([SUMS]))
    assert {round(each.start_gain or 0.0, 3) for each in found} == {round(float(np.log(100)), 3)}


def test_a_text_among_its_demonstrations_is_not_shown_itself() -> None:
    seen: list[str] = []

    class Recorded(ScriptedLanguageModel):
        def read(self, requests, *, keep=True):  # type: ignore[no-untyped-def]
            seen.extend(each.prompt.shared + each.prompt.own for each in requests)
            return super().read(requests, keep=keep)

    shown = Demonstration(TEXT, (PlacedCall(14, ToolCall("Calculator", "3 + 2"), "5"),))
    other = Demonstration("2 * 2 = 4", (PlacedCall(7, ToolCall("Calculator", "2 * 2"), "4"),))
    with Toolbox([calculator]) as toolbox:
        plan = make_plan(
            AnnotateConfig(), model=Recorded([SUMS]), toolbox=toolbox, demonstrations=[shown, other]
        )
        annotate_shard(plan, 0, [Document("same", TEXT), Document("else", "So 1 + 1 = 2.")])
    asked = sorted({prompt for prompt in seen if prompt})
    rendered = "2 * 2 = [Calculator(2 * 2) -> 4] 4\n\n"
    assert asked == [rendered, f"{shown.render(plan.model.grammar)}\n\n{rendered}"]


def test_rounds_show_what_was_kept_before(tmp_path: Path) -> None:
    texts = ["He has 3 + 2 = 5 apples.", "She has 3 * 3 = 9 pears."]
    config = AnnotateConfig(method="in-context", rounds=2, min_used=0.5)
    run = annotate(
        texts,
        model=ScriptedLanguageModel([SUMS]),
        tools=[calculator],
        out=tmp_path / "run",
        config=config,
    )
    first = Run.open(tmp_path / "run" / "rounds" / "1")
    assert first.is_complete
    assert run.is_complete
    assert run.manifest.tools[0].shown != first.manifest.tools[0].shown
    whole = (tmp_path / "run" / "manifest.json").read_bytes()
    again = annotate(
        texts,
        model=ScriptedLanguageModel([SUMS]),
        tools=[calculator],
        out=tmp_path / "run",
        config=config,
    )
    assert (again.path / "manifest.json").read_bytes() == whole


def test_several_rounds_need_a_corpus_that_can_be_read_again(tmp_path: Path) -> None:
    options = {"model": ScriptedLanguageModel([SUMS]), "tools": [calculator], "out": tmp_path}
    with pytest.raises(ConfigError, match="a generator or standard input"):
        annotate(iter([TEXT]), config={"rounds": 2}, **options)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="cannot be divided"):
        annotate([TEXT], config={"rounds": 2}, shards=[0], **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"method": "paper", "nearest": 2}, "nearest is for annotating in context"),
        ({"method": "paper", "rounds": 2}, "rounds is for annotating in context"),
        ({"method": "in-context", "prompt_style": "brief"}, "does not ask by the prompt style"),
        ({"loss_context": "inline"}, "in context a call is scored at its place"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(
    settings: dict[str, object], sentence: str
) -> None:
    with pytest.raises(ConfigError, match=sentence):
        candidates(TEXT, **{"method": "in-context"} | settings)  # type: ignore[arg-type]


def test_exemplars_are_shown_to_a_model_that_was_taught_to_be_asked_otherwise(
    tmp_path: Path,
) -> None:
    taught = ScriptedLanguageModel([SUMS], sidecar=Sidecar(prompt_style=PromptStyle.BRIEF))
    (tmp_path / "mine.txt").write_text("So 1 + 1 = [Calculator(1 + 1)] 2.")
    with Toolbox([calculator]) as toolbox:
        usual = make_plan(AnnotateConfig(), model=taught, toolbox=toolbox)
        shown = make_plan(
            AnnotateConfig(exemplars=tmp_path / "mine.txt"), model=taught, toolbox=toolbox
        )
        given = make_plan(
            AnnotateConfig(),
            model=taught,
            toolbox=toolbox,
            demonstrations=shown.all_demonstrations,
        )
        with pytest.raises(ConfigError, match="The setting demonstrations is for annotating in"):
            make_plan(
                AnnotateConfig(method="paper"), model=taught, toolbox=toolbox, demonstrations=[]
            )
    found = [each.is_in_context for each in (usual, shown, given)]
    assert found == [False, True, True]


def test_a_tool_that_nothing_shows_is_refused_with_the_way_out() -> None:
    from dataclasses import replace

    bare = replace(echo, exemplars=())
    with pytest.raises(ConfigError, match=r"no text that shows a call of Echo.*--exemplars"):
        candidates(TEXT, tools=[bare])
