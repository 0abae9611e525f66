"""What the arguments of a call may continue with while they are being written.

Pure text: no tokens and no model. A parameter whose values can be listed has one of them, one of
which the form is declared a value of that form; the others are free.
"""

import json
import logging
import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

from toolformer.calls import CallGrammar, ToolCall
from toolformer.errors import is_interrupt, told
from toolformer.tools.parameters.choices import (
    Listed,
    SpelledValues,
    bare_spellings,
    json_spellings,
    listed,
)
from toolformer.tools.parameters.patterns import SpelledPattern, spelled_pattern
from toolformer.tools.parameters.signature import Parameter
from toolformer.tools.parameters.unfinished import end_of_json, first_comma, is_json, may_end
from toolformer.tools.parameters.values import value_of
from toolformer.tools.parameters.written import Written

_log = logging.getLogger(__name__)

_KEY = re.compile(r'\s*("(?:[^"\\\n\r]|\\.)*+")\s*:')
_Given = tuple[tuple[str, str], ...]  # what is written of parameters, by name


@dataclass(frozen=True, slots=True)
class _Ahead:
    """What may come next: one of some texts, or anything."""

    texts: Sequence[str] = ()
    is_free: bool = False
    may_close: bool = False  # where anything may: whether the arguments may close


@dataclass(frozen=True, slots=True)
class _Value:
    """Where a value by place or name begins."""

    index: int  # of the first parameter it may be of
    start: int
    given: _Given = ()
    is_named: bool = False  # whether it must have a name, as the one before has


