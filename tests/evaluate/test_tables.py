"""Results as tables."""

from toolformer.evaluate.arm import Calls
from toolformer.evaluate.counts import Counts, TextScores
from toolformer.evaluate.results import ArmLine, Cell, Results, TaskLine
from toolformer.evaluate.tables import TableText, markdown, tables

RIGHT = Counts(inputs=100, right=40, started=90, called=80, right_called=36, followed=72)
LESS = Counts(inputs=100, right=10)
ARMS = [
    ArmLine("prior"),
    ArmLine("base", "b", Calls.NONE),
    ArmLine("disabled", "t", Calls.DISABLED),
    ArmLine("tuned", "t", Calls.LIVE),
]
LAMA = TaskLine("lama", "answers", note="oracle database", dropped={"no template": 7})
CELLS = [
    Cell(task="lama", arm="prior", counts=LESS),
    Cell(task="lama", arm="base", counts=LESS, by_tag={"hard": Counts(inputs=20)}),
    Cell(task="lama", arm="disabled", counts=LESS),
    Cell(task="lama", arm="tuned", k=1, counts=LESS),
    Cell(
        task="lama",
        arm="tuned",
        k=10,
        counts=RIGHT,
        by_tag={"hard": Counts(inputs=20, right=15)},
    ),
]


def tables_of(*tasks: TaskLine, cells: list[Cell]) -> list[TableText]:
    return list(tables(Results(tasks=tasks, arms=ARMS, cells=cells)))


def rows_of(table: TableText) -> dict[str, tuple[str, ...]]:
    return {name: rest for name, *rest_ in table.rows for rest in [tuple(rest_)]}


def test_a_task_has_a_row_for_each_number_and_a_column_for_each_model() -> None:
    answers, _ = tables_of(LAMA, cells=CELLS)
    assert answers.header == ("", "prior", "base", "disabled", "tuned")
    assert rows_of(answers) == {
        # Wilson: (0.1 + 0.019207 ± 0.060...) / 1.038415
        "accuracy": (*["10.0 % (5.5–17.4)"] * 3, "40.0 % (30.9–49.8)"),
        "accuracy, hard (20)": ("–", "0.0 % (0.0–16.1)", "–", "75.0 % (53.1–88.8)"),
        "inputs with a call": ("–", "–", "–", "80.0 %"),
        "accuracy with a call": ("–", "–", "–", "45.0 %"),
        "says what the tool said": ("–", "–", "–", "90.0 %"),
        "accuracy without a call": ("–", "–", "–", "20.0 %"),
        "tool errors": ("–", "–", "–", "0"),
        "failed calls": ("–", "–", "–", "0"),
    }


def test_a_task_says_what_it_is_and_what_was_left_out() -> None:
    answers, _ = tables_of(LAMA, cells=CELLS)
    assert answers.title == "lama: oracle database"
    assert answers.note == "100 inputs; k = 10; 7 left out (no template)"


def test_several_k_make_a_table_of_their_own_in_which_0_is_disabled() -> None:
    _, sweep = tables_of(LAMA, cells=CELLS)
    assert sweep.title == "lama: tuned, by k"
    assert sweep.rows == (
        ("0", "10.0 % (5.5–17.4)", "0.0 %"),
        ("1", "10.0 % (5.5–17.4)", "0.0 %"),
        ("10", "40.0 % (30.9–49.8)", "80.0 %"),
    )


def test_one_k_makes_no_sweep() -> None:
    assert len(tables_of(LAMA, cells=CELLS[-1:])) == 1


def test_several_tasks_stand_together_first() -> None:
    math = TaskLine("math", "answers")
    cells = [*CELLS, Cell(task="math", arm="tuned", k=10, counts=RIGHT)]
    overview = tables_of(LAMA, math, cells=cells)[0]
    assert overview.header == ("task", "inputs", "prior", "base", "disabled", "tuned")
    assert overview.rows[1] == ("math", "100", "–", "–", "–", "40.0 % (30.9–49.8)")


def test_perplexity_is_told_by_token_by_word_and_by_byte() -> None:
    wiki = TaskLine("wiki", "perplexity", note="calls disabled")
    scores = TextScores(texts=2, tokens=4, words=2, bytes=8, nats=2.772588722239781)
    [table] = tables_of(wiki, cells=[Cell(task="wiki", arm="disabled", scores=scores)])
    assert table.header == ("", "disabled")
    assert table.rows == (
        ("perplexity per token", "2.00"),
        ("perplexity per word", "4.0"),
        ("bits per byte", "0.5000"),
    )
    assert table.note == "2 texts, 4 tokens, 8 bytes"


def test_restraint_counts_calls_that_were_started_k_by_k() -> None:
    c4 = TaskLine("c4", "restraint")
    cells = [
        Cell(task="c4", arm="tuned", k=1, counts=Counts(inputs=100, started=2, called=0)),
        Cell(task="c4", arm="tuned", k=10, counts=Counts(inputs=100, started=10, called=4)),
    ]
    [table] = tables_of(c4, cells=cells)
    assert table.rows == (
        ("inputs with a call, k = 1", "2.0 % (0.6–7.0)"),
        ("inputs with a call, k = 10", "10.0 % (5.5–17.4)"),
    )


def test_inputs_that_were_too_long_are_told() -> None:
    cell = Cell(task="lama", arm="base", counts=Counts(inputs=3, right=3, too_long=2))
    [table] = tables_of(LAMA, cells=[cell])
    assert rows_of(table)["too long to ask"] == ("2",)
    assert rows_of(table)["accuracy"] == ("100.0 % (43.9–100.0)",)
    assert table.note == "3 inputs; 7 left out (no template)"


def test_calls_of_tools_that_could_not_be_reached_are_told_apart() -> None:
    cell = Cell(task="lama", arm="tuned", counts=Counts(inputs=3, tool_errors=1, unavailable=2))
    [table] = tables_of(LAMA, cells=[cell])
    rows = rows_of(table)
    assert (rows["tool errors"], rows["tools out of reach"]) == (("1",), ("2",))


def test_markdown_has_a_title_a_note_and_a_table_for_each() -> None:
    scores = TextScores(texts=1, tokens=1, words=1, bytes=1, nats=0.0)
    results = Results(
        tasks=[TaskLine("wiki|2", "perplexity")],
        arms=ARMS,
        cells=[Cell(task="wiki|2", arm="base", scores=scores)],
    )
    assert markdown(results) == (
        "**wiki|2** (1 texts, 1 tokens, 1 bytes)\n\n"
        "|  | base |\n"
        "|---|---|\n"
        "| perplexity per token | 1.00 |\n"
        "| perplexity per word | 1.0 |\n"
        "| bits per byte | 0.0000 |"
    )


def test_where_calls_are_counted_k_by_k_an_arm_without_live_calls_is_in_the_row_of_0() -> None:
    cells = [
        Cell(task="own", arm="disabled", counts=Counts(inputs=4)),
        Cell(task="own", arm="tuned", k=10, counts=Counts(inputs=4, started=2)),
    ]
    [table] = tables_of(TaskLine("own", "restraint"), cells=cells)
    assert rows_of(table) == {
        "inputs with a call, k = 0": ("0.0 % (0.0–49.0)", "–"),
        "inputs with a call, k = 10": ("–", "50.0 % (15.0–85.0)"),
    }
