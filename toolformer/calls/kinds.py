"""A call grammar by its kind, as a manifest or a sidecar has it."""

from collections.abc import Callable, Mapping

from toolformer.calls.base import CallGrammar
from toolformer.calls.hermes import HermesGrammar
from toolformer.calls.inline import InlineGrammar
from toolformer.errors import CallError, closest

_INLINE = "inline"
_KINDS: Mapping[str, Callable[..., CallGrammar]] = {_INLINE: InlineGrammar, "hermes": HermesGrammar}


def grammar_from_dict(values: Mapping[str, str]) -> CallGrammar:
    """Reads what a grammar's `to_dict` returned; without a kind it is the inline grammar's.

    >>> grammar_from_dict({"open": " <", "arrow": " =>", "close": ">"})
    InlineGrammar(open=' <', arrow=' =>', close='>')
    >>> grammar_from_dict({"kind": "hermes"})
    HermesGrammar()

    Raises:
        CallError: there is no such kind.
        TypeError: the kind has no such field.
    """
    fields = dict(values)
    kind = fields.pop("kind", _INLINE)
    if kind not in _KINDS:
        raise CallError(closest(kind, list(_KINDS), what="kind of call grammar"))
    return _KINDS[kind](**fields)
