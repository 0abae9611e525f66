"""Clean sentences of Wikipedia and Wikinews that state a T-REx fact annotated corpora may see."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from recipes.data.sources import Article, Fact
from recipes.data.statements import FactIndex, Statement, sentences, without_pronunciations
from recipes.splits import EVALUATION_RELATIONS, is_reserved_document, owner

SHORTEST, LONGEST = 40, 400  # characters: no headings, and about a hundred tokens at most

_FOREIGN = re.compile(r"[^\x20-\x7e\u00a0-\u017f\u2013\u2014\u2018\u2019\u201c\u201d\u2026]")
_DAMAGED = re.compile(r"[\[\]{}<>|]|  | [,;.]|\(\W|\"\"")


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A sentence, what it states, the sentence after it (or nothing) and the article it is from."""

    article: Article
    text: str
    next_text: str
    statements: tuple[Statement, ...]


def seen_by_annotation(fact: Fact) -> bool:
    """Says whether annotated corpora may state a fact."""
    return owner(fact.subject) == "annotate" and fact.relation not in EVALUATION_RELATIONS


def kept_for_evaluation(fact: Fact) -> bool:
    """Says whether no training text and no annotated text may state a fact."""
    return owner(fact.subject) == "evaluate" or fact.relation in EVALUATION_RELATIONS


def is_unseen_by_nano(article: Article) -> bool:
    """Says whether the embedded model was trained on no sentence of an article.

    What a tool's result is worth cannot be measured in words that a model knows by heart.
    """
    return is_reserved_document(article.id) or owner(article.title) != "nano"


def fact_excerpts(
    articles: Iterable[Article], facts: Iterable[Fact], *, banned: FactIndex
) -> Iterator[Excerpt]:
    """Yields the clean sentences that state a fact for annotation and mention none banned.

    Only articles that the embedded model has not seen are looked at.
    """
    wanted = FactIndex(fact for fact in facts if seen_by_annotation(fact))
    for article in filter(is_unseen_by_nano, articles):
        for paragraph in filter(wanted.could_state, article.text.split("\n")):
            parts = sentences(paragraph)
            for part, following in zip(parts, [*parts[1:], ""], strict=True):
                if not wanted.statements(part):  # most sentences end here, before the slow part
                    continue
                text = clean(part)
                if text is None or banned.mentions(text):
                    continue
                if stated := wanted.statements(text):
                    after = clean(following) or ""
                    after = "" if banned.mentions(f"{text} {after}") else after
                    yield Excerpt(article, text, after, tuple(stated))


def clean(sentence: str) -> str | None:
    """Returns a sentence without leftovers of markup, or None where it is not whole and plain.

    >>> clean("Tirana (; Albanian: ”Tiranë”, ]) is the capital and largest city of Albania.")
    'Tirana is the capital and largest city of Albania.'
    >>> clean("See also: List of cities") is None
    True
    """
    text = without_pronunciations(sentence.strip(), is_gap=_is_gap)
    if (
        not SHORTEST <= len(text) <= LONGEST
        or not re.match(r"[A-Z\"]", text)
        or text[-1] not in '.!?"'
    ):
        return None
    if _FOREIGN.search(text) or _DAMAGED.search(text):
        return None
    if text.count('"') % 2 or text.count("(") != text.count(")"):
        return None
    return text


def _is_gap(inner: str) -> bool:
    return bool(_FOREIGN.search(inner) or re.search(r"[\[\]]|^\W|;", inner) or not inner.strip())
