"""What lm-eval asks of a model; and one small task of it, where it is installed."""

import json
import math
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from tests.evaluate.scripts import caller, guesser
from tests.lm.scripts import LONG
from tests.models import save_model, startless_tokenizer
from toolformer.errors import ConfigError
from toolformer.evaluate.harness import HarnessAnswers, Scored, harness_model
from toolformer.infer.live_tools import LiveTools
from toolformer.lm.base import LossRequest
from toolformer.lm.hf.model import load
from toolformer.lm.scripted.model import ScriptedLanguageModel
from toolformer.lm.scripted.streams import Continuation
from toolformer.tools.registry import default_tools


@pytest.fixture
def live() -> Iterator[LiveTools]:
    with LiveTools(default_tools(), today=date(2023, 2, 9)) as tools:
        yield tools


def known(word: str, _request: LossRequest) -> float:
    """log p of a token: 0.9 for ` 4`, 0.2 for any other."""
    return math.log(0.9 if word == " 4" else 0.2)


def test_what_is_generated_has_its_calls_run_and_taken_out(live: LiveTools) -> None:
    answers = HarnessAnswers(caller(), live)
    assert answers.generate(["2 + 2 is", "5 + 4 is"], [{}, {}]) == [" 4.", " 9."]


def test_each_context_ends_where_its_task_says() -> None:
    model = guesser(" 9, or 8. Or 7.")
    contexts, settings = ["5 + 4 is"] * 3, [{"until": [" or"]}, {"until": "."}, {"max_gen_toks": 2}]
    assert HarnessAnswers(model).generate(contexts, settings) == [" 9,", " 9, or 8", " 9,"]


def test_a_setting_for_drawing_that_is_not_known_is_refused() -> None:
    settings = {"do_sample": True, "top_p": 0.9}
    with pytest.raises(ConfigError, match="'top_p', which toolformer does not know"):
        HarnessAnswers(guesser()).generate(["5 + 4 is"], [settings])
    assert HarnessAnswers(guesser()).generate(["5 + 4 is"], [{**settings, "do_sample": False}])


def test_a_continuation_has_the_log_probability_of_its_own_tokens() -> None:
    answers = HarnessAnswers(ScriptedLanguageModel(log_prob=known))
    [sure, unsure] = answers.score(["2 + 2 is", "2 + 2 is"], [" 4", " 4 or"])
    assert sure == Scored(pytest.approx(math.log(0.9)), is_greedy=True)
    assert unsure == Scored(pytest.approx(math.log(0.9) + math.log(0.2)), is_greedy=False)


def test_whether_unlikely_tokens_are_the_likeliest_is_tried() -> None:
    model = ScriptedLanguageModel(log_prob=known, continuations=[Continuation("is", " 5")])
    scored = HarnessAnswers(model).score(["2 + 3 is"] * 2, [" 5", " 6"])
    assert [each.is_greedy for each in scored] == [True, False]


def test_white_space_at_the_end_of_a_context_belongs_to_the_continuation() -> None:
    [scored] = HarnessAnswers(ScriptedLanguageModel(log_prob=known)).score(["2 + 2 is "], ["4"])
    assert scored.log_prob == pytest.approx(math.log(0.9))


def test_a_whole_text_is_scored_from_its_first_token() -> None:
    answers = HarnessAnswers(ScriptedLanguageModel(log_prob=known))
    assert answers.score_whole(["is 4"]) == [pytest.approx(math.log(0.2) + math.log(0.9))]


def test_the_end_of_a_long_context_is_what_counts() -> None:
    model = ScriptedLanguageModel(continuations=[Continuation("is", " 9.")], max_length=16)
    context = "one two three " * 20 + "5 + 4 is"
    assert HarnessAnswers(model).generate([context], [{"max_gen_toks": 4}]) == [" 9."]


def test_lm_eval_runs_a_local_task_with_tools_live(tmp_path: Path, live: LiveTools) -> None:
    lm_eval = pytest.importorskip("lm_eval", reason="lm-eval is an extra", exc_type=ImportError)
    from lm_eval.tasks import TaskManager

    rows = [{"question": "2 + 2 is", "answer": " 4."}, {"question": "5 + 4 is", "answer": " 8."}]
    (tmp_path / "sums.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "sums.yaml").write_text(
        f"""
task: toolformer_sums
dataset_path: json
dataset_kwargs:
  data_files: {{test: {tmp_path / "sums.jsonl"}}}
test_split: test
output_type: generate_until
doc_to_text: "{{{{question}}}}"
doc_to_target: "{{{{answer}}}}"
target_delimiter: ""
generation_kwargs: {{until: ["\\n"], max_gen_toks: 32}}
metric_list:
  - metric: exact_match
    aggregation: mean
    higher_is_better: true
"""
    )
    found = lm_eval.simple_evaluate(
        model=harness_model(caller(), live=live),
        tasks=["toolformer_sums"],
        task_manager=TaskManager(include_path=str(tmp_path), include_defaults=False),
        bootstrap_iters=0,
    )
    assert found["results"]["toolformer_sums"]["exact_match,none"] == 0.5


def test_a_continuation_that_shares_a_token_with_its_context_is_not_certain() -> None:
    [scored] = HarnessAnswers(ScriptedLanguageModel(log_prob=known)).score(["un"], ["happy"])
    assert scored == Scored(pytest.approx(math.log(0.2)), is_greedy=False)


def test_an_empty_continuation_is_certain() -> None:
    [scored] = HarnessAnswers(ScriptedLanguageModel(log_prob=known)).score(["2 + 2 is"], [""])
    assert scored == Scored(0.0, is_greedy=True)


def test_without_a_start_token_the_first_token_of_a_continuation_counts(tmp_path: Path) -> None:
    model = load(save_model(tmp_path, "gpt2", startless_tokenizer()), device="cpu")
    [scored] = HarnessAnswers(model).score([""], ["a"])
    [log_probs] = model.text_log_probs(["\na"])
    assert scored.log_prob == pytest.approx(float(log_probs[-1]))
    assert scored.log_prob < 0


@pytest.mark.parametrize("script", LONG)
def test_a_context_in_any_script_keeps_its_end_and_leaves_room(tmp_path: Path, script: str) -> None:
    model = load(save_model(tmp_path, "gpt2"), device="cpu")
    answers = HarnessAnswers(model)
    [said] = answers.generate([LONG[script]], [{"max_gen_toks": 2}])
    assert isinstance(said, str)
    kept = answers._fit(LONG[script], 2)
    assert LONG[script].endswith(kept)
    assert 0 < model.count_tokens([kept])[0] <= model.max_length - 3
