"""How the text between a call's brackets becomes the values of a tool's parameters.

Knows which part of the text is whose; `values.py` knows what a part is worth as a type.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice, takewhile

from toolformer.errors import ToolError, clipped, closest
from toolformer.tools.parameters.signature import Parameter
from toolformer.tools.parameters.values import value_of
from toolformer.tools.parameters.written import THOUSANDS, Written, split
from toolformer.tools.syntax import parse_expression

MAX_ARGUMENTS = 10_000  # characters; more is not a call that a model means
_MAX_SHARED = 20  # surplus commas that several values may have between them
_MAX_SHARES = 100  # ways to share them out that are tried

_Given = Mapping[str, Written]  # what a call gives, by the name of the parameter


def bind(parameters: Sequence[Parameter], arguments: str, *, tool: str) -> dict[str, object]:
    """Returns the value of each parameter, by name, checked against its type.

    A call is a JSON object of their names, or values between commas of which the last ones may be
    named, `value, name=value`. The only parameter has the whole text. Commas that are too many
    belong to a parameter's value: to the text's that may hold them, else to the last one that they
    fit.

    >>> entity, attribute = Parameter("entity", free_text=True), Parameter("attribute")
    >>> bind([entity, attribute], "Washington, D.C., capital", tool="Database")
    {'entity': 'Washington, D.C.', 'attribute': 'capital'}

    Raises:
        ToolError: The text does not fit the parameters.
    """
    text = arguments.strip()
    if len(text) > MAX_ARGUMENTS:
        raise ToolError(
            f"{tool} was given {len(text):,} characters; at most {MAX_ARGUMENTS:,} are read."
        )
    failure: ToolError | None = None
    for given in _readings(parameters, text, tool=tool):
        try:
            return _values(parameters, given, text, tool=tool)
        except ToolError as error:
            failure = failure or error
    if failure is not None:
        raise failure
    return _values(parameters, {}, text, tool=tool)


def _values(
    parameters: Sequence[Parameter], given: _Given, text: str, *, tool: str
) -> dict[str, object]:
    values: dict[str, object] = {}
    for parameter in parameters:
        if parameter.name in given:
            written = given[parameter.name]
            try:
                values[parameter.name] = value_of(parameter.type, written)
            except ValueError as error:
                raise ToolError(
                    f"{tool} cannot take {clipped(written.characters)!r} as `{parameter.name}`: "
                    f"{error}."
                ) from None
        elif parameter.required:
            raise ToolError(
                f"{tool} needs {_listed(parameters)}; {clipped(text)!r} has no `{parameter.name}`."
            )
        elif not parameter.omitted:
            values[parameter.name] = parameter.default
    return values


def _readings(parameters: Sequence[Parameter], text: str, *, tool: str) -> Iterator[_Given]:
    """Yields the ways in which a text can be read, the likeliest first."""
    given = _read_object(parameters, text, tool=tool)
    if given is not None:
        yield given
        if len(parameters) == 1:  # its keys may be called like the parameter
            yield {parameters[0].name: Written(text)}
        return
    pieces = split(text)
    named = [_named(parameters, piece) for piece in pieces]
    names = [parameter.name for parameter in parameters]
    first = _first_named(named, names)
    if len(parameters) == 1:  # its value may hold commas and what looks like a name
        has_name = bool(pieces and named[0] and named[0][0] == names[0])
        value = text.partition("=")[2].strip() if has_name else text
        yield {names[0]: Written(value)} if text else {}
    elif first is not None:
        given = _read_named(parameters, pieces[first:], tool=tool)
        leading = list(takewhile(lambda each: each.name not in given, parameters))
        for placed in _by_place(leading, pieces[:first]):
            yield {**placed, **given}
        if first > len(parameters):
            raise ToolError(f"{tool} takes {_listed(parameters)}, not {first} values.")
        if first > len(leading):
            raise ToolError(f"{tool} was given `{parameters[len(leading)].name}` twice.")
    else:
        yield from _by_place(parameters, pieces)
    is_too_much = len(pieces) > len(parameters) != 1
    if is_too_much and not any(each.free_text for each in parameters):
        raise ToolError(
            f"{tool} takes {_listed(parameters)}, but {clipped(text)!r} has {len(pieces)} values."
        )


def _read_object(parameters: Sequence[Parameter], text: str, *, tool: str) -> _Given | None:
    """Reads a JSON object of parameters' names; None where the text is not one.

    An object that names none of them may be a value itself.
    """
    if not text.startswith("{"):
        return None
    values = Written(text).holds
    if values is None or (values and not Written(text).is_mapping):
        return None
    given = {str(name): value for name, value in values.items()}
    names = [parameter.name for parameter in parameters]
    if not any(name in given for name in names):
        return None if given or any(each.required for each in parameters) else given
    for name in given:
        if name not in names:
            raise ToolError(closest(name, names, what=f"parameter of {tool}"))
    return given


def _read_named(
    parameters: Sequence[Parameter], pieces: Sequence[str], *, tool: str
) -> dict[str, Written]:
    """Reads pieces of which the first has a name; one without belongs to the one before it.

    So does one with an unknown name, where the one before it may be a text with such a piece.
    """
    by_name = {parameter.name: parameter for parameter in parameters}
    given: dict[str, Written] = {}
    last: Parameter | None = None
    for piece in pieces:
        name, value = _named(parameters, piece) or ("", "")
        if name in given:
            raise ToolError(f"{tool} was given `{name}` twice.")
        if name in by_name:
            last = by_name[name]
            given[name] = Written(value)
        elif last is None or (name and not (last.is_text and given[last.name].is_bare)):
            raise ToolError(closest(name, by_name, what=f"parameter of {tool}"))
        else:
            given[last.name] = Written(f"{given[last.name].text},{piece}".strip())
    return given


def _by_place(parameters: Sequence[Parameter], pieces: Sequence[str]) -> Iterator[_Given]:
    """Yields the ways in which pieces can be the values of the first parameters, in order."""
    required = max((n for n, each in enumerate(parameters, 1) if each.required), default=0)
    whole = _join_thousands(pieces)
    for values in [whole, pieces] if len(whole) < len(pieces) else [pieces]:
        if len(values) <= len(parameters):
            yield _placed(parameters, values)
        for used in range(min(len(parameters), len(values)), max(required, 1) - 1, -1):
            if used < len(values):
                likely = sorted(range(used), key=lambda at: (not parameters[at].free_text, -at))
                for shares in _ways_to_share(len(values) - used, likely):
                    yield _placed(parameters, _with_commas(values, shares))


def _ways_to_share(commas: int, likely: Sequence[int]) -> Iterator[Mapping[int, int]]:
    """Yields how many commas each value has: one of them all, else the likely ones most of them."""
    yield from ({one: commas} for one in likely)
    if commas <= _MAX_SHARED:
        yield from islice(_shares(commas, likely), _MAX_SHARES)


def _shares(commas: int, likely: Sequence[int]) -> Iterator[dict[int, int]]:
    first, *others = likely
    for most in range(commas, -1, -1) if others else [commas]:
        for rest in _shares(commas - most, others) if others else [{}]:
            yield {first: most, **rest}


def _with_commas(pieces: Sequence[str], shares: Mapping[int, int]) -> list[str]:
    """Returns values of which some have so many of the pieces after them as well."""
    values: list[str] = []
    start = 0
    while start < len(pieces):
        end = start + shares.get(len(values), 0) + 1
        values.append(",".join(pieces[start:end]))
        start = end
    return values


def _placed(parameters: Sequence[Parameter], values: Sequence[str]) -> dict[str, Written]:
    pairs = zip(parameters, values, strict=False)
    return {parameter.name: Written(value.strip()) for parameter, value in pairs}


def _join_thousands(pieces: Sequence[str]) -> list[str]:
    """Joins the pieces of numbers with separators: in "1,400, km" there are two values.

    >>> _join_thousands(["1", "400", " km"])
    ['1,400', ' km']
    """
    numbers = THOUSANDS.finditer(",".join(pieces))
    inside = {index for number in numbers for index in range(*number.span())}
    joined: list[str] = []
    position = 0
    for piece in pieces:
        if joined and position - 1 in inside:
            joined[-1] += f",{piece}"
        else:
            joined.append(piece)
        position += len(piece) + 1
    return joined


def _named(parameters: Sequence[Parameter], piece: str) -> tuple[str, str] | None:
    """Returns the name and the value of `name=value`."""
    if "=" not in piece:
        return None
    known = "|".join(re.escape(parameter.name) for parameter in parameters)
    found = re.match(rf"\s*({known}|[^\W\d]\w*)\s*=(?!=)\s*", piece)
    return (found[1], piece[found.end() :].rstrip()) if found else None


def _first_named(named: Sequence[tuple[str, str] | None], known: Collection[str]) -> int | None:
    """Returns which piece is the first that gives a value by name; None where none does.

    An unknown name is one where only names and Python's values follow: "x = 5 + y, y" has none.
    """
    first = len(named)
    while first and (last := named[first - 1]) and parse_expression(last[1]):
        first -= 1
    known_one = next((at for at, each in enumerate(named) if each and each[0] in known), first)
    first = min(first, known_one)
    return first if first < len(named) else None


def _listed(parameters: Sequence[Parameter]) -> str:
    if not parameters:
        return "no arguments"
    return f"({', '.join(parameter.name for parameter in parameters)})"
