"""Builds the embedded sample corpus: `python -m recipes.data.sample --shared ../shared/data`.

About 300 short real texts with their source and licence in every record, and three dozen generated
notes that say so. Which texts are taken depends on the data alone: candidates are ordered by a hash
of their text, then capped.
"""

import argparse
import gzip
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path

from recipes.data.countries import read_countries
from recipes.data.excerpts import (
    LONGEST,
    Excerpt,
    clean,
    fact_excerpts,
    is_unseen_by_nano,
    kept_for_evaluation,
)
from recipes.data.notes import write_notes
from recipes.data.sources import (
    Article,
    Fact,
    read_c4,
    read_facts,
    read_gsm8k,
    read_wikinews,
    read_wikipedia,
)
from recipes.data.statements import FactIndex, sentences
from recipes.gsm8k import read_solution
from recipes.relations import ATTRIBUTE_NAMES
from recipes.splits import is_held_out_gsm8k

ASSET = Path(__file__).parents[2] / "toolformer" / "assets" / "sample.jsonl.gz"
SOLUTIONS, STATEMENTS, PLAIN_NEWS, PLAIN_WEB, NOTES = 110, 120, 36, 34, 36
EXCERPT_LENGTH = 330  # characters; a second sentence is taken along up to here


@dataclass(frozen=True, slots=True)
class Record:
    """One line of the corpus; `date` only where the text has a day of its own."""

    id: str
    text: str
    source: str
    license: str
    title: str = ""
    url: str = ""
    date: str = ""


def build(shared: Path) -> list[Record]:
    """Returns the corpus's records, the sources mixed so that any beginning shows them all."""
    facts = read_facts(shared)
    banned = evaluation_facts(shared)
    articles = chain(read_wikipedia(shared), read_wikinews(shared))
    stated = statements(fact_excerpts(articles, facts, banned=banned))
    taken = {record.id.split("#")[0] for record in stated}
    news = (a for a in read_wikinews(shared) if is_unseen_by_nano(a) and a.id not in taken)
    parts = [
        solutions(shared, banned),
        stated,
        plain(news, FactIndex(facts), PLAIN_NEWS),
        plain(read_c4(shared), FactIndex(facts), PLAIN_WEB),
        notes(),
    ]
    return sorted(chain.from_iterable(parts), key=lambda record: _order(record.text, salt="mixed"))


def evaluation_facts(shared: Path) -> FactIndex:
    """Returns the facts that no annotated text may mention, those of the country files included."""
    relations = {name: relation for relation, name in ATTRIBUTE_NAMES.items()}
    countries = (
        Fact(row.entity, relations[row.attribute], row.value)
        for row in read_countries(shared)
        if row.attribute in relations
    )
    return FactIndex(filter(kept_for_evaluation, chain(read_facts(shared), countries)))


def solutions(shared: Path, banned: FactIndex) -> list[Record]:
    """Returns solution texts of GSM8K's held-out records, marks and final line removed."""
    problems = read_gsm8k(shared)
    found = []
    for problem in problems:
        text = read_solution(problem.answer).text
        held_out = is_held_out_gsm8k(problem.index, total=len(problems))
        if (
            held_out
            and 60 <= len(text) <= LONGEST
            and _is_plain(text)
            and not banned.mentions(text)
        ):
            url = "https://github.com/openai/grade-school-math"
            found.append(Record(f"gsm8k/train/{problem.index}", text, "GSM8K", "MIT", url=url))
    return sorted(found, key=lambda record: _order(record.text))[:SOLUTIONS]


def statements(excerpts: Iterable[Excerpt]) -> list[Record]:
    """Returns excerpts that state a fact: few of one subject, few of one kind."""
    # First the sentences about what their article is about: they say most surely what they seem to.
    excerpts = sorted(
        excerpts, key=lambda excerpt: (not _is_about_title(excerpt), _order(excerpt.text))
    )
    kinds: Counter[str] = Counter()
    subjects: Counter[str] = Counter()
    chosen: dict[str, Record] = {}
    for excerpt in excerpts:
        first = excerpt.statements[0].fact
        is_new = (
            excerpt.text not in chosen
            and subjects[first.subject] < 4
            and kinds[first.attribute] < 16
        )
        if is_new and len(excerpt.text) <= EXCERPT_LENGTH and len(chosen) < STATEMENTS:
            kinds[first.attribute] += 1
            subjects[first.subject] += 1
            chosen[excerpt.text] = _record(excerpt.article, _with_next(excerpt))
    return list(chosen.values())


