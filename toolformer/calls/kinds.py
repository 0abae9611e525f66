"""A call grammar by its kind, as a manifest or a sidecar has it."""

from collections.abc import Callable, Mapping

from toolformer.calls.base import CallGrammar
from toolformer.calls.hermes import HermesGrammar
from toolformer.calls.inline import InlineGrammar
from toolformer.errors import CallError, clipped, closest

_INLINE = "inline"
_LONGEST = 64  # characters of a marker: it stands in every call
_KINDS: Mapping[str, Callable[..., CallGrammar]] = {_INLINE: InlineGrammar, "hermes": HermesGrammar}


def grammar_from_dict(values: Mapping[str, str]) -> CallGrammar:
    """Reads what a grammar's `to_dict` returned; without a kind it is the inline grammar's.

    >>> grammar_from_dict({"open": " <", "arrow": " =>", "close": ">"})
    InlineGrammar(open=' <', arrow=' =>', close='>')
    >>> grammar_from_dict({"kind": "hermes"})
    HermesGrammar()

    Raises:
        CallError: there is no such kind, or a marker is no marker.
        TypeError: the kind has no such field.
    """
    if not isinstance(values, Mapping):
        raise CallError(f"A call grammar maps fields to texts; it is {clipped(repr(values))}.")
    for field, marker in values.items():
        if not isinstance(marker, str) or len(marker) > _LONGEST:
            raise CallError(
                f"The call grammar has {field} {clipped(repr(marker))}: a text of at most "
                f"{_LONGEST} characters goes there."
            )
    fields = dict(values)
    kind = fields.pop("kind", _INLINE)
    if kind not in _KINDS:
        raise CallError(closest(kind, list(_KINDS), what="kind of call grammar"))
    return _KINDS[kind](**fields)
