"""Tasks by their specs."""

import tomllib
from pathlib import Path

import pytest

from tests.evaluate.files import write_rows
from toolformer.errors import ConfigError, UnknownNameError
from toolformer.evaluate.registry import DOOR, load_task, load_tasks

ROOT = Path(__file__).parents[2]

MY_TASK = """
from toolformer.evaluate import Example, Task

def capitals(count: int = 1) -> Task:
    examples = [Example(str(n), "The capital of Peru is", ("Lima",)) for n in range(count)]
    return Task(name="capitals", examples=lambda: examples, is_right=lambda text, _: "Lima" in text)

ready = capitals(2)
liar = 3
"""


def test_the_built_in_tasks_come_in_by_the_entry_points_of_the_package() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert declared["project"]["entry-points"][DOOR.group] == DOOR.built_in


@pytest.mark.parametrize(("named", "count"), [("ready", 2), ("capitals:count=3", 3)])
def test_a_task_is_taken_from_a_file(tmp_path: Path, named: str, count: int) -> None:
    (tmp_path / "my_task.py").write_text(MY_TASK)
    task = load_task(f"{tmp_path}/my_task.py:{named}")
    assert (task.name, len(list(task.examples()))) == ("capitals", count)
    assert task.spec == f"{tmp_path}/my_task.py:{named}"


@pytest.mark.parametrize(
    ("named", "sentence"),
    [
        ("ready:count=3", "takes no options; it was given count"),
        ("liar", "should be a Task or return one, not 3"),
        ("capital", "Did you mean 'capitals'? Available: capitals, ready"),
    ],
)
def test_what_names_no_task_in_a_file_is_one_sentence(
    tmp_path: Path, named: str, sentence: str
) -> None:
    (tmp_path / "my_task.py").write_text(MY_TASK)
    with pytest.raises((ConfigError, UnknownNameError)) as raised:
        load_task(f"{tmp_path}/my_task.py:{named}")
    assert sentence in str(raised.value)


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
