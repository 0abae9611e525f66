"""A training that is evaluated, beside one without facts, and the same facts asked by a tool."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.studies.inject.given import config_of, make_background
from toolformer.calls import InlineGrammar
from toolformer.errors import ConfigError, RunError
from toolformer.evaluate.tasks.facts.table import FactRow, write_facts
from toolformer.finetune import FinetuneConfig
from toolformer.infer import decode
from toolformer.lm.registry import load_model
from toolformer.studies.inject.by_tool import answer_by_tool, ask_by_tool, training_texts
from toolformer.studies.inject.data.facts import Group, Kind
from toolformer.studies.inject.data.files import FactSet
from toolformer.studies.inject.evaluating import (
    Evaluation,
    HeldOutText,
    evaluate_training,
    items_of,
    read_evaluation,
)
from toolformer.studies.inject.tables import comparison_tables, evaluation_tables, loss_percent
from toolformer.studies.inject.training import train


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns a directory with a training that has learned its facts by heart."""
    folder = tmp_path_factory.mktemp("inject")
    make_background(folder)
    often = config_of(
        injection={"exposures": [1, 60]},
        training={"steps": 240, "rows": 8, "track_every": 240, "checkpoint_every": 240},
    )
    train(often, folder=folder, out=folder / "training", device="cpu")
    evaluate_training(folder / "training", out=folder / "evaluation", choices=3, device="cpu")
    return folder


@pytest.mark.slow
def test_facts_that_stood_there_often_are_recalled_and_control_facts_are_not(folder: Path) -> None:
    evaluation = read_evaluation(folder / "evaluation")
    asked = [
        (item, found)
        for item, found in evaluation.of(items_of(folder / "evaluation"))
        if item.kind is Kind.MEMORISATION
    ]
    shares = {
        name: sum(found.is_exact for found in these) / len(these)
        for name, these in (
            ("often", [found for _, found in asked if found.exposures == 60]),
            ("once", [found for _, found in asked if found.exposures == 1]),
            ("control", [found for item, found in asked if item.group is Group.CONTROL]),
        )
    }
    assert shares["often"] >= 0.9
    assert shares["once"] <= 0.3
    assert shares["control"] <= 0.2


@pytest.mark.slow
def test_what_is_recalled_is_what_the_decoder_writes(folder: Path) -> None:
    evaluation = read_evaluation(folder / "evaluation")
    # From the facts that stood there once into those that often did.
    asked = evaluation.of(items_of(folder / "evaluation"))[84:140]
    model = load_model(str(folder / "training" / "model"), device="cpu")
    settings = {"max_new_tokens": 40, "bar_markers": True}
    answers = decode(model, [item.prompt for item, _ in asked], config=settings)
    written = [
        answer.text.startswith(f" {item.answer}")
        for answer, (item, _) in zip(answers, asked, strict=True)
    ]
    exact = [found.is_exact for _, found in asked]
    assert 0 < sum(exact) < len(exact)
    # A value that is recalled is written; one that is written may begin with other tokens.
    assert all(wrote for wrote, is_exact in zip(written, exact, strict=True) if is_exact)
    assert sum(written) <= sum(exact) + 2


@pytest.mark.slow
def test_an_evaluation_is_made_once_and_of_one_training(folder: Path) -> None:
    path = folder / "evaluation" / "evaluation.json"
    before = path.stat().st_mtime_ns
    again = evaluate_training(folder / "training", out=folder / "evaluation", choices=3)
    assert path.stat().st_mtime_ns == before
    assert again == read_evaluation(folder / "evaluation")
    with pytest.raises(RunError, match=r"choices \(3, now 4\)"):
        evaluate_training(folder / "training", out=folder / "evaluation", choices=4)
    with pytest.raises(RunError, match="holds no training"):
        evaluate_training(folder, out=folder / "other")


@pytest.mark.slow
def test_the_tables_have_every_kind_exposure_and_template(folder: Path) -> None:
    evaluation = read_evaluation(folder / "evaluation")
    items = items_of(folder / "evaluation")
    by_kind, by_template, held_out = evaluation_tables(evaluation, items)
    assert len(by_kind.rows) == 5 * 3
    assert {row[1] for row in by_kind.rows} == {"control", "1", "60"}
    assert len(by_template.rows) == 8 * 7 * 2
    assert held_out.rows[0][0] == "3"  # every 200th of 600 texts
    table, losses = comparison_tables(evaluation, evaluation, items)
    assert all("+0.0 (+0.0 to +0.0)" in row for row in table.rows)
    assert losses.rows[-1][1] == "+0.0 % (+0.0 to +0.0)"


def test_the_losses_are_compared_in_per_cent_text_by_text() -> None:
    texts = (HeldOutText(10.0, 5), HeldOutText(30.0, 10))
    one = Evaluation("a", 0, 1, 1, is_injected=True, digest="", recalls=(), held_out=texts)
    more = tuple(replace(text, nats=text.nats * 1.02) for text in texts)
    found = loss_percent(replace(one, held_out=more), one)
    assert (found.value, found.low, found.high) == pytest.approx((2.0, 2.0, 2.0))


def test_the_texts_of_the_tuning_ask_before_the_value_and_only_about_others(tmp_path: Path) -> None:
    facts = make_background(tmp_path)
    texts = list(training_texts(facts.of(Group.OTHER)))
    assert len(texts) == 2 * 32
    said = InlineGrammar().render(texts[2].text, texts[2].calls)
    fact = facts.of(Group.OTHER)[1]
    call = f"[Database({fact.subject}, birth date) -> {fact.value}]"
    assert said == f"{fact.subject} was born on {call} {fact.value}."
    asked = {item.prompt for item in facts.items}
    people = {fact.subject for fact in facts.of(Group.INJECTED, Group.CONTROL)}
    assert not any(text.text.startswith(prompt) for text in texts for prompt in asked)
    assert not any(person in text.text for text in texts for person in people)


def test_without_other_facts_there_is_nothing_to_learn_from(tmp_path: Path) -> None:
    facts = make_background(tmp_path)
    alone = FactSet(tuple(facts.of(Group.INJECTED, Group.CONTROL)), facts.items)
    with pytest.raises(ConfigError):
        ask_by_tool(alone, base="nano", out=tmp_path / "out")


@pytest.mark.slow
def test_a_model_tuned_on_other_facts_asks_the_database_for_these(tmp_path: Path) -> None:
    made = make_background(tmp_path)
    taught = [item for item in made.items if item.form in ("statement", "paraphrase 1")]
    facts = FactSet(made.facts, tuple(taught[:24]))
    config = FinetuneConfig(epochs=6, batch_size=8, learning_rate=1e-3, keep="last")
    answers = ask_by_tool(facts, base="nano", out=tmp_path / "out", config=config, device="cpu")
    items = {item.id: item for item in facts.items}
    assert sum(answer.is_right for answer in answers) >= 0.8 * len(answers)
    assert ask_by_tool(facts, base="nano", out=tmp_path / "out", config=config) == answers

    # The same model, another database: what it says follows.
    rows = [FactRow(fact.subject, fact.type, "Nowhere") for fact in facts.facts]
    write_facts(tmp_path / "edited.db", rows)
    asked = [items[answer.item] for answer in answers if answer.is_right][:8]
    edited = list(
        answer_by_tool(str(tmp_path / "out" / "model"), asked, database=tmp_path / "edited.db")
    )
    assert sum(answer.text.startswith("Nowhere") for answer in edited) >= 6
