"""A card from its parts: metadata that the Hub reads, and a page that people read.

Each card ends with a digest of itself, by which one that was edited is known and left alone.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from toolformer._version import __version__
from toolformer.hub.artifacts import RepositoryKind
from toolformer.hub.cards.markdown import comment, escaped
from toolformer.tools.registry import Tools

LICENSE_UNSTATED = (
    "Not stated. Whoever shared this said nothing about a licence: ask before you use it. The "
    "texts and the model that it was made with have licences of their own."
)
_SEAL = re.compile(r"\n<!-- Made by toolformer-engine [\w.+]+: ([0-9a-f]{16})\. -->\n*\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class CardSettings:
    """What a card says that the directory does not.

    Attributes:
        license: As the Hub spells it, such as apache-2.0; the card says that none is stated where
            this is None.
        tools: Those of the run or the model whose schemas only the caller can tell.
        seconds: How long the last try to make it took.
    """

    license: str | None = None
    tools: Tools | None = None
    seconds: float | None = None


def sealed_card(
    kind: RepositoryKind, metadata: Mapping[str, Any], *, title: str, sections: Sequence[str]
) -> str:
    """Returns a card.

    Args:
        kind: of the repository.
        metadata: what the Hub reads; None is left out.
        title: of the page.
        sections: of the page, in Markdown; empty ones are left out.
    """
    from huggingface_hub import DatasetCard, DatasetCardData, ModelCard, ModelCardData

    data = DatasetCardData(**metadata) if kind == "dataset" else ModelCardData(**metadata)
    body = "\n\n".join([f"# {escaped(title)}", *filter(None, sections)])
    page = f"---\n{data.to_yaml()}\n---\n\n{body}\n"
    card = DatasetCard(page) if kind == "dataset" else ModelCard(page)
    return _seal(str(card))


def is_made(card: str) -> bool:
    """Returns whether a card was made here and is as it was made.

    >>> card = sealed_card("dataset", {"tags": ["toolformer"]}, title="me/run", sections=["Texts."])
    >>> is_made(card), is_made(card.replace("Texts.", "My texts.")), is_made("# Mine")
    (True, False, False)
    """
    text = card.replace("\r\n", "\n")
    seal = _SEAL.search(text)
    return seal is not None and seal[1] == _digest(text[: seal.start()])


def license_section(license_: str | None) -> str:
    """Returns the section on the licence."""
    return "## Licence\n\n" + (LICENSE_UNSTATED if license_ is None else f"{escaped(license_)}.")


def made_by() -> str:
    """Returns the words for the program, with its version."""
    return f"toolformer-engine {__version__}"


def _seal(card: str) -> str:
    text = card.rstrip("\n")
    return f"{text}\n{comment(f'Made by {made_by()}: {_digest(text)}.')}\n"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
