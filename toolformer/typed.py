"""What validates values of any type, made once a type."""

from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import TypeAdapter


def type_adapter(annotation: Any) -> "TypeAdapter[object]":
    """Returns what validates values of a type and knows its JSON schema."""
    try:
        return _type_adapter(annotation)
    except TypeError:  # what is annotated with a dict or a list cannot be kept
        return _type_adapter.__wrapped__(annotation)


@lru_cache(maxsize=256)
def _type_adapter(annotation: Any) -> "TypeAdapter[object]":
    from pydantic import TypeAdapter  # 0.1 s that `toolformer --help` need not wait for

    return TypeAdapter(annotation)
