"""Dated notes, what each states that a calendar answers, and what a run's calls made of it.

Pure functions over candidates. The notes are those of `recipes/data/notes.py`; exemplars in other
wordings are in `recipes/real/exemplars.py`.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.in_context.judging.intervals import Share, by_text
from recipes.data.notes import Note, write_notes
from toolformer.annotate.demonstrations import Demonstration
from toolformer.calls import PlacedCall, ToolCall
from toolformer.records import AnnotatedDocument, Candidate, Document, Verdict

_DAY = r"[A-Z][a-z]+ \d{1,2}, \d{4}"
_WEEKDAY = r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"


@dataclass(frozen=True, slots=True)
class StatedDate:
    """What a note states, and the call that answers it."""

    place: int  # characters: where the call belongs, before the space of what it tells
    value: str  # as it stands in the text
    arguments: str  # of a right call; others may be right as well
    family: str  # sentence pattern


# By family: a pattern whose last group is what is stated, and the call by the groups before.
_STATED: Mapping[str, tuple[str, Callable[[re.Match[str]], str]]] = {
    "diary-today": (rf"(?:on|shows|to) ({_WEEKDAY}, {_DAY})", lambda _: "today"),
    "diary-ahead": (rf"(\d+) days after .* on ({_DAY})", lambda m: f"today + {m[1]} days"),
    "mail-deadline": (rf"within (\d+) weeks .* is ({_DAY})", lambda m: f"today + {m[1]} weeks"),
    "mail-weekday": (rf"on ({_DAY})\. .* a ({_WEEKDAY})", lambda m: f"weekday of {m[1]}"),
    "mail-waiting": (
        rf"on ({_DAY}) and today is ({_DAY})\. That makes (\d+)",
        lambda m: f"days from {m[1]} to {m[2]}",
    ),
    "release-support": (
        rf"({_DAY})\. It gets fixes for (\d+) days, .* until ({_DAY})",
        lambda m: f"{m[1]} + {m[2]} days",
    ),
    "release-beta": (
        rf"on ({_DAY}) and closed on ({_DAY})\. Over those (\d+)",
        lambda m: f"days from {m[1]} to {m[2]}",
    ),
    "release-months": (
        rf"on ({_DAY}): .* for (\d+) more months .* on ({_DAY})",
        lambda m: f"{m[1]} + {m[2]} months",
    ),
    "garden-sown": (
        rf"on ({_DAY})\. The packet promises (\d+) days .* on ({_DAY})",
        lambda m: f"{m[1]} + {m[2]} days",
    ),
    "garden-ago": (rf"back (\d+) weeks .* to ({_DAY})", lambda m: f"today - {m[1]} weeks"),
    "workshop-born": (rf"({_DAY})\. .* was a ({_WEEKDAY})", lambda m: f"weekday of {m[1]}"),
    "workshop-cure": (rf"needs (\d+) days .* on ({_DAY})", lambda m: f"today + {m[1]} days"),
}


def stated_date(note: Note) -> StatedDate:
    """Returns what a note states.

    >>> note = write_notes(12)[9]
    >>> note.text[:55], stated_date(note).arguments
    ('Going back 4 weeks in this book, to November 26, 2022, ', 'today - 4 weeks')
    """
    pattern, asks = _STATED[note.family]
    found = re.search(pattern, note.text)
    if found is None or found.lastindex is None:
        raise ValueError(f"a note of {note.family} states nothing: {note.text!r}")
    value, start = found[found.lastindex], found.start(found.lastindex)
    return StatedDate(len(note.text[:start].rstrip()), value, asks(found), note.family)


def notes(*, count: int, seed: int) -> dict[str, Note]:
    """Returns notes by id, the families in turn."""
    written = enumerate(write_notes(count, seed=seed))
    return {f"notes/{number}-{note.family}": note for number, note in written}


def as_documents(dated: Mapping[str, Note]) -> list[Document]:
    """Returns the notes as texts with their days."""
    return [
        Document(name, note.text, {"date": note.today.isoformat()}) for name, note in dated.items()
    ]


@dataclass(frozen=True, slots=True)
class DateTold:
    """What became of what one note states."""

    is_proposed: bool  # a call at the place gives what the note states
    is_told: bool  # and is kept
    kept: int  # calls
    right: int  # of these: the text continues with what they tell
    family: str


def date_told(annotated: AnnotatedDocument, stated: StatedDate) -> DateTold:
    """Returns what became of what a note states."""
    kept = [each for each in annotated.candidates if each.verdict is Verdict.KEPT]
    right = [each for each in annotated.candidates if _is_right(each, stated)]
    return DateTold(
        is_proposed=bool(right),
        is_told=any(each.verdict is Verdict.KEPT for each in right),
        kept=len(kept),
        right=sum(is_what_follows(each, annotated.document.text) for each in kept),
        family=stated.family,
    )


def is_what_follows(candidate: Candidate, text: str) -> bool:
    """Returns whether a text continues with a call's output, or with the date in it.

    A day by its weekday and date is what follows where the text says the date alone, or has said
    the weekday or the month already.

    >>> call = Candidate(8, "Calendar", "today", 0.1, 1, output="Friday, March 3, 2023")
    >>> is_what_follows(call, "It is on March 3, 2023."), is_what_follows(call, "It is on a day.")
    (True, False)
    """
    following = text[candidate.position :].lstrip(" \"'“(")
    words = (candidate.output or "").split(" ")
    # At least the day of the month and the year: a year alone tells too little.
    ends = range(max(1, len(words) - 1)) if len(words) > 1 else range(1)
    return any(_begins_with(following, " ".join(words[start:])) for start in ends)


def _begins_with(text: str, told: str) -> bool:
    """Returns whether a text begins with whole words or numbers."""
    after = text[len(told) : len(told) + 1]
    return bool(told) and text.startswith(told) and not after.isalnum()


def precision(found: Sequence[DateTold], *, seed: int = 0) -> Share:
    """Returns the share of kept calls that the text continues with."""
    return by_text([each.right for each in found], [each.kept for each in found], seed=seed)


def told_all(documents: Iterable[AnnotatedDocument], dated: Mapping[str, Note]) -> list[DateTold]:
    """Returns what became of what the notes state, note by note."""
    return [date_told(each, stated_date(dated[each.document.id])) for each in documents]


def _is_right(candidate: Candidate, stated: StatedDate) -> bool:
    return candidate.position == stated.place and candidate.output == stated.value


def dated_exemplars(*, count: int, seed: int) -> list[Demonstration]:
    """Returns notes of all families in turn with their calls: the wordings of those measured.

    Args:
        count: how many.
        seed: of the dates; another than that of the notes that are measured.
    """
    made = []
    for note in write_notes(count, seed=seed):
        said = stated_date(note)
        placed = PlacedCall(said.place, ToolCall("Calendar", said.arguments), said.value)
        made.append(Demonstration(note.text, (placed,), note.today))
    return made
