"""How the text between a call's brackets becomes the values of a tool's parameters.

Model text is data here: literals are read, nothing is evaluated.
"""

import ast
import json
import re
from collections.abc import Mapping, Sequence

from toolformer.errors import ToolError, clipped, closest
from toolformer.specs import type_adapter
from toolformer.tools.signature import Parameter
from toolformer.tools.syntax import parse_expression

MAX_ARGUMENTS = 10_000  # characters; more is not a call that a model means

_JSON_NAMES = {"true": True, "false": False, "null": None}
_THOUSANDS = re.compile(r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?!,?\d)")


def bind(parameters: Sequence[Parameter], arguments: str, *, tool: str) -> dict[str, object]:
    """Returns the value of each parameter, by name, checked against its type.

    In order: a JSON object of their names; `name=literal, ...`; for one text parameter the text
    itself; literals by place; words between commas, where surplus commas belong to the parameter
    that may hold them.

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
    given = _read(parameters, text, tool=tool)
    values: dict[str, object] = {}
    for parameter in parameters:
        if parameter.name in given:
            values[parameter.name] = _check(parameter, given[parameter.name], tool=tool)
        elif parameter.required:
            raise ToolError(
                f"{tool} needs {_listed(parameters)}; {clipped(text)!r} has no `{parameter.name}`."
            )
        elif not parameter.omitted:
            values[parameter.name] = parameter.default
    return values


def _read(parameters: Sequence[Parameter], text: str, *, tool: str) -> Mapping[str, object]:
    values = _read_object(parameters, text, tool=tool)
    if values is not None:
        return values
    is_one_text = len(parameters) == 1 and parameters[0].is_text
    call = _parse(text) if "=" in text or not is_one_text else None
    if call is not None and call.keywords:
        names = {keyword.arg for keyword in call.keywords}
        if not is_one_text or names == {parameters[0].name}:
            return _read_call(parameters, call, text, tool=tool)
    if named := _read_named_words(parameters, text):
        return named
    if is_one_text:
        if not text and (parameters[0].required or parameters[0].omitted):
            return {}
        return {parameters[0].name: _unquote(text)}
    if call is not None and call.args:
        literals = _literals(call.args)
        if literals is not None and len(literals) <= len(parameters):
            return dict(zip((p.name for p in parameters), literals, strict=False))
    return _read_words(parameters, text, tool=tool)


def _read_object(
    parameters: Sequence[Parameter], text: str, *, tool: str
) -> Mapping[str, object] | None:
    """Reads a JSON object of parameters' names; None where the text is not one.

    An object that names none of them may be a value itself.
    """
    if not text.startswith("{"):
        return None
    try:
        values: dict[str, object] = json.loads(text)
    except (ValueError, RecursionError):
        return None
    names = [parameter.name for parameter in parameters]
    if not any(name in values for name in names):
        return None if values or any(each.required for each in parameters) else values
    for name in values:
        if name not in names:
            raise ToolError(closest(name, names, what=f"parameter of {tool}"))
    return values


def _parse(text: str) -> ast.Call | None:
    """Reads the text as the arguments of a Python call; None when it is not one."""
    call = parse_expression(f"_({text})")
    # "a) + _(b" would parse too, but not as a call of `_`
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
        return call
    return None


def _literals(nodes: Sequence[ast.expr]) -> list[object] | None:
    try:
        return [ast.literal_eval(_with_json_names(node)) for node in nodes]
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None


def _with_json_names(node: ast.expr) -> ast.expr:
    """Gives true, false and null in lists and objects the values they have in JSON."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.List | ast.Dict):
            items = inner.elts if isinstance(inner, ast.List) else inner.values
            items[:] = [
                ast.Constant(_JSON_NAMES[item.id])
                if isinstance(item, ast.Name) and item.id in _JSON_NAMES
                else item
                for item in items
            ]
    return node


def _read_call(
    parameters: Sequence[Parameter], call: ast.Call, text: str, *, tool: str
) -> Mapping[str, object]:
    names = [parameter.name for parameter in parameters]
    values = dict(zip(names, call.args, strict=False))
    if len(call.args) > len(names):
        raise ToolError(f"{tool} takes {_listed(parameters)}, not {len(call.args)} values.")
    for keyword in call.keywords:
        if keyword.arg not in names:
            raise ToolError(closest(keyword.arg or "**", names, what=f"parameter of {tool}"))
        if keyword.arg in values:
            raise ToolError(f"{tool} was given `{keyword.arg}` twice.")
        values[keyword.arg] = keyword.value
    literals = _literals(list(values.values()))
    if literals is not None:
        return dict(zip(values, literals, strict=True))
    if named := _read_named_words(parameters, text):
        return named
    raise ToolError(
        f"{tool} cannot read {clipped(text)!r}; write {names[0]}='...' or values alone."
    )


def _read_named_words(parameters: Sequence[Parameter], text: str) -> dict[str, object]:
    """Reads `name=words, name=words`, without quotes; nothing where the text is not so."""
    names = "|".join(re.escape(parameter.name) for parameter in parameters)
    if "=" not in text or not names:
        return {}
    before, *pieces = re.split(rf"(?:^|,)\s*({names})\s*=(?!=)", text)
    if before.strip():
        return {}
    return {
        name: _unquote(words.strip()) for name, words in zip(pieces[::2], pieces[1::2], strict=True)
    }


def _read_words(parameters: Sequence[Parameter], text: str, *, tool: str) -> dict[str, object]:
    """Splits at commas; surplus commas stay inside the parameter that may hold them."""
    words = text.split(",") if text else []
    if len(words) > len(parameters) and not all(p.is_text for p in parameters):
        # "1,400, miles, km": the first comma separates thousands
        words = _THOUSANDS.sub(lambda number: number[0].replace(",", ""), text).split(",")
    surplus = len(words) - len(parameters)
    free = [parameter.free_text for parameter in parameters]
    if surplus > 0 and any(free):
        start = free.index(True)
        words[start : start + surplus + 1] = [",".join(words[start : start + surplus + 1])]
    elif surplus > 0:
        raise ToolError(
            f"{tool} takes {_listed(parameters)}, but {clipped(text)!r} has {len(words)} values."
        )
    stripped = [_unquote(word.strip()) for word in words]
    return dict(zip((p.name for p in parameters), stripped, strict=False))


def _check(parameter: Parameter, value: object, *, tool: str) -> object:
    if parameter.is_text:
        return value if isinstance(value, str) else str(value)
    from pydantic import ValidationError

    try:
        return type_adapter(parameter.type).validate_python(value)
    except ValidationError as error:
        reason = error.errors(include_url=False, include_context=False)[0]["msg"]
        raise ToolError(
            f"{tool} cannot take {clipped(str(value))!r} as `{parameter.name}`: {reason}."
        ) from None


def _unquote(text: str) -> str:
    """Takes off quotes that enclose the whole text.

    >>> _unquote("'Paris'"), _unquote("'a' || 'b'")
    ('Paris', "'a' || 'b'")
    """
    if len(text) >= 2 and text[0] in "\"'" and text[-1] == text[0] and text[0] not in text[1:-1]:
        return text[1:-1]
    return text


def _listed(parameters: Sequence[Parameter]) -> str:
    if not parameters:
        return "no arguments"
    return f"({', '.join(parameter.name for parameter in parameters)})"
