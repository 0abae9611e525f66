"""What nano is trained on: its demonstrations show calls and no results, its notes are no calls.

Most of this looks at draws of the real generators over the real data, where these lie beside the
project; the splits of what the generators read are asserted record by record.
"""

import gzip
import itertools
import json
import random
import re
from pathlib import Path

import pytest

from recipes.nano import calculator, calendar, lookup, negatives, notes, prose
from recipes.nano.demonstration import Passage, demonstrate, join, piece
from recipes.nano.words import MONTHS
from recipes.splits import (
    EVALUATION_RELATIONS,
    is_evaluation_template,
    is_held_out_gsm8k,
    is_reserved_document,
    owner,
)
from toolformer.calls import InlineGrammar
from toolformer.config import read_yaml
from toolformer.pretrain.config import PretrainConfig
from toolformer.records import Document

ROOT = Path(__file__).parents[3]
SHARED = ROOT.parent / "shared" / "data"
RECIPE = ROOT / "recipes" / "nano"
GRAMMAR = InlineGrammar()

needs_data = pytest.mark.skipif(not SHARED.is_dir(), reason="the data lie beside the project only")
DEMONSTRATIONS = (calculator, calendar, lookup)


def test_a_piece_begins_where_a_token_ends_and_not_after_a_space() -> None:
    spaced = piece("3 + 4 = ", "7", " pears.", arguments="3+4", key="3 + 4")
    assert spaced.text == "3 + 4 = 7 pears."
    assert spaced.text[: spaced.slots[0].position] == "3 + 4 ="
    money = piece("3 + 4 = $", "7", arguments="3+4", key="3 + 4")
    assert money.text[: money.slots[0].position] == "3 + 4 = $"


def test_joined_passages_keep_their_slots_where_they_are() -> None:
    joined = join(
        [Passage("No sum."), piece("1 + 1 = ", "2", ".", arguments="1+1", key="1 + 1")], "\n"
    )
    assert joined.text == "No sum.\n1 + 1 = 2."
    assert joined.text[joined.slots[0].position :] == " 2."


def test_a_demonstration_is_the_brief_prompt_and_the_text_with_calls() -> None:
    passage = piece("1 + 1 = ", "2", ".", arguments="1+1", key="1 + 1")
    example = demonstrate(passage, tool="Calculator", signature="Calculator(expression)")
    assert example.prompt == ("Tool: Calculator(expression)\nInput:\n1 + 1 = 2.\nOutput:\n")
    assert example.completion == "1 + 1 = [Calculator(1+1)] 2."


def test_marks_and_the_last_line_are_taken_out_of_a_solution() -> None:
    assert prose.without_marks("2*3=<<2*3=6>>6 and 6+1=$<<6+1=7>>7\n#### 7") == "2*3=6 and 6+1=$7"


def test_an_article_is_kept_only_if_nothing_is_measured_on_it() -> None:
    # The folds of these names were worked out with `sha256sum`.
    free = Document("wikinews/743", "", {"title": "Brazilian delegation returns"})
    assert prose.keep_article(free, 0) == (
        not is_reserved_document("wikinews/743") and owner("Brazilian delegation returns") == "nano"
    )


@needs_data
@pytest.mark.parametrize("tool", DEMONSTRATIONS, ids=lambda tool: tool.TOOL)
def test_no_demonstration_shows_a_result(tool: object) -> None:
    draw = tool.demonstrations(folder=RECIPE, shared=str(SHARED))  # type: ignore[attr-defined]
    rng = random.Random(0)
    called = 0
    for _ in range(300):
        example = draw(rng)
        segments = GRAMMAR.read(example.completion)
        assert {segment.kind for segment in segments} <= {"text", "call"}
        assert GRAMMAR.arrow not in example.completion
        # The copy is the input, byte for byte.
        assert f"Input:\n{GRAMMAR.strip(example.completion)}\nOutput:\n" in example.prompt
        called += any(segment.kind == "call" for segment in segments)
    assert called > 250


@needs_data
@pytest.mark.parametrize("tool", DEMONSTRATIONS, ids=lambda tool: tool.TOOL)
def test_a_demonstrated_call_never_peeks(tool: object) -> None:
    from toolformer.annotate.texts.peeking import first_mentions, peeks, terms
    from toolformer.tools.registry import load_tool

    name: str = tool.TOOL  # type: ignore[attr-defined]
    draw = tool.demonstrations(folder=RECIPE, shared=str(SHARED))  # type: ignore[attr-defined]
    rng = random.Random(0)
    vocabulary = load_tool(name).vocabulary | terms(lookup._ATTRIBUTES)
    calls = peeking = 0
    for _ in range(200):
        completion = draw(rng).completion
        mentions = first_mentions(GRAMMAR.strip(completion))
        for placed in GRAMMAR.calls(completion):
            calls += 1
            peeking += peeks(
                placed.call.arguments, placed.position, mentions=mentions, vocabulary=vocabulary
            )
    assert calls > 200
    # "two weeks" is asked for as "2 weeks": a number that the text may mention later by chance.
    assert peeking <= 0.03 * calls