def plain(articles: Iterable[Article], facts: FactIndex, count: int) -> list[Record]:
    """Returns passages in which no tool could help: no fact, numbers or date; nothing gruesome."""
    found = []
    for article in articles:
        passage = _passage(article)
        if passage is None or _DATED.search(passage) or _GRUESOME.search(passage):
            continue
        if len(re.findall(r"\d+", passage)) <= 1 and not facts.mentions(passage):
            found.append(_record(article, passage))
    return sorted(found, key=lambda record: _order(record.text))[:count]


def notes() -> list[Record]:
    """Returns the generated notes, each with its date."""
    written = enumerate(write_notes(NOTES))
    return [
        Record(
            f"notes/{number}-{note.family}",
            note.text,
            "generated",
            "CC0-1.0",
            date=note.today.isoformat(),
        )
        for number, note in written
    ]


def write_corpus(path: Path, records: Iterable[Record]) -> None:
    """Writes records as gzipped JSON lines without empty fields and without a time stamp."""
    lines = (
        json.dumps({k: v for k, v in asdict(record).items() if v}, ensure_ascii=False)
        for record in records
    )
    path.write_bytes(gzip.compress("".join(f"{line}\n" for line in lines).encode(), 9, mtime=0))


_DATED = re.compile(
    r"\b(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|\b(yesterday|today|tomorrow)\b|"
    r"\b(January|February|March|April|June|July|August|September|October|November|December)\b"
)
_GRUESOME = re.compile(
    r"\b(kill|murder|attack|shoot|shot|gun|bomb|dead|death|die[sd]?\b|suicid|terror|weapon|missile|"
    r"war\b|blood|abus|rape|sex|porn|erot|erect|penis|impoten|drug|cocaine|naked|bin laden|"
    r"prosecut|injur|crash)",
    re.IGNORECASE,
)
_SOURCES = {
    "enwiki": ("Wikipedia", "CC BY-SA 3.0", "https://en.wikipedia.org/?curid={number}"),
    "wikinews": ("Wikinews", "CC BY 2.5", "https://en.wikinews.org/?curid={number}"),
    "c4": ("C4", "ODC-BY 1.0", ""),
}


def _record(article: Article, text: str) -> Record:
    kind, number = article.id.split("/")
    source, licence, url = _SOURCES[kind]
    return Record(
        f"{article.id}#{_order(text)[:6]}",
        text,
        source,
        licence,
        article.title,
        url.format(number=number),
    )


def _passage(article: Article) -> str | None:
    """Returns one to three clean neighbouring sentences of an article, or None."""
    for paragraph in article.text.split("\n")[1:]:
        parts = [clean(part) for part in sentences(paragraph)]
        for start, part in enumerate(parts):
            following = parts[start + 1] if start + 1 < len(parts) else None
            if part and following and 120 <= len(part) + len(following) < EXCERPT_LENGTH:
                return f"{part} {following}"
    return None


def _with_next(excerpt: Excerpt) -> str:
    both = f"{excerpt.text} {excerpt.next_text}"
    return both if excerpt.next_text and len(both) <= EXCERPT_LENGTH else excerpt.text


def _is_about_title(excerpt: Excerpt) -> bool:
    return any(said.fact.subject == excerpt.article.title for said in excerpt.statements)


def _is_plain(text: str) -> bool:
    return not re.search(r"[\[\]<>{}]|->", text)


def _order(text: str, *, salt: str = "") -> str:
    return hashlib.sha256(f"{salt}{text}".encode()).hexdigest()


def main() -> None:
    """Builds the corpus from the shared data and says what is in it."""
    parser = argparse.ArgumentParser(description="Build the embedded sample corpus.")
    parser.add_argument(
        "--shared", type=Path, default=Path("../shared/data"), help="the shared data folder"
    )
    parser.add_argument("--out", type=Path, default=ASSET, help="where the corpus goes")
    arguments = parser.parse_args()
    records = build(arguments.shared)
    write_corpus(arguments.out, records)
    sources: Iterator[str] = (
        f"{count} {source}" for source, count in Counter(r.source for r in records).items()
    )
    print(f"{arguments.out}: {len(records)} texts ({', '.join(sources)})")


if __name__ == "__main__":
    main()
