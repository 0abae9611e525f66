"""The bars of the reproduction, from results written by hand."""

from dataclasses import replace

from recipes.reproduce.tables import Bar, all_bars, bars, by_seed
from toolformer.evaluate.counts import Counts, TextScores
from toolformer.evaluate.results import Cell, Results


def results(*cells: Cell) -> Results:
    return Results(tasks=[], arms=[], cells=cells)


def bar(found: Results, name: str) -> Bar:
    [one] = [each for each in all_bars(found) if each.name == name]
    return one


def cell(task: str, column: str, right: int, *, k: int | None = None, **more: int) -> Cell:
    return Cell(task=task, arm=column, k=k, counts=Counts(inputs=200, right=right, **more))


DATES = [
    cell("dates", "tuned", 150, k=10),
    cell("dates", "tuned", 20, k=0),
    cell("dates", "control", 40),
    cell("dates", "prior", 60),
]


def test_accuracies_are_compared_in_points_at_the_largest_k() -> None:
    above_control = bar(results(*DATES), "dates: tuned above control, points")
    assert (above_control.measured, above_control.wanted) == (55.0, 50.0)  # 75 % − 20 %
    assert above_control.is_met
    above_prior = bar(results(*DATES), "dates: tuned above prior, points")
    assert above_prior.measured == 45.0
    assert not above_prior.is_met


def test_the_table_says_which_bar_is_met_and_leaves_out_what_was_not_measured() -> None:
    assert bars(results(*DATES)).splitlines()[2:] == [
        "| dates: tuned above control, points | 55.0 | ≥ 50 | met |",
        "| dates: tuned above prior, points | 45.0 | ≥ 50 | **not met** |",
    ]


def test_a_bar_that_was_not_measured_is_not_met() -> None:
    assert not bar(results(), "T-REx: tuned above control, points").is_met


def test_hard_facts_are_compared_among_themselves() -> None:
    def facts(column: str, right: int) -> Cell:
        whole = cell("T-REx", column, 100)
        return replace(whole, by_tag={"hard": Counts(inputs=50, right=right)})

    found = results(facts("tuned", 40), facts("control", 5))
    assert bar(found, "T-REx, hard: tuned above control, points").measured == 70.0


def test_perplexity_may_rise_by_two_percent() -> None:
    def predicted(column: str, nats: float) -> Cell:
        scores = TextScores(texts=1, tokens=100, words=50, bytes=400, nats=nats)
        return Cell(task="perplexity Wikipedia", arm=column, scores=scores)

    name = "perplexity Wikipedia: tuned, calls disabled, above control, %"
    control = predicted("control", 300.0)
    near = bar(results(predicted("tuned, calls disabled", 301.0), control), name)
    far = bar(results(predicted("tuned, calls disabled", 303.0), control), name)
    assert round(near.measured or 0, 3) == 1.005  # exp(0.01) − 1
    assert near.is_met
    assert not far.is_met  # exp(0.03) − 1: 3 %


def test_restraint_is_how_many_inputs_start_a_call_at_k_1() -> None:
    found = results(
        cell("restraint C4", "tuned", 0, k=10, started=100),
        cell("restraint C4", "tuned", 0, k=1, started=10),
    )
    one = bar(found, "restraint C4: inputs with a call at k = 1, %")
    assert (one.measured, one.is_met) == (5.0, True)


def test_edited_facts_are_followed_where_a_call_was_made() -> None:
    found = results(cell("T-REx edited", "tuned", 180, k=10, called=160, right_called=144))
    one = bar(found, "T-REx edited: right of those that called, %")
    assert (one.measured, one.is_met) == (90.0, False)


def test_seeds_stand_side_by_side() -> None:
    lines = by_seed([results(*DATES), results(*DATES[:2])]).splitlines()
    assert lines[0] == "|  | seed 0 | seed 1 |"
    assert "| dates: tuned, % | 75.0 | 75.0 |" in lines
    assert "| dates: tuned above prior, points | 45.0 | – |" in lines
