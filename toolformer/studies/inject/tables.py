"""What was measured, as tables of text: one training, two side by side, the tool beside them."""

from collections.abc import Iterator, Mapping, Sequence
from math import exp

from toolformer.evaluate.metric import NOTHING
from toolformer.evaluate.tables import TableText, percent
from toolformer.studies.inject.by_tool import ToolAnswer
from toolformer.studies.inject.data.facts import Group, Item, Kind
from toolformer.studies.inject.evaluating import Evaluation
from toolformer.studies.inject.reducing import (
    Asked,
    Estimate,
    Reduced,
    estimate,
    person_of,
    reduce_items,
)

_HEADER = ("items", "exact recall", "rank", "rank in the vocabulary", "perplexity")


def evaluation_tables(evaluation: Evaluation, items: Mapping[str, Item]) -> Iterator[TableText]:
    """Yields the tables of one training: by kind and exposure, by type, the held-out texts."""
    asked = evaluation.of(items)
    yield TableText(
        f"{evaluation.name}: recall by kind and exposures",
        ("kind", "exposures", *_HEADER),
        tuple(_by_kind(asked)),
        note=_note(asked),
    )
    top = max(found.exposures for _, found in asked)
    yield TableText(
        f"{evaluation.name}: recall by template, at {top} exposures and of control facts",
        ("type", "kind", "form", "facts", *_HEADER),
        tuple(_by_template(asked, top)),
    )
    yield TableText(
        f"{evaluation.name}: held-out texts",
        ("texts", "tokens", "loss, nats a token", "perplexity"),
        (_held_out(evaluation),),
    )


def comparison_tables(
    first: Evaluation, second: Evaluation, items: Mapping[str, Item]
) -> Iterator[TableText]:
    """Yields two trainings side by side, the first less the second, of the same items."""
    others = {each.item: each for each in second.recalls}
    groups: dict[tuple[str, str], list[Asked]] = {}
    for item, found in first.of(items):
        groups.setdefault((kind_name(item), exposures_name(item, found)), []).append((item, found))
    rows = []
    for (kind, exposures), asked in groups.items():
        beside = [(item, others[found.item]) for item, found in asked]
        difference = estimate(
            asked,
            lambda each: (100.0 * each.is_exact - 100.0 * others[each.item].is_exact, 1),
        )
        one, other = reduce_items(asked), reduce_items(beside)
        rows.append(
            (
                kind,
                exposures,
                str(one.items),
                *(_spell(each.exact, unit=" %") for each in (one, other)),
                _spell(difference, sign="+"),
                *(_rank(each) for each in (one, other)),
            )
        )
    names = first.name, second.name
    yield TableText(
        f"{first.name} beside {second.name}",
        (
            *("kind", "exposures", "items"),
            *(f"exact recall, {name}" for name in names),
            "points",
            *(f"rank, {name}" for name in names),
        ),
        tuple(rows),
    )
    percent = loss_percent(first, second)
    yield TableText(
        "Held-out texts",
        ("", "loss, nats a token", "perplexity"),
        (
            *((each.name, *_held_out(each)[2:]) for each in (first, second)),
            (f"{first.name} above {second.name}", _spell(percent, sign="+", unit=" %"), NOTHING),
        ),
    )


def tool_table(
    evaluation: Evaluation, answers: Sequence[ToolAnswer], items: Mapping[str, Item]
) -> TableText:
    """Returns the recall from weights beside that by the tool, of the same items.

    Only facts with the most exposures are compared, which the weights know best; and control facts.
    """
    right = {each.item: each.is_right for each in answers}
    rows = []
    for (kind, form, group), asked in _compared(evaluation, items, right).items():
        one = estimate(asked, lambda each: (100.0 * each.is_exact, 1))
        other = estimate(asked, lambda each: (100.0 * right[each.item], 1))
        difference = tool_less_weights(asked, right)
        rows.append(
            (
                *(kind, form, group, str(len(asked))),
                *(_spell(each, unit=" %") for each in (one, other)),
                _spell(difference, sign="+"),
            )
        )
    return TableText(
        "Exact recall from the weights and by the tool",
        ("kind", "form", "facts", "items", "weights", "tool", "tool − weights, points"),
        tuple(rows),
    )


def answers_table(answers: Sequence[ToolAnswer], items: Mapping[str, Item]) -> TableText:
    """Returns how many of the items were answered right by the tool."""
    groups: dict[tuple[str, str, str], list[ToolAnswer]] = {}
    for answer in answers:
        item = items[answer.item]
        groups.setdefault((item.kind.value, item.form, item.group.value), []).append(answer)
    return TableText(
        "Exact recall by the tool",
        ("kind", "form", "facts", "items", "with a call", "right"),
        tuple(
            (
                *key,
                str(len(found)),
                percent(sum(each.calls > 0 for each in found), len(found)),
                percent(sum(each.is_right for each in found), len(found)),
            )
            for key, found in groups.items()
        ),
    )


