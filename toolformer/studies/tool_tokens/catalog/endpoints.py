"""Simulated endpoints: what an API answers follows from its id and the arguments alone.

An endpoint checks its arguments as a real one does, and whoever knows a query's calls knows what
has to come back: completion is checked by a program and not by a judge.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import date
from typing import Literal

from toolformer.config import canonical_json
from toolformer.studies.tool_tokens.catalog.records import Api, ApiCall, ApiParameter
from toolformer.tools.base import Tool
from toolformer.tools.parameters.signature import Parameter

_TYPES: Mapping[str, type] = {"string": str, "integer": int, "number": float, "date": date}
_NOT_IN_NAMES = re.compile(r"[^\w&.-]+")  # of tools


def tool_of(api: Api) -> Tool:
    """Returns an API as a tool: its arguments bound and checked, its endpoint run."""

    def run(**values: object) -> str:
        given = {name: value for name, value in values.items() if value is not None}
        return json.dumps({api.result: answer_of(ApiCall.written(api.id, given), api)})

    return Tool(
        name=_NOT_IN_NAMES.sub("_", api.id) or "_",
        description=api.description,
        parameters=tuple(map(_parameter, api.parameters)),
        run=run,
    )


def answer_of(call: ApiCall, api: Api) -> int:
    """Returns what an endpoint answers, 100 to 999, to a call whose arguments are right.

    Texts are compared without case and outer spaces.
    """
    values = {name: _normal(call.arguments[name]) for name in sorted(call.arguments)}
    digest = hashlib.blake2b(canonical_json([api.id, values]).encode(), digest_size=4).digest()
    return 100 + int.from_bytes(digest) % 900


def is_same_call(made: ApiCall, wanted: ApiCall) -> bool:
    """Returns whether a call asks what was to be asked.

    >>> call = ApiCall("a&&b", {"name": "Opal Bay", "limit": 3})
    >>> is_same_call(ApiCall("a&&b", {"limit": 3.0, "name": "opal bay "}), call)
    True
    >>> is_same_call(ApiCall("a&&b", {"name": "Opal Bay"}), call)
    False
    """
    return made.api == wanted.api and _normalised(made) == _normalised(wanted)


def _normalised(call: ApiCall) -> dict[str, str]:
    return {name: _normal(value) for name, value in call.arguments.items()}


def _normal(value: object) -> str:
    if isinstance(value, int | float):
        return f"{float(value):g}"
    return " ".join(str(value).casefold().split())


def _parameter(parameter: ApiParameter) -> Parameter:
    kind: object = _TYPES.get(parameter.type, str)
    if parameter.choices:
        kind = Literal[parameter.choices]
    return Parameter(
        parameter.name,
        type=kind,
        required=parameter.required,
        omitted=not parameter.required,
        description=parameter.description,
    )
