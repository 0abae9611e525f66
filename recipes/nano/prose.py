"""Real prose that nano may see: articles that no benchmark takes sentences from, whole or by the sentence."""

import random
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from recipes.gsm8k import read_solution
from recipes.splits import is_held_out_gsm8k, is_reserved_document, owner
from toolformer.corpus.read import read_corpus
from toolformer.records import Document

GSM8K_RECORDS = 7473
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"])|\n+")


def keep_article(document: Document, _number: int) -> bool:
    """Keeps an article of Wikipedia or Wikinews that nothing else is measured on.

    An article about a T-REx subject whose facts are for annotating or for evaluation is left out as well.
    """
    title = document.meta.get("title")
    return not is_reserved_document(document.id) and (title is None or owner(str(title)) == "nano")


def keep_gsm8k(_document: Document, number: int) -> bool:
    """Keeps the records of GSM8K that are not held out."""
    return not is_held_out_gsm8k(number, total=GSM8K_RECORDS)


def without_marks(text: str) -> str:
    r"""Takes GSM8K's calculator marks and its last line out of a solution.

    >>> without_marks("He had 48/2 = <<48/2=24>>24 clips.\n#### 24")
    'He had 48/2 = 24 clips.'
    """
    return read_solution(text).text


@dataclass(frozen=True, slots=True)
class Article:
    """A title and its sentences."""

    title: str
    sentences: tuple[str, ...]


@lru_cache
def articles(shared: Path, *, limit: int = 9000) -> tuple[Article, ...]:
    """Returns articles of Wikinews and Wikipedia, in sentences of 30 to 400 characters."""
    found = []
    for name in ("wikinews", "wikipedia"):
        for number, document in enumerate(
            read_corpus(shared / name / "train.jsonl.xz", max_documents=limit)
        ):
            if keep_article(document, number):
                sentences = tuple(
                    s for s in _SENTENCE_END.split(document.text[:3000]) if 30 <= len(s) <= 400
                )
                if sentences:
                    found.append(Article(str(document.meta["title"]), sentences))
    return tuple(found)


@lru_cache
def solutions(shared: Path) -> tuple[str, ...]:
    """Returns the solution texts of GSM8K that are not held out, without their marks."""
    records = read_corpus(shared / "gsm8k" / "train.jsonl.gz", text_column="answer")
    return tuple(without_marks(d.text) for number, d in enumerate(records) if keep_gsm8k(d, number))


def sentence(rng: random.Random, shared: Path) -> str:
    """Returns one real sentence."""
    return rng.choice(rng.choice(articles(shared)).sentences)


def words(rng: random.Random, shared: Path, *, most: int) -> str:
    """Returns a run of 1 to `most` plain lower-case words of a real sentence."""
    while True:
        run = re.findall(rf"(?<=\s)(?:[a-z]{{3,}}\s){{1,{most}}}", sentence(rng, shared))
        if run:
            return rng.choice(run).strip()


def passage(rng: random.Random, shared: Path, *, most: int) -> str:
    """Returns 1 to `most` consecutive sentences of an article."""
    article = rng.choice(articles(shared))
    start = rng.randrange(len(article.sentences))
    return " ".join(article.sentences[start : start + rng.randint(1, most)])