def tool_less_weights(asked: Sequence[Asked], right: Mapping[str, bool]) -> Estimate:
    """Returns how many points the tool's recall is above that from the weights."""
    return estimate(asked, lambda each: (100.0 * right[each.item] - 100.0 * each.is_exact, 1))


def loss_percent(first: Evaluation, second: Evaluation) -> Estimate:
    """Returns by how many per cent the first training's held-out loss is above the second's."""
    import numpy as np

    from toolformer.evaluate.compare.differences import bootstrap

    table = np.array(
        [(one.nats, other.nats) for one, other in zip(first.held_out, second.held_out, strict=True)]
    )
    interval = bootstrap(table, lambda drawn: 100 * (drawn[:, 0] / drawn[:, 1] - 1))
    return Estimate(float(100 * (table[:, 0].sum() / table[:, 1].sum() - 1)), *interval)


def kind_name(item: Item) -> str:
    """Returns the kind of an item as the tables call it."""
    return item.kind.value if item.needs_fact else f"{item.kind.value}, no fact needed"


def exposures_name(item: Item, found: object) -> str:
    """Returns how often an item's fact stood in the texts, or that it is a control fact."""
    return (
        Group.CONTROL.value if item.group is Group.CONTROL else str(getattr(found, "exposures", 0))
    )


def _compared(
    evaluation: Evaluation, items: Mapping[str, Item], right: Mapping[str, bool]
) -> dict[tuple[str, str, str], list[Asked]]:
    asked = [each for each in evaluation.of(items) if each[0].id in right]
    top = max(found.exposures for _, found in asked)
    groups: dict[tuple[str, str, str], list[Asked]] = {}
    for item, found in asked:
        is_control = item.group is Group.CONTROL
        if is_control or found.exposures == top:
            group = "control" if is_control else f"{top} exposures"
            groups.setdefault((item.kind.value, item.form, group), []).append((item, found))
    return groups


def _by_kind(asked: Sequence[Asked]) -> Iterator[tuple[str, ...]]:
    groups: dict[tuple[int, str, int, str], list[Asked]] = {}
    order = {kind: number for number, kind in enumerate(Kind)}
    for item, found in asked:
        name = exposures_name(item, found)
        count = -1 if item.group is Group.CONTROL else found.exposures
        place = 2 * order[item.kind] + (not item.needs_fact)
        groups.setdefault((place, kind_name(item), count, name), []).append((item, found))
    for (_, kind, _, exposures), found_items in sorted(groups.items(), key=lambda each: each[0]):
        yield (kind, exposures, *_cells(reduce_items(found_items)))


def _by_template(asked: Sequence[Asked], top: int) -> Iterator[tuple[str, ...]]:
    groups: dict[tuple[str, str, str, str], list[Asked]] = {}
    for item, found in asked:
        is_control = item.group is Group.CONTROL
        if is_control or found.exposures == top:
            group = Group.CONTROL.value if is_control else Group.INJECTED.value
            key = (item.type, item.kind.value, item.form, group)
            groups.setdefault(key, []).append((item, found))
    for key, found_items in groups.items():
        yield (*key, *_cells(reduce_items(found_items)))


def _cells(reduced: Reduced) -> tuple[str, ...]:
    return (
        str(reduced.items),
        _spell(reduced.exact, unit=" %"),
        _rank(reduced),
        _spell(reduced.token_rank),
        _spell(reduced.perplexity),
    )


def _rank(reduced: Reduced) -> str:
    return NOTHING if reduced.choice_rank is None else _spell(reduced.choice_rank)


def _note(asked: Sequence[Asked]) -> str:
    choices = max(found.choices for _, found in asked)
    people = len({person_of(item) for item, _ in asked})
    return (
        f"rank: of the answer among {choices} values of its slot by log p; intervals: 95 %, over "
        f"{people} people"
    )


def _held_out(evaluation: Evaluation) -> tuple[str, ...]:
    nats = sum(each.nats for each in evaluation.held_out)
    tokens = sum(each.tokens for each in evaluation.held_out)
    loss = nats / tokens
    return (str(len(evaluation.held_out)), f"{tokens:,}", f"{loss:.4f}", f"{exp(loss):.2f}")


def _spell(of: Estimate, *, unit: str = "", sign: str = "") -> str:
    """Writes a number with its interval.

    >>> _spell(Estimate(12.34, 10.0, 15.0), unit=" %"), _spell(Estimate(1234.5, 1000, 2000))
    ('12.3 % (10.0–15.0)', '1,234 (1,000–2,000)')
    """
    written = f"{sign},.0f" if max(abs(of.value), abs(of.high)) >= 1000 else f"{sign},.1f"
    if not sign and not unit and of.high < 10:
        written = ",.2f"
    joint = " to " if sign else "–"
    low, high = format(of.low, written), format(of.high, written)
    return f"{format(of.value, written)}{unit} ({low}{joint}{high})"
