"""Which rows of many are taken: drawn by a seed, whatever their order, and nothing uncounted."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from toolformer.studies.api_bank.rows import ApiRow

TOO_LONG = "a prompt of more characters than --max-characters"
NO_CALL = "a call that cannot be read"
OVER_FUNCTION = "over --max-per-function"
OVER_ROWS = "over --max-rows"


@dataclass(frozen=True, slots=True)
class Drawn:
    """The rows that were taken, in their order, and how many were not, by reason."""

    rows: Sequence[ApiRow]
    left_out: Mapping[str, int]


def draw_rows(
    rows: Sequence[ApiRow],
    most: int | None = None,
    *,
    seed: int,
    max_characters: int | None = None,
    max_per_function: int | None = None,
    called_only: bool = False,
) -> Drawn:
    """Draws rows.

    Args:
        rows: to draw from.
        most: how many are taken; None: all that may be.
        seed: of the draw.
        max_characters: of a prompt.
        max_per_function: rows that call one function: the tool search alone is a third of API-Bank.
        called_only: whether a row whose call cannot be read is left out.
    """
    left_out: Counter[str] = Counter()
    taken: Counter[str] = Counter()
    chosen: list[int] = []
    order = sorted(
        range(len(rows)), key=lambda index: digest_of(rows[index].id, rows[index].prompt, seed=seed)
    )
    for index in order:
        row = rows[index]
        name = row.function_names[0] if row.function_names else ""
        if max_characters is not None and len(row.prompt) > max_characters:
            left_out[TOO_LONG] += 1
        elif called_only and not row.calls:
            left_out[NO_CALL] += 1
        elif max_per_function is not None and taken[name] >= max_per_function:
            left_out[OVER_FUNCTION] += 1
        elif most is not None and len(chosen) >= most:
            left_out[OVER_ROWS] += 1
        else:
            taken[name] += 1
            chosen.append(index)
    return Drawn([rows[index] for index in sorted(chosen)], dict(sorted(left_out.items())))


def digest_of(*parts: str, seed: int) -> bytes:
    """Returns 16 bytes that differ for other parts, and for another seed."""
    whole = "\0".join((str(seed), *parts)).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(whole, digest_size=16).digest()
