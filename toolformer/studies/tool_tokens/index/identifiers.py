"""How APIs are named by tokens: four indexings of a catalogue. Knows no model.

    atomic         each API is a new token, <<tool&&api>>
    semantic       the same text in the pieces of the tokenizer: no new token
    numeric        the API's number, a new token for each digit
    hierarchical   its place in a tree of clusters of similar APIs, a new token for each branch

A name that no API has ends an answer: <<Finish>>.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal, get_args

from toolformer.errors import ModelError
from toolformer.files import from_json, json_text, read_json, write_whole
from toolformer.studies.tool_tokens.catalog.records import Api

Indexing = Literal["atomic", "semantic", "numeric", "hierarchical"]
INDEXINGS: tuple[Indexing, ...] = get_args(Indexing)
FINISH = "<<Finish>>"
FILE = "tools.json"  # beside the weights
_MOST_BYTES = 256 << 20


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token to be added; its embedding begins as the mean of its names'."""

    text: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Identifiers:
    """The names of a catalogue's APIs.

    Attributes:
        indexing: How they are made.
        apis: The ids of the APIs.
        texts: The name of each, as a model writes it.
        new_tokens_from: The first token that was added; None where none was.
    """

    indexing: Indexing
    apis: tuple[str, ...]
    texts: tuple[str, ...]
    new_tokens_from: int | None = None

    @cached_property
    def by_api(self) -> Mapping[str, str]:
        """The names by the ids of the APIs."""
        return dict(zip(self.apis, self.texts, strict=True))

    @cached_property
    def by_text(self) -> Mapping[str, str]:
        """The ids of the APIs by their names."""
        return dict(zip(self.texts, self.apis, strict=True))


def identifiers_of(
    apis: Sequence[Api],
    indexing: Indexing,
    *,
    paths: Sequence[tuple[int, ...]] = (),
) -> tuple[Identifiers, tuple[NewToken, ...]]:
    """Returns the names of APIs, and the tokens that a model needs for them.

    Args:
        apis: of a catalogue, in its order.
        indexing: how they are named.
        paths: of a hierarchical indexing: the branches that lead to each.
    """
    spelled = tuple(f"<<{api.id}>>" for api in apis)
    finish = NewToken(FINISH, ("finish",))
    if indexing == "atomic":
        texts = spelled
        new = tuple(NewToken(text, (api.words,)) for text, api in zip(spelled, apis, strict=True))
        new += (finish,)  # behind the APIs, which are a run by themselves
    elif indexing == "semantic":
        texts, new = spelled, ()
    elif indexing == "numeric":
        width = len(str(max(len(apis) - 1, 0)))
        texts = tuple(
            "".join(f"<#{digit}>" for digit in f"{number:0{width}}") for number in range(len(apis))
        )
        new = (*(NewToken(f"<#{digit}>", (str(digit),)) for digit in range(10)), finish)
    else:
        texts = tuple(
            "".join(f"<@{level}.{branch}>" for level, branch in enumerate(path)) for path in paths
        )
        under: dict[str, list[str]] = {}
        for path, api in zip(paths, apis, strict=True):
            for level, branch in enumerate(path):
                under.setdefault(f"<@{level}.{branch}>", []).append(api.words)
        new = (*(NewToken(text, tuple(under[text])) for text in sorted(under)), finish)
    return Identifiers(indexing, tuple(api.id for api in apis), texts), new


def write_identifiers(folder: Path, identifiers: Identifiers) -> None:
    """Writes the names beside a model's weights.

    Raises:
        RunError: they cannot be written.
    """
    values = {
        "indexing": identifiers.indexing,
        "new_tokens_from": identifiers.new_tokens_from,
        "apis": list(identifiers.apis),
        "texts": list(identifiers.texts),
    }
    write_whole(folder / FILE, json_text(values))


def read_identifiers(folder: Path) -> Identifiers:
    """Reads the names beside a model's weights.

    Raises:
        ModelError: there are none, or they cannot be read.
    """
    try:
        found = from_json(Identifiers, read_json(folder / FILE, most_bytes=_MOST_BYTES))
        if not len(set(found.texts)) == len(found.texts) == len(found.apis):
            raise ValueError("it does not name each API by a text of its own")
    except FileNotFoundError:
        raise ModelError(
            f"'{folder}' has no tokens for tools ({FILE}): `toolformer study tool-tokens index` "
            "adds them to a model."
        ) from None
    except (OSError, ValueError) as error:
        raise ModelError(f"'{folder / FILE}' cannot be read: {error}.") from None
    return found
