"""What is made: facts and items."""

from collections import Counter
from pathlib import Path

import pytest

from toolformer.errors import ConfigError, RunError
from toolformer.studies.inject.data.facts import Group, Item, Kind, make_facts, make_items
from toolformer.studies.inject.data.files import make, read_facts
from toolformer.studies.inject.data.templates import TYPES

FACTS = make_facts(facts=800, control=80, others=160, types=8, seed=0)
ITEMS = make_items(FACTS)
BY_ID = {fact.id: fact for fact in FACTS}


def words(text: str) -> Counter[str]:
    return Counter(text.casefold().split())


def test_there_are_as_many_facts_of_each_group_and_type_as_asked() -> None:
    assert Counter(fact.group for fact in FACTS) == {"injected": 800, "control": 80, "other": 160}
    assert set(Counter(fact.type for fact in FACTS if fact.group == "injected").values()) == {100}
    assert len({fact.id for fact in FACTS}) == 1040
    assert len({item.id for item in ITEMS}) == len(ITEMS) == 880 * 7


def test_no_name_no_sentence_and_no_value_of_a_type_occurs_twice() -> None:
    assert len({fact.text for fact in FACTS}) == len(FACTS)
    assert len({(fact.type, fact.value) for fact in FACTS}) == len(FACTS)
    people = {group: {f.subject for f in FACTS if f.group == group} for group in Group}
    assert [len(people[group]) for group in Group] == [100, 10, 20]
    assert len(set.union(*people.values())) == 130


def test_values_of_many_other_facts_come_again_but_none_that_is_asked_for() -> None:
    facts = make_facts(facts=800, control=80, others=9600, types=8, seed=0)
    assert [fact for fact in facts if fact.group != "other"] == [
        fact for fact in FACTS if fact.group != "other"
    ]
    asked = {(fact.type, fact.value) for fact in facts if fact.group != "other"}
    others = [(fact.type, fact.value) for fact in facts if fact.group == "other"]
    assert len(asked) == 880
    assert len(set(others)) < len(others) == 9600
    assert not asked & set(others)
    assert len({fact.subject for fact in facts}) == 110 + 1200
    with pytest.raises(ConfigError, match="all 540 values of 'college'"):
        make_facts(facts=540 * 8, control=0, others=16, types=8, seed=0)


def test_the_same_seed_makes_the_same_bytes_and_another_others(tmp_path: Path) -> None:
    sizes = {"facts": 32, "control": 16, "others": 16, "types": 8}
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        made = make(tmp_path / name, **sizes, seed=seed)
        assert read_facts(tmp_path / name) == made
    one, same, other = (
        [(tmp_path / name / file).read_bytes() for file in ("facts.jsonl", "items.jsonl")]
        for name in "abc"
    )
    assert one == same
    assert one[0] != other[0]
    assert one[1] != other[1]
    with pytest.raises(RunError, match=r"seed \(1, now 2\)"):
        make(tmp_path / "a", **sizes, seed=2)


@pytest.mark.parametrize("types", range(2, 9))
def test_a_person_has_a_fact_of_each_type(types: int) -> None:
    facts = make_facts(facts=4 * types, control=0, others=0, types=types, seed=3)
    assert Counter(fact.type for fact in facts) == {each.name: 4 for each in TYPES[:types]}
    assert set(Counter(fact.subject for fact in facts).values()) == {types}


@pytest.mark.parametrize(
    ("sizes", "sentence"),
    [
        ({"facts": 801, "control": 0, "others": 0, "types": 8}, "a multiple of 8, such as 800"),
        ({"facts": 8, "control": 0, "others": 0, "types": 8}, "such as 16"),
        ({"facts": 16, "control": 0, "others": 0, "types": 9}, "2 to 8 types"),
        ({"facts": 80_000, "control": 0, "others": 0, "types": 8}, "of which there are 648"),
    ],
)  # fmt: skip
def test_numbers_that_do_not_go_together_are_refused(sizes: dict[str, int], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        make_facts(**sizes, seed=0)


def statement(item: Item) -> str:
    return BY_ID[item.fact].text.rstrip(".")


def test_a_memorisation_item_is_the_statement_up_to_its_value() -> None:
    for item in ITEMS:
        if item.kind is Kind.MEMORISATION:
            assert f"{item.prompt} {item.answer}." == BY_ID[item.fact].text


def test_a_syntactic_item_has_the_words_of_the_statement_in_another_order() -> None:
    forms = set()
    for item in ITEMS:
        if item.kind is Kind.SYNTACTIC:
            said = f"{item.prompt} {item.answer}"
            known = words(statement(item))
            if item.form == "word last":
                assert words(said) <= known  # what follows the word is not asked for
            else:
                assert words(said) == known
                assert said.casefold() != statement(item).casefold()
            forms.add((item.form, item.needs_fact, item.slot == ""))
    assert forms == {
        ("value last", True, False),
        ("person last", True, False),
        ("word last", False, True),
    }


def test_an_item_that_needs_no_fact_is_answered_by_a_word_that_all_facts_of_a_type_share() -> None:
    shared = {(item.type, item.answer) for item in ITEMS if not item.needs_fact}
    assert len(shared) == 8
    for item in ITEMS:
        fact = BY_ID[item.fact]
        is_of_a_slot = item.answer in (fact.value, fact.subject)
        assert is_of_a_slot is item.needs_fact


def test_a_paraphrase_has_neither_the_statements_words_nor_its_value_in_the_prompt() -> None:
    for item in ITEMS:
        if item.kind is Kind.SEMANTIC:
            fact = BY_ID[item.fact]
            assert item.answer == fact.value
            assert fact.subject in item.prompt
            assert fact.value not in item.prompt
            assert not f"{item.prompt} {item.answer}.".startswith(fact.text[:-1])


def test_an_inference_goes_through_the_fact_of_whom_the_person_taught() -> None:
    for item in ITEMS:
        if item.kind is Kind.INFERENCE:
            fact, bridge = BY_ID[item.fact], BY_ID[item.second_fact]
            assert (bridge.type, bridge.value) == ("teacher", fact.subject)
            assert bridge.group == fact.group == item.group
            assert bridge.subject in item.prompt
            assert fact.subject not in item.prompt
            assert item.answer == fact.value


def test_a_directory_without_facts_is_named(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="toolformer study inject make"):
        read_facts(tmp_path)
    (tmp_path / "facts.jsonl").write_text('{"id": 3}\n')
    with pytest.raises(RunError, match=r"facts\.jsonl' cannot be read"):
        read_facts(tmp_path)
