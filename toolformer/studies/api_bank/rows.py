"""The rows of API-Bank: a prompt with APIs and a dialogue, and the call that answers it."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, get_args

from toolformer.calls import KeywordCall, read_keyword_calls
from toolformer.corpus.files import Record
from toolformer.corpus.sources import find_sources
from toolformer.errors import ConfigError
from toolformer.files import write_whole

QueryType = Literal["dialogue", "utterance", "search", "other"]
QUERY_TYPES: tuple[QueryType, ...] = get_args(QueryType)
_SAID: dict[str, QueryType] = {
    "based on the previous dialogue context": "dialogue",
    "based on the user's utterance and available API requests": "utterance",
    "make multiple API calls to fulfill a requirement": "search",
}
_INSTRUCTION = 600  # characters in which a prompt says what it asks for
# As an object of JSON or of Python that has a description, or as a line of a tool search.
_NAMED = re.compile(
    r"""(?x) (?: (["'])(?: apiCode | name )\1 \s*:\s* (["'])(?P<object>[^"'\s()\[\]]+)\2
        \s*,\s* (["'])description\4 ) | API:\s(?P<line>[^\s|()\[\]]+)\s\|\sDescription: """
)


@dataclass(frozen=True, kw_only=True)
class ApiRow:
    """A prompt of API-Bank and the call that answers it.

    Attributes:
        id: Of the row in its source.
        instruction: What the prompt begins with: the task and its form. "" where a source has
            prompts only, as `input` is then.
        input: The APIs and the dialogue.
        prompt: What a model is given.
        completion: The list of calls that is to follow.
        query_type: What kind of prompt the instruction makes it: a dialogue to be continued, a
            single utterance with what was called for it so far, or a search for tools.
    """

    id: str
    instruction: str
    input: str
    prompt: str
    completion: str
    query_type: QueryType

    @cached_property
    def calls(self) -> list[KeywordCall]:
        """The calls of the completion; none where it cannot be read."""
        return read_keyword_calls(self.completion) or []

    @property
    def function_names(self) -> tuple[str, ...]:
        """The names that the completion calls, in order."""
        return tuple(call.name for call in self.calls)

    def to_dict(self) -> dict[str, Any]:
        """Returns the row as JSON values, with what its completion calls."""
        called = {"function_names": list(self.function_names), "number_of_calls": len(self.calls)}
        return asdict(self) | called


def query_type_of(prompt: str) -> QueryType:
    """Returns which of API-Bank's instructions a prompt begins with.

    >>> query_type_of("Generate an API request based on the previous dialogue context.")
    'dialogue'
    """
    start = prompt[:_INSTRUCTION]
    return next((kind for said, kind in _SAID.items() if said in start), "other")


def api_names(prompt: str) -> tuple[str, ...]:
    r"""Returns the names of the APIs that a prompt describes, in the order in which it does.

    >>> api_names('{"apiCode": "ToolSearcher", "description": "Finds tools."}\nUser: Hi')
    ('ToolSearcher',)
    >>> api_names("-> {'name': 'AddMeeting', 'description': 'Books a room.'}")
    ('AddMeeting',)
    >>> api_names('->"API: get_price | Description: Says what it costs. | Input parameters: {}"')
    ('get_price',)
    """
    found = (match["object"] or match["line"] for match in _NAMED.finditer(prompt))
    return tuple(dict.fromkeys(found))


def read_rows(path: str) -> Iterator[ApiRow]:
    """Yields the rows of a file that `clean` wrote, or of any with prompts and completions.

    Raises:
        ConfigError: a record has no prompt and completion, or cannot be read.
        CorpusError: there is no such file.
    """
    for name, record in find_sources(path).records():
        if not isinstance(record, Record):
            raise ConfigError(f"Cannot read rows: {record}.")
        prompt, completion = (record.fields.get(key) for key in ("prompt", "completion"))
        if not isinstance(prompt, str) or not isinstance(completion, str):
            raise ConfigError(
                f"{name}, line {record.number}, has no prompt and completion: "
                "`toolformer study api-bank clean` makes such rows."
            )
        yield ApiRow(
            id=str(record.fields.get("id") or f"{name}:{record.number}"),
            instruction=str(record.fields.get("instruction") or ""),
            input=str(record.fields.get("input") or ""),
            prompt=prompt,
            completion=completion.strip(),
            query_type=query_type_of(prompt),
        )


def write_json_lines(path: Path, rows: Iterable[dict[str, Any]]) -> int:
    """Writes rows as JSON lines; returns how many.

    Raises:
        RunError: they cannot be written.
    """
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    write_whole(path, "".join(f"{line}\n" for line in lines))
    return len(lines)