class Spelling:
    """A `Spell` of one tool's arguments in one grammar.

    >>> from toolformer.calls import InlineGrammar
    >>> places = [Parameter("city"), Parameter("unit", values=("C", "F"))]
    >>> spelling = Spelling(places, tool="Weather", grammar=InlineGrammar())
    >>> spelling("Os"), spelling("Oslo,"), spelling("Oslo, F")
    (None, (' C)', ' F)', ' unit='), (')',))

    Args:
        parameters: of the tool.
        tool: its name.
        grammar: in which the call is written.
        state: returns what the values of parameters depend on besides the parameters before.
    """

    def __init__(
        self,
        parameters: Sequence[Parameter],
        *,
        tool: str,
        grammar: CallGrammar,
        state: Callable[[], Hashable] | None = None,
    ) -> None:
        self._parameters, self._tool, self._grammar = parameters, tool, grammar
        self._state, self._seen = state, None if state is None else state()
        written = grammar.pieces(ToolCall(tool, "\0")).arguments
        self._before, _, self._close = written.partition("\0")
        self._is_object = not grammar.is_readable(ToolCall(tool, "x"))
        self._values = lru_cache(maxsize=256)(self._find_values)
        self._continue = lru_cache(maxsize=256)(self._find_continuations)

    def __call__(self, text: str) -> tuple[str, ...] | None:
        """Returns what arguments may continue with; None where anything may come.

        Args:
            text: what is written after the lead.
        """
        if self._state is not None and (state := self._state()) != self._seen:
            self._seen = state
            self._values.cache_clear()
            self._continue.cache_clear()
        return self._continue(text)

    def _find_continuations(self, text: str) -> tuple[str, ...] | None:
        end = self._grammar.end_of_arguments(text)
        if end is not None:
            return None if not end.is_closed or self._may_close(end.arguments) else ()
        if not text.startswith(self._before):
            if not (self._is_object and self._before.startswith(text)):
                return None
            return tuple(self._before[len(text) :] + each for each in self._in_object("").texts)
        ahead = self._ahead(text[len(self._before) :])
        return None if ahead.is_free else tuple(dict.fromkeys(ahead.texts))

    def _may_close(self, arguments: str) -> bool:
        ahead = self._ahead(arguments)
        return ahead.may_close if ahead.is_free else self._close in ahead.texts

    def _ahead(self, text: str) -> _Ahead:
        if self._is_object or text.startswith("{"):
            return self._in_object(text)
        return self._by_place(text)

    # ---- Values between commas

    def _by_place(self, text: str) -> _Ahead:
        found: list[str] = []
        if not text.strip() and not self._needed(0):
            found.append(self._close)
        is_free = may_close = False
        pending = [_Value(0, 0)]
        while pending:
            value = pending.pop()
            rest = text[value.start :]
            body = rest.lstrip(" ")
            gap = " " if value.start and not rest else ""
            for index, name in self._ways(value, body):
                if not body.startswith(name):
                    found += [gap + name[len(body) :]] if name.startswith(body) else []
                    continue
                typed = body[len(name) :]
                names = self._values(index, value.given, in_object=False)
                is_last = index == len(self._parameters) - 1
                if names is not None:
                    found += [gap + each for each in names.after(typed, self._ends(index))]
                    ends = [] if is_last else [at for at, sign in enumerate(typed) if sign == ","]
                    ends = [end for end in ends if typed[:end] in names]
                else:
                    end = None if is_last else first_comma(typed)
                    ends = [] if end is None else [end]
                    if end is None:
                        is_free = True
                        may_close = may_close or (
                            not self._needed(index + 1) and (is_last or may_end(typed))
                        )
                start = value.start + len(rest) - len(typed)
                pending += [
                    _Value(
                        index + 1,
                        start + end + 1,
                        (*value.given, (self._parameters[index].name, typed[:end])),
                        value.is_named or name != "",
                    )
                    for end in ends
                ]
        return _Ahead(found, is_free, may_close or self._close in found)

    def _ways(self, value: _Value, body: str) -> Iterator[tuple[int, str]]:
        """Yields which parameter may come, and with which name in front."""
        known = {f"{each.name}=" for each in self._parameters}
        has_name = len(self._parameters) > 1 and any(map(body.startswith, known))
        if not value.is_named and not has_name:
            yield value.index, ""
        for index in range(value.index, len(self._parameters)):
            yield index, f"{self._parameters[index].name}="
            if self._parameters[index].required:
                return

    def _ends(self, index: int) -> tuple[str, ...]:
        """Returns what may follow a parameter's value between commas."""
        comma = () if index == len(self._parameters) - 1 else (",",)
        return comma if self._needed(index + 1) else (*comma, self._close)

    # ---- A JSON object

    def _in_object(self, text: str) -> _Ahead:
        # In a grammar whose arguments need no object, one may be a value itself.
        otherwise = _Ahead() if self._is_object else self._by_place(text)
        if not text.startswith("{"):
            return (
                otherwise
                if text
                else _Ahead(["{" + key for key in self._key(0, "", otherwise).texts])
            )
        index, position, given = 0, 1, _Given()
        while True:
            key = _KEY.match(text, position)
            if key is None:
                return self._key(index, text[position:], otherwise)
            index = next((at for at in self._next(index) if self._spelled(at) == key[1]), -1)
            if index < 0:
                return otherwise
            rest = text[key.end() :]
            typed = rest.lstrip()
            names = self._values(index, given, in_object=True)
            comma = () if index == len(self._parameters) - 1 else (",",)
            ends = comma if self._needed(index + 1) else (*comma, "}" + self._close)
            end = end_of_json(typed)
            after = "" if end is None else typed[end:].lstrip()
            if end is None or not after.startswith((",", "}")):
                if names is not None:
                    gap = "" if rest else " "
                    return _Ahead([gap + each for each in names.after(typed, ends)])
                is_whole = end is not None and typed[end - 1] in '"]}'
                return _Ahead(ends) if is_whole and not after else _Ahead(is_free=True)
            if names is not None and typed[:end] not in names:
                return _Ahead()
            if not is_json(typed[:end]):
                return otherwise
            given = (*given, (self._parameters[index].name, typed[:end]))
            index, position = index + 1, len(text) - len(after) + 1
            if after[0] == "}":
                return self._closing(index, text[position:], otherwise)

    def _key(self, index: int, rest: str, otherwise: _Ahead) -> _Ahead:
        """Returns what may come where a key does."""
        typed = rest.lstrip()
        if typed.startswith("}") and index == 0:
            return self._closing(index, typed[1:], otherwise)
        if not self._is_object:
            return otherwise
        keys = [f"{self._spelled(at)}:" for at in self._next(index)]
        if index == 0 and not self._needed(0):
            keys.append("}" + self._close)
        gap = " " if index and not rest else ""
        return _Ahead([gap + key[len(typed) :] for key in keys if key.startswith(typed)])

    def _closing(self, index: int, rest: str, otherwise: _Ahead) -> _Ahead:
        """Returns what may come behind the object."""
        if not self._close.startswith(rest):
            return otherwise
        return _Ahead() if self._needed(index) else _Ahead([self._close[len(rest) :]])

    def _next(self, index: int) -> Iterator[int]:
        """Yields the parameters that may come next: up to the first that is required."""
        for at in range(index, len(self._parameters)):
            yield at
            if self._parameters[at].required:
                return

    def _spelled(self, index: int) -> str:
        return json.dumps(self._parameters[index].name, ensure_ascii=False)

    # ---- Values

    def _needed(self, index: int) -> bool:
        """Returns whether a parameter from an index on must still be given."""
        return any(each.required for each in self._parameters[index:])

    def _find_values(
        self, index: int, given: _Given, *, in_object: bool
    ) -> SpelledValues | SpelledPattern | None:
        """Returns the values of a parameter after those before it; None where it is free."""
        parameter = self._parameters[index]
        later = self._parameters[index + 1 :]
        holds_commas = not later or (parameter.free_text and all(each.required for each in later))
        values: Listed | None
        if not callable(parameter.values):
            values = listed(parameter.type) if parameter.values is None else parameter.values
        else:
            try:
                values = parameter.values(**{name: self._read(name, text) for name, text in given})
                if values is not None and not isinstance(values, re.Pattern):
                    values = list(values)
            except BaseException as error:
                if is_interrupt(error):
                    raise
                message = "The values of `%s` of the tool %s are not known here: %s"
                _log.warning(message, parameter.name, self._tool, told(error))
                values = None
        if values is None:
            return None
        if isinstance(values, re.Pattern):
            return spelled_pattern(values, is_quoted=in_object, may_hold_commas=holds_commas)
        bare = partial(bare_spellings, may_hold_commas=holds_commas)
        return SpelledValues(values, spell=json_spellings if in_object else self._fitting(bare))

    def _fitting(self, spell: Callable[[object], Iterable[str]]) -> Callable[[object], list[str]]:
        """Returns only those spellings that the grammar can read."""
        readable = self._grammar.is_readable
        return lambda value: [text for text in spell(value) if readable(ToolCall(self._tool, text))]

    def _read(self, name: str, text: str) -> object:
        parameter = next(each for each in self._parameters if each.name == name)
        written = Written(text.strip())
        try:
            return value_of(parameter.type, written)
        except ValueError:
            return written.characters


def is_listed(parameter: Parameter) -> bool:
    """Returns whether a parameter's values can be listed, at least sometimes, or have a form."""
    return parameter.values is not None or listed(parameter.type) is not None
