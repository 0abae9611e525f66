"""`perplexity` and `restraint`: texts as they are, to be predicted or to be left alone."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from toolformer.corpus.files import CorpusProblem, read_records
from toolformer.corpus.formats import format_of
from toolformer.corpus.read import read_corpus
from toolformer.errors import ConfigError, CorpusError
from toolformer.evaluate.arm import each_arm, each_model, live_arms
from toolformer.evaluate.counts import NORMALISED, PREDICTION, STARTED
from toolformer.evaluate.measure import predict_texts, predict_with_calls
from toolformer.evaluate.task import Example, Task


def perplexity(
    path: str,
    text_column: str = "text",
    characters: int = 4000,
    calls: bool = False,
    name: str | None = None,
) -> Task:
    """How well plain text is predicted; a model that was taught calls has them disabled.

    With `calls`, the texts hold calls with their outputs. Arms with live calls read them and are
    scored on everything they would write themselves, the calls included and what tools return left
    out; the others read the same texts without. *Normalised perplexity* compares the two: it is
    taken per token of the plain text (LMLM's measure; see `TextScores.normalised_perplexity`).

    Args:
        path: JSON lines, Parquet, a dataset, or a text file. A text file is read whole.
        text_column: The field that holds the text.
        characters: About how long the pieces of a text file are; lines stay whole.
        calls: Whether the texts hold calls, such as `[Calculator(48/2) -> 24]`.
        name: How the results call it.
    """
    if calls:
        return Task(
            name=name or f"perplexity with calls {_stem(path)}",
            examples=_texts(path, text_column, characters),
            run=predict_with_calls,
            arms=each_arm,
            metrics=NORMALISED,
            note="own tokens, where calls are live",
        )
    return Task(
        name=name or f"perplexity {_stem(path)}",
        examples=_texts(path, text_column, characters),
        run=predict_texts,
        arms=each_model,
        metrics=PREDICTION,
        note="calls disabled",
    )


def restraint(
    path: str,
    text_column: str = "text",
    prompt: int = 64,
    tokens: int = 64,
    name: str | None = None,
) -> Task:
    """On how many texts that need no tool a call is started.

    Args:
        path: As of `perplexity`.
        text_column: The field that holds the text.
        prompt: How many of a text's tokens the model is given.
        tokens: How many it continues them by.
        name: How the results call it.
    """
    if prompt < 1 or tokens < 1:
        raise ConfigError(f"prompt={prompt},tokens={tokens}: both are at least 1.")
    return Task(
        name=name or f"restraint {_stem(path)}",
        examples=_texts(path, text_column, 4000),
        arms=live_arms,
        metrics=(STARTED,),
        note="text that needs no tool",
        prompt_tokens=prompt,
        max_new_tokens=tokens,
    )


def _texts(source: str, column: str, characters: int) -> Callable[[], Iterator[Example]]:
    """Returns what begins a stream of the texts; the first is read now.

    So a wrong path or column is reported before any model is loaded.
    """
    path = Path(source)

    def begin() -> Iterator[Example]:
        if os.path.isfile(path) and format_of(path) == ".txt":
            return _pieces(path, characters)
        documents = read_corpus(source, text_column=column, strict=True)
        return (Example(document.id, document.text, ()) for document in documents)

    next(begin())
    return begin


def _pieces(path: Path, characters: int) -> Iterator[Example]:
    """Yields a text file in runs of whole lines, each as long as asked for or a line longer."""
    number, lines, length = 0, list[str](), 0
    for record in read_records(path, name=path.name):
        if isinstance(record, CorpusProblem):
            raise CorpusError(f"{record}.")
        lines.append(str(record.fields["text"]))
        length += len(lines[-1]) + 1
        if length >= characters:
            number += 1
            yield _piece(path, number, lines)
            lines, length = [], 0
    if lines:
        yield _piece(path, number + 1, lines)
    elif number == 0:
        raise CorpusError(f"There is no text in '{path}'.")


def _piece(path: Path, number: int, lines: list[str]) -> Example:
    return Example(f"{_stem(str(path))}/{number}", "\n".join(lines) + "\n", ())


def _stem(path: str) -> str:
    return Path(path).name.split(".")[0]
