"""The units of reading: a window of a document with the tools that suit it, and batches of these.

Everything follows from the documents and the configuration, so that a run is the same wherever and
however often it is resumed.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from toolformer.annotate.texts.windows import Window, whole, windows
from toolformer.lm.base import LanguageModel
from toolformer.records import Document
from toolformer.tools.base import Tool
from toolformer.tools.context import ToolContext

_LONG_TOKEN_CHARACTERS = 16


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A window of a document, and the tools to try on it."""

    number: int  # of the document in its shard
    document: Document
    window: Window
    tools: tuple[Tool, ...]  # none where there is nothing to read
    context: ToolContext


def cut_excerpts(
    documents: Mapping[int, Document],
    *,
    model: LanguageModel,
    tools: Sequence[Tool],
    window_tokens: int,
    overlap_tokens: int,
) -> list[Excerpt]:
    """Returns the excerpts of a shard's documents that at least one tool suits, in text order.

    A window without a token, and one that is a single character too long for the model, has no
    place for a call. It is an excerpt without a tool, so that its document is accounted for.
    """
    excerpts = []
    # A much longer text is windowed without being tokenised whole.
    short = {
        number: document.text
        for number, document in documents.items()
        if len(document.text) <= window_tokens * _LONG_TOKEN_CHARACTERS
    }
    counts = dict(zip(short, model.count_tokens(list(short.values())), strict=True))
    for number, document in documents.items():
        context = ToolContext(today=document_date(document))
        tokens = counts.get(number)
        parts: Iterable[Window] = (
            [whole(document.text, tokens)]
            if tokens is not None and tokens <= window_tokens
            else windows(
                document.text,
                model.token_ends,
                window_tokens=window_tokens,
                overlap_tokens=overlap_tokens,
            )
        )
        for window in parts:
            is_readable = 0 < window.tokens <= window_tokens
            suiting = tuple(
                tool for tool in tools if is_readable and tool.is_tried_on(window.text, context)
            )
            if suiting or not is_readable:
                excerpts.append(Excerpt(number, document, window, suiting, context))
    return excerpts


def batches(
    excerpts: Sequence[Excerpt], *, batch_tokens: int, copies: int, own_tokens: int = 0
) -> Iterator[list[Excerpt]]:
    """Yields excerpts of like length together, each batch in text order.

    Args:
        excerpts: of one shard.
        batch_tokens: about the most tokens of a batch, over the tools of its texts; an excerpt with
            more is a batch by itself.
        copies: how often a prompt and its text hold the text.
        own_tokens: of a prompt that is a text's own, at most.
    """
    by_length = sorted(range(len(excerpts)), key=lambda index: excerpts[index].window.tokens)
    batch: list[int] = []
    size = 0
    for index in by_length:
        excerpt = excerpts[index]
        tokens = (excerpt.window.tokens * copies + own_tokens) * len(excerpt.tools)
        if batch and size + tokens > batch_tokens:
            yield [excerpts[each] for each in sorted(batch)]
            batch, size = [], 0
        batch.append(index)
        size += tokens
    if batch:
        yield [excerpts[each] for each in sorted(batch)]


def document_date(document: Document) -> date | None:
    """Returns the day of a document's ISO date, None without one.

    >>> document_date(Document("1", "Today.", {"date": "2023-03-03T10:00:00Z"}))
    datetime.date(2023, 3, 3)
    >>> document_date(Document("1", "Today.", {"date": "spring"})) is None
    True
    """
    value = document.meta.get("date")
    try:
        return datetime.fromisoformat(value).date() if isinstance(value, str) else None
    except ValueError:
        return None
