"""Which demonstrations a text is shown, and which pools are of one kind."""

import gzip
import json
import re
import sqlite3
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import replace

import pytest

from toolformer.annotate.demonstrations import NEAREST, STATIC, Demonstration, Pool
from toolformer.annotate.demonstrations.nearness import TextIndex
from toolformer.assets import SAMPLE_CORPUS, asset
from toolformer.calls import PlacedCall, ToolCall
from toolformer.tools.base import Tool
from toolformer.tools.registry import load_tool

CALCULATOR, CALENDAR = load_tool("calculator"), load_tool("calendar")


def shown(text: str, arguments: str = "1 + 1", *, tool: str = "Calculator") -> Demonstration:
    return Demonstration(text, (PlacedCall(0, ToolCall(tool, arguments), "2"),))


def pool_of(*texts: str) -> Pool:
    return Pool([shown(text) for text in texts], tool=CALCULATOR)


def texts_of(demonstrations: tuple[Demonstration, ...]) -> list[str]:
    return [each.text for each in demonstrations]


def sample(source: str) -> list[str]:
    with gzip.open(asset(SAMPLE_CORPUS), "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [row["text"] for row in rows if str(row["id"]).startswith(source)]


def sums() -> list[Demonstration]:
    """GSM8K's solutions with a call for each equation of two numbers."""
    equation = re.compile(r"\d+(?: ?[-+*/] ?\d+)+(?= ?= ?\d)")
    return [
        Demonstration(
            text,
            tuple(
                PlacedCall(found.end(), ToolCall("Calculator", found[0]), "0")
                for found in equation.finditer(text)
            ),
        )
        for text in sample("gsm8k/")
    ]


DAY = r"[A-Z][a-z]+ \d{1,2}, \d{4}"
NOTES = {
    rf"Going back (\d+) weeks in this book, to {DAY}": "today - {} weeks",
    rf"within (\d+) weeks of today\. .* the last day is {DAY}": "today + {} weeks",
    rf"fixes for (\d+) days, which means until {DAY}": "today + {} days",
    rf"ninety (\d+) days after this page is written, on {DAY}": "today + {} days",
    rf"needs (\d+) days from today, {DAY}\. It may": "today + {} days",
    rf"pencilled ({DAY})\. I looked it up": "weekday of {}",
    rf"on ({DAY})\. That day is": "weekday of {}",
    rf"on ({DAY}) and today is ({DAY})\. That": "days from {} to {}",
    rf"opened on ({DAY}) and closed on ({DAY})": "days from {} to {}",
    r"shows \w+day": "today",
    r"I write this on \w+day": "today",
}


def notes() -> list[Demonstration]:
    """The dated notes with the one call that each is about."""
    made = []
    for text in sample("notes/"):
        for pattern, arguments in NOTES.items():
            if found := re.search(pattern, text):
                made.append(shown(text, arguments.format(*found.groups()), tool="Calendar"))
                break
    return made


SENTENCES = {
    "continent": ("{} is a part of the continent of {}.", "{} belongs to {}."),
    "playing position": ("{} plays in the position of {}.", "{}, who plays as {}."),
    "capital": ("The capital of {} is {}.", "{}, whose capital city is {}."),
    "place of birth": ("{} was born in {}.", "{} is originally from {}."),
    "official language": ("The official language of {} is {}.", "In {}, people speak {}."),
    "record label": ("{} is signed to {}.", "{}'s label is {}."),
    "genre": ("{} plays {} music.", "The genre of {} is {}."),
    "religion": ("{} follows the religion of {}.", "{} is a believer in {}."),
    "manufacturer": ("{} is produced by {}.", "The maker of {} is {}."),
    "occupation": ("{} works as a {}.", "The job of {} is {}."),
}


def facts() -> list[Demonstration]:
    """Sentences about facts of the embedded database, twenty of each of ten attributes."""
    rows = sqlite3.connect(asset("facts.db")).execute(
        "SELECT entity, attribute, value FROM facts ORDER BY entity, attribute"
    )
    made, counts = [], defaultdict[str, int](int)
    for entity, attribute, value in rows:
        if attribute not in SENTENCES or counts[attribute] == 20:
            continue
        counts[attribute] += 1
        text = SENTENCES[attribute][counts[attribute] % 2].format(entity, value)
        made.append(shown(text, f"{entity}, {attribute}", tool="Database"))
    return made


def test_the_nearest_stand_last_and_equally_near_ones_go_by_their_order() -> None:
    pool = pool_of("a red fox", "a grey cat", "one grey cat", "a red fox ran", "a red hen")
    assert texts_of(pool.nearest("that red fox sat", 3)) == [
        "a red hen",
        "a red fox ran",
        "a red fox",
    ]
    assert texts_of(pool_of("a cat 1", "a cat 2", "a cat 3").nearest("the cat", 2)) == [
        "a cat 2",
        "a cat 1",
    ]


def test_rare_words_count_more_than_common_ones() -> None:
    common = [f"the cost of the {word}" for word in ("tea", "rice", "milk", "salt")]
    assert texts_of(pool_of(*common, "a zebra ran").nearest("the cost of the zebra", 1)) == [
        "a zebra ran"
    ]


def test_scores_are_those_of_the_formula() -> None:
    index = TextIndex(["a a b", "b c"])
    # b is in both: ln(1 + .5 / 2.5); a in one: ln(1 + 1.5 / 1.5). Mean length 2.5.
    b, a = 0.1823215567939546, 0.6931471805599453
    long, short = 1.2 * (0.25 + 0.75 * 3 / 2.5), 1.2 * (0.25 + 0.75 * 2 / 2.5)
    expected = [a * 2 * 2.2 / (2 + long) + b * 2.2 / (1 + long), b * 2.2 / (1 + short)]
    assert index.scores("b a, a?").tolist() == pytest.approx(expected)


def test_a_text_is_never_its_own_demonstration_whole_or_in_part() -> None:
    pool = pool_of("One fox ran.", "Two foxes ran.", "One fox ran. It was red.", "A cow")
    assert texts_of(pool.nearest("One fox ran.\n", 9)) == ["A cow", "Two foxes ran."]
    assert texts_of(pool.nearest("See: Two foxes ran. Ha.", 2)) == [
        "One fox ran. It was red.",
        "One fox ran.",
    ]


def test_a_window_is_not_shown_the_rest_of_its_document() -> None:
    pool = pool_of("One fox ran.", "Two foxes ran.")
    document = "One fox ran. Then two foxes slept."
    assert texts_of(pool.nearest("Then two foxes slept.", document=document)) == ["Two foxes ran."]


def test_scripts_without_spaces_are_compared_by_character() -> None:
    assert texts_of(pool_of("他昨天去了巴黎", "一共是八个苹果").nearest("一共有五个梨", 1)) == [
        "一共是八个苹果"
    ]


def test_a_pool_holds_one_tools_calls_and_each_text_once() -> None:
    both = Demonstration(
        "It is 2",
        (
            PlacedCall(0, ToolCall("Calendar", "today"), "May"),
            PlacedCall(5, ToolCall("Calculator", "1+1"), "2"),
        ),
    )
    first, again = shown("So 2"), shown("So 2", "2")
    pool = Pool([both, shown("x", tool="Calendar"), first, again], tool=CALCULATOR)
    assert pool.demonstrations == (both.of("Calculator"), first)


def test_static_ones_are_the_first_of_each_shape_and_stand_in_order() -> None:
    arguments = ["1 + 1", "2 + 2", "3 * 3", "4 + 4", "5 / 5"]
    pool = Pool([shown(str(n), each) for n, each in enumerate(arguments)], tool=CALCULATOR)
    assert texts_of(pool.static(3)) == ["0", "2", "4"]
    assert texts_of(pool.static(4)) == ["0", "1", "2", "4"]
    assert texts_of(pool.static()) == ["0", "1", "2", "3", "4"]


def test_gsm8k_is_of_one_kind_and_notes_and_facts_are_not() -> None:
    of_facts = replace(load_tool("database"), vocabulary=frozenset(" ".join(SENTENCES).split()))
    measured: list[tuple[list[Demonstration], Tool, int]] = [
        (sums(), CALCULATOR, 0),
        (notes(), CALENDAR, NEAREST),
        (facts(), of_facts, NEAREST),
    ]
    for demonstrations, tool, expected in measured:
        pool = Pool(demonstrations, tool=tool)
        assert len(pool) >= 30
        assert pool.default_nearest == expected, (tool.name, pool.kinship, pool.kinship.telling)


def test_a_few_of_many_kinds_are_not_of_one_kind_though_nothing_is_near() -> None:
    few = Pool(facts()[::9], tool=load_tool("database"))
    assert STATIC < len(few) < 30
    assert few.default_nearest == NEAREST


def test_a_small_pool_is_static_whatever_it_holds() -> None:
    assert Pool(notes()[:STATIC], tool=CALENDAR).default_nearest == 0
    assert Pool([], tool=CALENDAR).default_nearest == 0
    assert Pool([], tool=CALENDAR).nearest("a text") == ()
    assert Pool([], tool=CALENDAR).static() == ()


def test_a_pool_of_calls_that_are_all_alike_is_of_one_kind() -> None:
    pool = Pool([shown(f"{n} and {n}", f"{n} + {n}") for n in range(20)], tool=CALCULATOR)
    assert pool.kinship.by_chance == 1
    assert pool.default_nearest == 0


def test_the_nearest_are_the_same_in_every_process() -> None:
    program = (
        "from tests.annotate.demonstrations.test_pool import *\n"
        "pool = Pool(sums(), tool=CALCULATOR)\n"
        "print([texts_of(pool.nearest(text)) for text in sample('c4/')], pool.kinship)"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert said[0] == said[1]


@pytest.mark.slow
def test_ten_thousand_demonstrations_are_searched_in_milliseconds() -> None:
    texts = [f"{text} {n}" for text in sample("enwiki/") for n in range(90)]
    pool = pool_of(*texts)
    assert len(pool) > 10_000
    pool.nearest(texts[0])
    began = time.perf_counter()
    for text in texts[:1000:100]:
        pool.nearest(text)
    assert (time.perf_counter() - began) / 10 < 0.1
