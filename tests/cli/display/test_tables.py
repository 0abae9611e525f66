"""The table that sums a training up."""

from dataclasses import replace

from rich.table import Table

from toolformer.cli.display.tables import report_table
from toolformer.finetune.report import FinetuneReport, MachineFacts
from toolformer.finetune.training.steps import DevScore

REPORT = FinetuneReport(
    base="nano",
    parameters=2000,
    trained_parameters=2000,
    texts=1200,
    texts_per_tool={"Calculator": 1100, "Calendar": 130},
    left_out={"held out": 9},
    rows=1300,
    steps=3,
    tokens=45678,
    learning_rate=0.00031,
    losses=(2.5, 2.25, 1.125),
    dev_texts=9,
    dev={0: DevScore(20.0, 3.0), 2: DevScore(10.5, 2.0), 3: DevScore(11.0, 2.5)},
    calls_disabled=True,
    kept_step=2,
    machine=MachineFacts(
        seconds=30.0, tokens_per_second=1522.6, steps=3, device="cpu", threads=2, processes=1
    ),
)


def rows_of(table: Table) -> dict[str, str]:
    names, values = ([str(cell) for cell in column.cells] for column in table.columns)
    return dict(zip(names, values, strict=True))


def test_a_report_says_what_was_learned_and_from_what() -> None:
    table = report_table(REPORT)
    assert table.title == "nano tuned in 3 steps"
    assert rows_of(table) == {
        "texts": "1,200 in 1,300 rows",
        "  with calls of Calculator": "1,100",
        "  with calls of Calendar": "130",
        "  left out: held out": "9",
        "learning rate": "0.00031",
        "tokens": "45,678 at 1,523/s",
        "loss": "2.500 → 1.125",
        "dev perplexity": "20.00 → 10.50",
        "dev loss": "3.000 → 2.000",
        "kept": "step 2",
    }


def test_a_report_without_held_out_texts_has_no_row_for_them() -> None:
    rows = rows_of(report_table(replace(REPORT, dev={}, kept_step=3)))
    assert not [name for name in rows if name.startswith("dev")]
    assert rows["kept"] == "step 3"


def test_held_out_texts_that_would_not_be_trained_on_have_a_perplexity_alone() -> None:
    scores = {step: replace(score, loss=None) for step, score in REPORT.dev.items()}
    rows = rows_of(report_table(replace(REPORT, dev=scores)))
    assert "dev perplexity" in rows
    assert "dev loss" not in rows
