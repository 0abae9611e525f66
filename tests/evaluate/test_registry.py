"""Tasks by their specs."""

from pathlib import Path

import pytest

from tests.evaluate.files import write_rows
from toolformer.errors import ConfigError, UnknownNameError
from toolformer.evaluate.registry import load_task, load_tasks


def test_a_task_has_the_options_of_its_spec() -> None:
    task = load_task("dates:count=3,seed=5,name=the days")
    assert task.name == "the days"
    assert [each.id for each in task.examples()] == ["dates/5/0", "dates/5/1", "dates/5/2"]
    assert task.spec == "dates:count=3,seed=5,name=the days"


def test_the_prior_of_made_up_inputs_is_learned_on_others() -> None:
    task = load_task("arithmetic:count=4")
    asked = {each.prompt for each in task.examples()}
    assert asked.isdisjoint(each.prompt for each in task.training())


def test_an_unknown_task_offers_the_near_one() -> None:
    with pytest.raises(UnknownNameError, match=r"Unknown task 'mat'. Did you mean 'math'"):
        load_task("mat:path=x")


def test_an_unknown_option_offers_the_near_one() -> None:
    with pytest.raises(ConfigError, match="Did you mean 'count'"):
        load_task("dates:cuont=3")


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ("dates:count=many", r"has count='many'"),
        ("dates:count=0", "at least one input"),
        ("math", r"needs the option path="),
        ("dates:3", "write name=value"),
        ("dates:count=3,count=4", "'count' twice"),
    ],
)
def test_a_wrong_option_is_one_sentence(spec: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        load_task(spec)


def test_a_prompt_may_hold_commas(tmp_path: Path) -> None:
    source = write_rows(tmp_path / "m.jsonl", [{"input": "1 + 1?", "target": 2}])
    task = load_task(f"math:path={source},prompt={{problem}} So, it is")
    [example] = task.examples()
    assert example.prompt == "1 + 1? So, it is"


def test_two_tasks_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigError, match="Two tasks are called 'dates'"):
        load_tasks(["dates:count=3", "dates:count=4"])
    assert len(load_tasks(["dates:count=3", "dates:count=4,name=more"])) == 2
