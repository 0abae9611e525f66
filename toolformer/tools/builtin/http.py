"""HTTP: a tool out of a web address with gaps in it, for services that answer JSON or plain text.

A model decides what fills the gaps. It cannot choose the host or leave a gap, and what answers is
followed to no other host, and to no address of the own network, unless the user says so.
"""

import json
from typing import Any, Literal

from toolformer.errors import ConfigError, clipped
from toolformer.tools.base import MOST_WAITING, Tool
from toolformer.tools.outside.options import Address, Variables, read_headers, split
from toolformer.tools.outside.service import GAP, Service, find_answer
from toolformer.tools.parameters.schema import tool_from_schema


def http(
    url: Address | None = None,
    name: str = "HTTP",
    description: str = "Asks a web service.",
    method: Literal["GET", "POST"] = "GET",
    answer: str = "",
    headers: Variables | None = None,
    body: str = "",
    hosts: Address | None = None,
    private: bool = False,
    per_second: float = 5.0,
    timeout: float = 10.0,
    retries: int = 3,
) -> Tool:
    """Makes a tool of a web address.

    Args:
        url: The address, with a gap for each parameter: https://example.org/find?q={words}.
        name: What calls it is by.
        description: What it does.
        method: GET or POST.
        answer: Where the answer is in the JSON that comes back, such as results.0.name; all of
            the text when it is left out.
        headers: Headers and the environment variables with their values, as in
            Authorization=MY_TOKEN|X-Key=MY_KEY. The values are written nowhere.
        body: JSON to send with a POST, with gaps in its texts.
        hosts: Other hosts that an answer may lead to, as in a.org|b.org.
        private: Whether the service may be on this machine or in its own network.
        per_second: How often it is asked at most.
        timeout: Seconds for an answer.
        retries: How often a call that may succeed another time is tried again.

    Raises:
        ConfigError: The address, the body or a header cannot be used.
    """
    if url is None:
        raise ConfigError(
            "Asks a web service of yours: http:url=https://example.org/find?q={words}."
        )
    service = Service(
        url,
        method=method,
        body=_read_body(body),
        headers=read_headers(headers),
        hosts=frozenset(split(hosts or "")),
        is_private=private,
        pause_s=1 / per_second if per_second > 0 else 0.0,
        timeout_s=timeout,
        retries=retries,
    )
    gaps = list(dict.fromkeys(GAP.findall(f"{url} {body}")))
    if not gaps:
        raise ConfigError(
            f"{url!r} has no gap for what a call asks: write one, as in ?q={{words}}."
        )
    schema = {
        "type": "object",
        "properties": {gap: {"type": "string"} for gap in gaps},
        "required": gaps,
    }

    def run(**values: str) -> str:
        return find_answer(service.ask(values), answer)

    stated = {"name": name, "description": description, "parameters": schema}
    return tool_from_schema(stated, run, close=service.close, at_once=MOST_WAITING)


def _read_body(body: str) -> Any:
    if not body:
        return None
    try:
        return json.loads(body)
    except ValueError as error:
        raise ConfigError(f"The body {clipped(body)!r} is not JSON: {error}.") from None
