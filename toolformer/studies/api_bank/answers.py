"""Answers of systems to the rows of API-Bank, from a file of one system or of several."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from toolformer.calls import HermesGrammar, KeywordCall, write_keyword_calls
from toolformer.corpus.files import Record
from toolformer.corpus.sources import find_sources
from toolformer.errors import ConfigError
from toolformer.files import parse_json
from toolformer.studies.api_bank.rows import ApiRow

_HERMES = HermesGrammar()


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiAnswer:
    """What one system made of a row.

    Attributes:
        id: Of the row.
        completion: What was wanted.
        answer: What it wrote, calls in tags rewritten as a list.
        prompt: Of the row; "" where neither the file nor the rows have it.
    """

    id: str
    completion: str
    answer: str
    prompt: str = ""


def read_answers(path: str, rows: Iterable[ApiRow] = ()) -> dict[str, list[ApiAnswer]]:
    """Returns the answers of a file by system, in their order.

    A record has a field `prediction`, and the system is the file's name; or `predictions`, a
    mapping from systems to answers.

    Args:
        path: of the answers.
        rows: that were answered, for what the file does not say: completion and prompt.

    Raises:
        ConfigError: a record is none, or its row is unknown.
        CorpusError: there is no such file.
    """
    by_id = {row.id: row for row in rows}
    systems: dict[str, list[ApiAnswer]] = {}
    for name, record in find_sources(path).records():
        if not isinstance(record, Record):
            raise ConfigError(f"Cannot read answers: {record}.")
        place = f"{name}, line {record.number},"
        identity = str(record.fields.get("id"))
        row = by_id.get(identity)
        if by_id and row is None:
            raise ConfigError(f"{place} answers {identity!r}, which is none of the rows.")
        completion = record.fields.get("completion", None if row is None else row.completion)
        prompt = record.fields.get("prompt", "" if row is None else row.prompt)
        if not isinstance(completion, str) or not isinstance(prompt, str):
            raise ConfigError(f"{place} does not say what was wanted: name the rows with --rows.")
        if row is not None and row.completion != completion.strip():
            raise ConfigError(
                f"{place} wants {completion!r}, and its row {row.completion!r}: name the rows "
                "that were answered."
            )
        for system, answer in _answers(record, place, default=Path(path).name.partition(".")[0]):
            systems.setdefault(system, []).append(
                ApiAnswer(
                    id=identity,
                    completion=completion.strip(),
                    answer=_as_list(answer),
                    prompt=prompt,
                )
            )
    if not systems:
        raise ConfigError(f"There is no answer in '{path}'.")
    return systems


def _answers(record: Record, place: str, *, default: str) -> Iterator[tuple[str, str]]:
    found = record.fields.get("predictions", {default: record.fields.get("prediction")})
    if not isinstance(found, Mapping) or not all(isinstance(each, str) for each in found.values()):
        raise ConfigError(
            f"{place} has no prediction: `toolformer study api-bank predict` writes such a file."
        )
    yield from ((str(system), str(answer)) for system, answer in found.items())


def _as_list(answer: str) -> str:
    """Returns an answer with its calls in tags as one list, which all scores are made for.

    >>> from toolformer.calls import ToolCall
    >>> _as_list("So" + HermesGrammar().format(ToolCall("Add", '{"a": "1"}')))
    "[Add(a='1')]"
    """
    calls = []
    for placed in _HERMES.calls(answer):
        try:
            values = parse_json(placed.call.arguments)
        except ValueError:
            return answer
        calls.append(KeywordCall(placed.call.tool, values))
    return write_keyword_calls(calls) if calls else answer
