"""Facts asked in cloze sentences."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.evaluate.files import write_rows
from toolformer.errors import CorpusError
from toolformer.evaluate.task import Example, Task
from toolformer.evaluate.tasks.facts.lama import lama
from toolformer.evaluate.tasks.facts.table import FactRow

CAPITAL = {"relation": "P36", "attribute": "capital"}
BORDER = {"relation": "P47", "attribute": "neighbour"}
FACTS = [
    {**CAPITAL, "subject": "Peru", "object": "Lima"},
    {**CAPITAL, "subject": "Mexico", "object": "Mexico City"},
    {**BORDER, "subject": "Peru", "object": "Chile"},
    {**BORDER, "subject": "Peru", "object": "Brazil"},
    {**BORDER, "subject": "Laos", "object": "Chile"},
]
TEMPLATES = [
    {"relation": "P36", "pattern": "The capital of [X] is [Y] ."},
    {"relation": "P36", "pattern": "[Y] is the capital of [X] ."},
    {"relation": "P47", "pattern": "[X] shares a border with [Y]."},
]


def task_of(folder: Path, facts: list[dict[str, Any]], **options: Any) -> Task:
    templates = options.pop("templates", TEMPLATES)
    return lama(
        write_rows(folder / "facts.jsonl", facts),
        write_rows(folder / "templates.jsonl", templates),
        **options,
    )


def by_id(task: Task) -> dict[str, Example]:
    return {each.id: each for each in task.examples()}


def test_a_prompt_ends_right_before_the_object(tmp_path: Path) -> None:
    examples = by_id(task_of(tmp_path, FACTS))
    assert examples["P36/Peru"].prompt == "The capital of Peru is"
    assert examples["P47/Laos"].prompt == "Laos shares a border with"


def test_all_objects_of_a_relation_are_right(tmp_path: Path) -> None:
    task = task_of(tmp_path, FACTS)
    example = by_id(task)["P47/Peru"]
    assert example.answers == ("Chile", "Brazil")
    assert task.is_right(" the republic of Brazil, which", example)
    assert not task.is_right(" one two three four five Brazil", example)


def test_the_database_knows_exactly_the_facts(tmp_path: Path) -> None:
    task = task_of(tmp_path, FACTS)
    assert list(task.facts) == [
        FactRow("Peru", "capital", "Lima"),
        FactRow("Mexico", "capital", "Mexico City"),
        FactRow("Peru", "neighbour", "Chile"),
        FactRow("Peru", "neighbour", "Brazil"),
        FactRow("Laos", "neighbour", "Chile"),
    ]
    assert "the answer is in it" in task.note


def test_an_object_in_the_subject_or_the_commonest_one_is_not_hard(tmp_path: Path) -> None:
    facts = [*FACTS, {**CAPITAL, "subject": "Cuba", "object": "Lima"}]  # so Lima is the commonest
    facts.append({**CAPITAL, "subject": "Lagos State", "object": "Lagos"})
    tags = {name: each.tags for name, each in by_id(task_of(tmp_path, facts)).items()}
    assert tags["P36/Mexico"] == ("hard",)  # to know the subject is not to know the object
    assert tags["P36/Lagos State"] == tags["P36/Peru"] == tags["P47/Peru"] == ()


def test_what_is_commonest_in_training_is_not_hard_either(tmp_path: Path) -> None:
    facts = [
        {**CAPITAL, "subject": "Chad", "object": "N'Djamena"},
        {**CAPITAL, "subject": "Peru", "object": "Lima"},
        {**CAPITAL, "subject": "Cuba", "object": "Havana"},
    ]
    training = write_rows(
        tmp_path / "training.jsonl", [{**CAPITAL, "subject": "Aruba", "object": "Havana"}]
    )
    tags = {each.id: each.tags for each in task_of(tmp_path, facts, training=training).examples()}
    assert tags == {"P36/Chad": (), "P36/Peru": ("hard",), "P36/Cuba": ()}


def test_a_relation_that_training_does_not_have_is_unseen(tmp_path: Path) -> None:
    training = write_rows(tmp_path / "training.jsonl", FACTS[:1])
    examples = by_id(task_of(tmp_path, FACTS, training=training))
    assert "unseen relation" in examples["P47/Laos"].tags
    assert "unseen relation" not in examples["P36/Mexico"].tags


def test_tags_of_facts_and_of_templates_are_the_examples(tmp_path: Path) -> None:
    facts = [{**CAPITAL, "subject": "Peru", "object": "Lima", "tags": ["old"]}]
    templates = [{**TEMPLATES[0], "tags": ["unseen template"]}]
    [example] = task_of(tmp_path, facts, templates=templates).examples()
    assert example.tags == ("old", "unseen template")


def test_lamas_own_form_is_read(tmp_path: Path) -> None:
    facts = [{"predicate_id": "P19", "sub_label": "Allan Peiper", "obj_label": "Alexandra"}]
    relations = [
        {"relation": "P19", "template": "[X] was born in [Y] .", "label": "place of birth"}
    ]
    task = task_of(tmp_path, facts, templates=relations)
    [example] = task.examples()
    assert (example.prompt, example.answers) == ("Allan Peiper was born in", ("Alexandra",))
    assert list(task.facts) == [FactRow("Allan Peiper", "place of birth", "Alexandra")]


def test_a_fact_may_bring_its_own_template(tmp_path: Path) -> None:
    facts = [{**CAPITAL, "subject": "Peru", "object": "Lima", "template": "[X] is ruled from [Y]."}]
    [example] = lama(write_rows(tmp_path / "facts.jsonl", facts)).examples()
    assert example.prompt == "Peru is ruled from"


def test_facts_that_cannot_be_asked_from_left_to_right_are_counted(tmp_path: Path) -> None:
    task = task_of(tmp_path, FACTS, templates=TEMPLATES[1:])
    assert set(by_id(task)) == {"P47/Peru", "P47/Laos"}
    assert task.dropped == {"no template that ends in [Y]": 2}
    assert len(task.facts) == 5  # the database knows them all the same


def test_after_an_edit_answers_and_database_say_the_same_new_thing(tmp_path: Path) -> None:
    task = task_of(tmp_path, FACTS[:2], edit=1)
    examples = by_id(task)
    assert examples["P36/Peru"].answers == ("Mexico City",)
    assert examples["P36/Mexico"].answers == ("Lima",)
    assert list(task.facts) == [
        FactRow("Peru", "capital", "Mexico City"),
        FactRow("Mexico", "capital", "Lima"),
    ]


def test_facts_that_an_edit_left_as_they_were_are_counted(tmp_path: Path) -> None:
    facts = [*FACTS[:2], {**CAPITAL, "subject": "Cuba", "object": "Lima"}]
    task = task_of(tmp_path, facts, edit=1)
    assert len(by_id(task)) == 2
    assert task.dropped == {"the same after the edit": 1}


def test_the_prior_is_learned_from_the_training_facts(tmp_path: Path) -> None:
    training = write_rows(tmp_path / "training.jsonl", FACTS[:1])
    [example] = task_of(tmp_path, FACTS, training=training).training()
    assert (example.group, example.answers) == ("P36", ("Lima",))


def test_a_relation_without_a_name_is_told(tmp_path: Path) -> None:
    facts = [{"relation": "P36", "subject": "Peru", "object": "Lima"}]
    with pytest.raises(CorpusError, match=r"'P36' has no English name .* attributes=FILE"):
        task_of(tmp_path, facts)


def test_names_of_relations_may_come_from_a_file(tmp_path: Path) -> None:
    facts = [{"relation": "P36", "subject": "Peru", "object": "Lima"}]
    names = tmp_path / "names.json"
    names.write_text(json.dumps({"P36": "capital"}))
    assert list(task_of(tmp_path, facts, attributes=names).facts) == [
        FactRow("Peru", "capital", "Lima")
    ]


def test_facts_without_any_template_are_told(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="Give templates=FILE"):
        lama(write_rows(tmp_path / "facts.jsonl", FACTS))


def test_a_fact_without_an_object_is_told_by_line(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="facts, line 2: no field 'object' or 'obj_label'"):
        task_of(tmp_path, [FACTS[0], {**CAPITAL, "subject": "Peru"}])