@needs_data
def test_no_note_has_the_form_of_a_call_and_a_fifth_tell_nothing() -> None:
    makers = (notes.over_solutions, notes.over_prose, notes.over_generated)
    rng = random.Random(0)
    idle = arrows = total = 0
    for make, many_forms in itertools.product(makers, (False, True)):
        draw = make(folder=RECIPE, shared=str(SHARED), many_forms=many_forms)
        for _ in range(300):
            example = draw(rng)
            assert not GRAMMAR.holds_call(" " + example.prompt)
            arrows += GRAMMAR.arrow in example.prompt
            # A note of another text that had nothing to tell is none.
            assert example.prompt.strip() == "" or example.prompt.startswith("[")
            told = re.findall(r"[\w.,]*\w(?=\]|, )", example.prompt)
            total += 1
            idle += not any(
                each.replace(",", "") in example.completion.replace(",", "") for each in told
            )
    assert 0.1 < idle / total < 0.25
    assert arrows <= 0.002 * total  # GSM8K's own text has one here and there, as a word of a key


@needs_data
def test_a_legend_is_neither_bracketed_nor_about_what_a_tool_is_asked() -> None:
    draw = notes.legends(folder=RECIPE, shared=str(SHARED))
    rng = random.Random(0)
    for _ in range(200):
        example = draw(rng)
        assert GRAMMAR.open.strip() not in example.prompt
        assert "=" not in example.prompt


@needs_data
def test_negatives_copy_a_text_without_a_call() -> None:
    draw = negatives.demonstrations(folder=RECIPE, shared=str(SHARED))
    rng = random.Random(0)
    for _ in range(50):
        example = draw(rng)
        assert f"Input:\n{example.completion}\nOutput:\n" in example.prompt
        assert not GRAMMAR.holds_call(example.completion)


@needs_data
def test_nano_reads_only_its_own_facts_and_patterns() -> None:
    known = lookup.facts(SHARED)
    assert len(known.true) > 7000
    assert {owner(subject) for _, subject, _ in known.true} == {"nano"}
    assert not {relation for relation, _, _ in known.true} & EVALUATION_RELATIONS
    assert not {relation for relation, _ in lookup._FRAMES} & EVALUATION_RELATIONS
    assert [each for each in known.patterns if is_evaluation_template(*each)] == []


@needs_data
def test_nano_reads_only_its_own_articles() -> None:
    articles = prose.articles(SHARED)
    assert len(articles) > 3000
    assert {owner(article.title) for article in articles} == {"nano"}


@needs_data
def test_nano_reads_no_held_out_solution() -> None:
    solutions = set(prose.solutions(SHARED))
    with gzip.open(SHARED / "gsm8k" / "train.jsonl.gz", "rt", encoding="utf-8") as lines:
        answers = [json.loads(line)["answer"] for line in lines]
    assert len(answers) == prose.GSM8K_RECORDS
    held_out = [
        prose.without_marks(answer)
        for index, answer in enumerate(answers)
        if is_held_out_gsm8k(index, total=len(answers))
    ]
    assert len(held_out) == 473
    assert [each for each in held_out if each in solutions] == []
    assert not any("<<" in each for each in solutions)


@pytest.mark.parametrize("recipe", ["nano.yaml", "second.yaml"])
def test_the_recipe_names_no_evaluation_set(recipe: str) -> None:
    config = PretrainConfig(**read_yaml(RECIPE / recipe))
    corpora = {Path(s.corpus).parent.name for s in config.mixture if s.corpus is not None}
    assert corpora == {"wikipedia", "wikinews", "gsm8k"}
    assert {s.keep for s in config.mixture if s.corpus is not None} == {
        "prose.py:keep_article",
        "prose.py:keep_gsm8k",
    }


def _phrases(text: str) -> set[str]:
    """Returns the runs of six words of a text that hold no whole date; all numbers are one."""
    when = "|".join((*MONTHS, *calendar._WEEKDAYS))
    plain = re.sub(rf"\d+|\b(?:{when})\b", "#", text).lower()
    words = re.findall(r"[a-z']+|#", plain)
    runs = {" ".join(words[start : start + 6]) for start in range(len(words) - 5)}
    return {run for run in runs if run.count("#") < 3}


@needs_data
def test_the_samples_dated_notes_share_no_phrase_with_nanos_texts() -> None:
    with gzip.open(ROOT / "toolformer" / "assets" / "sample.jsonl.gz", "rt") as lines:
        records = [json.loads(line) for line in lines]
    sample = set().union(*(_phrases(r["text"]) for r in records if r["source"] == "generated"))
    rng = random.Random(0)
    seen = set().union(*(_phrases(calendar.passage(rng, SHARED).text) for _ in range(3000)))
    assert len(sample) > 200
    assert sample & seen == set()
