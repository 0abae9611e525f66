"""A directory of facts: `facts.jsonl` and `items.jsonl`, the same bytes for the same settings."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

from toolformer.errors import RunError
from toolformer.files import claim, from_json, locked, parse_json, write_whole
from toolformer.plain_files import read_plain
from toolformer.studies.inject.data.facts import Fact, Group, Item, make_facts, make_items

_FACTS = "facts.jsonl"
_ITEMS = "items.jsonl"
_SETTINGS = "make.json"
_MOST_BYTES = 1 << 28

_Row = TypeVar("_Row")


@dataclass(frozen=True, slots=True)
class FactSet:
    """Everything that was made together."""

    facts: tuple[Fact, ...]
    items: tuple[Item, ...]

    def of(self, *groups: Group) -> list[Fact]:
        """Returns the facts of some groups."""
        return [fact for fact in self.facts if fact.group in groups]

    @property
    def digest(self) -> str:
        """16 hexadecimal digits that change with any fact or item."""
        rows = [asdict(fact) for fact in self.facts] + [asdict(item) for item in self.items]
        return sha256(_lines(rows).encode()).hexdigest()[:16]


def make(out: Path, *, facts: int, control: int, others: int, types: int, seed: int = 0) -> FactSet:
    """Makes facts and items and writes them to a directory.

    Args:
        out: may hold the same facts already.
        facts: facts that can be injected.
        control: facts that are asked and never injected.
        others: facts by which the use of a tool is learned.
        types: of how many types they are.
        seed: of all draws.

    Raises:
        ConfigError: there are no such facts.
        RunError: `out` holds something else, or facts of other settings.
    """
    made = make_facts(facts=facts, control=control, others=others, types=types, seed=seed)
    found = FactSet(tuple(made), tuple(make_items(made)))
    settings = {
        "facts": facts, "control": control, "others": others, "types": types, "seed": seed
    }  # fmt: skip
    with locked(out):
        claim(out / _SETTINGS, settings, what="made facts")
        write_facts(out, found)
    return found


def write_facts(out: Path, facts: FactSet) -> None:
    """Writes facts and items to a directory that is the caller's."""
    write_whole(out / _FACTS, _lines(asdict(each) for each in facts.facts))
    write_whole(out / _ITEMS, _lines(asdict(each) for each in facts.items))


def read_facts(folder: Path) -> FactSet:
    """Reads what `make` wrote.

    Raises:
        RunError: the directory holds no facts, or they cannot be read.
    """
    return FactSet(tuple(_read(folder / _FACTS, Fact)), tuple(_read(folder / _ITEMS, Item)))


def _lines(rows: Iterable[dict[str, Any]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _read(path: Path, kind: type[_Row]) -> Iterable[_Row]:
    try:
        lines = read_plain(path, most_bytes=_MOST_BYTES).decode().splitlines()
        return [from_json(kind, parse_json(line)) for line in lines]
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise RunError(
            f"'{path}' cannot be read ({reason}): make it with toolformer study inject make."
        ) from None
