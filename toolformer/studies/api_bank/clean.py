"""From API-Bank as it was published to rows: what is a call, once, and which are for evaluation."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolformer.calls import InlineGrammar, read_keyword_calls
from toolformer.config import Config
from toolformer.corpus.files import CorpusProblem, Record
from toolformer.corpus.sources import find_sources
from toolformer.errors import ConfigError
from toolformer.files import is_encodable, json_text, write_whole
from toolformer.studies.api_bank.draw import digest_of
from toolformer.studies.api_bank.rows import ApiRow, query_type_of, write_json_lines

_ANSWERS = ("output", "expected_output", "completion")  # the first that a record has
_PREFIX = "API-Request:"
_TEST = "test"  # rows that a source keeps for this are left to it
SPLITS = ("train", "eval", _TEST)

DUPLICATE = "the same prompt and call again"
NO_CALL = "no call but words"
UNREADABLE = "a call that cannot be read, such as one with values without quotes"
NO_PROMPT = "no instruction and input, or no output"
UNENCODABLE = "half a surrogate pair"


class CleanConfig(Config):
    """What becomes of the rows."""

    eval_share: float = 0.1
    """Share of the prompts that is held out for evaluation."""
    seed: int = 0
    """Random seed of the split."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """The rows of each split, and how many records were left out, by reason."""

    rows: Mapping[str, Sequence[ApiRow]]
    left_out: Mapping[str, int]
    records: int

    def to_dict(self) -> dict[str, Any]:
        """Returns the counts as JSON values."""
        return {
            "records": self.records,
            "rows": {split: len(rows) for split, rows in self.rows.items()},
            "left_out": dict(self.left_out),
        }


def clean(source: str, config: CleanConfig) -> Cleaned:
    """Reads API-Bank in any of its forms and returns its rows, each once.

    A source is a file, a directory of files (the original `training-data` or `test-data`), or the
    id of a dataset on the Hub. Records have an instruction, an input and an output; or a prompt
    and a completion, as cleaned rows have. What is held out follows from prompts and seed, not
    from their order, and rows of one prompt stay together. A record whose field `split` is `test`
    keeps that.

    Raises:
        ConfigError: there is no row in the source.
        CorpusError: there is no such source.
    """
    left_out: Counter[str] = Counter()
    seen: set[tuple[str, str]] = set()
    rows: list[ApiRow] = []
    test: list[ApiRow] = []
    records = 0
    for name, record in find_sources(source).records():
        records += 1
        row = _row(record, name)
        if isinstance(row, str):
            left_out[row] += 1
        elif (key := (row.prompt, row.completion)) in seen:
            left_out[DUPLICATE] += 1
        else:
            seen.add(key)
            is_test = isinstance(record, Record) and record.fields.get("split") == _TEST
            (test if is_test else rows).append(row)
    if not rows and not test:
        reasons = "; ".join(f"{count}: {reason}" for reason, count in left_out.items())
        raise ConfigError(
            f"There is no call in '{source}' ({reasons or 'it is empty'}): name API-Bank's "
            "training-data or test-data, or rows with prompt and completion."
        )
    held_out = _held_out((row.prompt for row in rows), config)
    return Cleaned(
        {
            "train": [row for row in rows if row.prompt not in held_out],
            "eval": [row for row in rows if row.prompt in held_out],
            _TEST: test,
        },
        dict(sorted(left_out.items())),
        records,
    )


def write_cleaned(cleaned: Cleaned, out: Path, *, source: str, config: CleanConfig) -> None:
    """Writes a file for each split that has rows, and `clean.json` with the counts.

    Raises:
        RunError: they cannot be written.
    """
    for split, rows in cleaned.rows.items():
        if rows:
            write_json_lines(out / f"{split}.jsonl", (row.to_dict() for row in rows))
    write_whole(
        out / "clean.json",
        json_text({"source": source, "config": config.to_dict()} | cleaned.to_dict()),
    )


def _row(record: Record | CorpusProblem, name: str) -> ApiRow | str:
    """Returns the row of a record, or why it has none."""
    if not isinstance(record, Record):
        return NO_PROMPT
    fields = record.fields
    answers = (fields.get(key) for key in _ANSWERS)
    answer = next((each for each in answers if isinstance(each, str)), None)
    instruction, input_, prompt = (fields.get(key) for key in ("instruction", "input", "prompt"))
    if not isinstance(prompt, str):
        if not isinstance(instruction, str) or not isinstance(input_, str):
            return NO_PROMPT
        prompt = f"{instruction}\n{input_}"
    if answer is None:
        return NO_PROMPT
    if not is_encodable(prompt + answer):
        return UNENCODABLE
    asked = answer.strip().startswith(_PREFIX)
    completion = answer.strip().removeprefix(_PREFIX).strip()
    row = ApiRow(
        id=str(fields.get("id") or f"{name}:{record.number}"),
        instruction=instruction if isinstance(instruction, str) else "",
        input=input_ if isinstance(input_, str) else "",
        prompt=prompt,
        completion=completion,
        query_type=query_type_of(prompt),
    )
    # A list that stands in the middle of a sentence is mentioned, not called.
    if read_keyword_calls(completion, whole=True) is not None:
        return row
    begins = InlineGrammar().lead_pattern.match(f" {completion}")
    return UNREADABLE if asked or begins else NO_CALL


def _held_out(prompts: Iterable[str], config: CleanConfig) -> frozenset[str]:
    """Returns the prompts that are held out: those with the smallest digests."""
    different = sorted(set(prompts), key=lambda prompt: digest_of(prompt, seed=config.seed))
    return frozenset(different[: round(config.eval_share * len(different))])
