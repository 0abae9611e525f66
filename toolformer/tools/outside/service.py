"""A web service that is asked: with retries, at a rate, at one host, and for so many bytes at most.

Addresses and bodies have gaps, `{words}`, which a call fills: it chooses neither host nor path.
"""

import ipaddress
import json
import re
import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urljoin, urlsplit

from toolformer.errors import ToolError, ToolUnavailableError, clipped
from toolformer.tools.outside.options import split_address

if TYPE_CHECKING:
    from requests import Response, Session

MAX_BYTES = 1 << 20  # of an answer
MAX_REDIRECTS = 5
_CONNECTIONS = 1000  # that are kept: as many as calls may run at a time
GAP = re.compile(r"\{(\w+)\}")
_PASSING = (429, 500, 502, 503, 504)  # statuses that another try may not have
_PORTS = {"http": 80, "https": 443}


class Service:
    """A web service at one host; safe between threads."""

    def __init__(
        self,
        url: str,
        *,
        method: str,
        body: Any,
        headers: Mapping[str, str],
        hosts: frozenset[str],
        is_private: bool,
        pause_s: float,
        timeout_s: float,
        retries: int,
    ) -> None:
        split_address(url, what="a service")
        self._url, self._method, self._body, self._headers = url, method, body, headers
        self._hosts, self._is_private = hosts, is_private
        self._pause_s, self._timeout_s, self._retries = pause_s, timeout_s, retries
        self._lock = threading.Lock()
        self._next = 0.0  # when the service may be asked again
        self._session: Session | None = None

    def ask(self, values: Mapping[str, str]) -> str:
        """Returns what the service answers.

        Raises:
            ToolError: It refuses, or answers what cannot be used.
            ToolUnavailableError: It cannot be reached, or says so.
        """
        import requests

        url = GAP.sub(lambda gap: quote(values[gap[1]], safe=""), self._url)
        deadline = time.monotonic() + self._timeout_s * (self._retries + 1)
        try:
            for _ in range(MAX_REDIRECTS):
                self._wait()
                with self._opened().request(
                    self._method,
                    url,
                    json=_filled(self._body, values),
                    headers=self._headers,
                    timeout=self._timeout_s,
                    allow_redirects=False,
                    stream=True,
                ) as response:
                    if not response.is_redirect:
                        return _text_of(response, deadline=deadline)
                    url = self._led(url, response.headers["location"])
        except requests.RequestException as error:
            raise ToolUnavailableError(
                f"The service could not be reached: {type(error).__name__}."
            ) from None
        raise ToolError("The service leads from one address to the next.")

    def close(self) -> None:
        """Closes the connections; a later call opens them again."""
        with self._lock:
            session, self._session = self._session, None
        if session is not None:
            session.close()

    def _led(self, url: str, location: str) -> str:
        """Returns where an answer leads to, if it may."""
        there = urljoin(url, location)
        if _origin(there) != _origin(self._url) and urlsplit(there).hostname not in self._hosts:
            raise ToolError(
                f"The service leads to another host, {clipped(str(urlsplit(there).hostname))}."
            )
        return there

    def _wait(self) -> None:
        """Waits until the service may be asked."""
        with self._lock:
            now = time.monotonic()
            mine = max(now, self._next)
            self._next = mine + self._pause_s
        time.sleep(max(0.0, mine - now))

    def _opened(self) -> "Session":
        with self._lock:
            if self._session is None:
                self._session = _session(retries=self._retries, is_private=self._is_private)
            return self._session


def _session(*, retries: int, is_private: bool) -> "Session":
    """Returns a session that tries again, and connects to public addresses alone unless told."""
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.util import Retry

    class Public(HTTPConnection):
        def _new_conn(self) -> Any:
            return _checked(super()._new_conn())

    class PublicTLS(HTTPSConnection):
        def _new_conn(self) -> Any:
            return _checked(super()._new_conn())

    class Pool(HTTPConnectionPool):
        ConnectionCls = Public

    class PoolTLS(HTTPSConnectionPool):
        ConnectionCls = PublicTLS

    adapter = HTTPAdapter(
        pool_maxsize=_CONNECTIONS,
        max_retries=Retry(
            total=retries,
            redirect=False,
            status_forcelist=_PASSING,
            allowed_methods=None,
            backoff_factor=0.2,
            backoff_jitter=0.2,
            raise_on_status=False,
            respect_retry_after_header=False,
        ),
    )
    if not is_private:
        adapter.poolmanager.pool_classes_by_scheme = {"http": Pool, "https": PoolTLS}
    session = requests.Session()
    session.trust_env = False  # no password out of a .netrc, no proxy that connects for us
    for scheme in _PORTS:
        session.mount(f"{scheme}://", adapter)
    return session


def _checked(connection: Any) -> Any:
    """Returns a connection to a public address; what a name means is known once it is open."""
    address = connection.getpeername()[0]
    if not ipaddress.ip_address(address.partition("%")[0]).is_global:
        connection.close()
        raise ToolError(f"The service is at {address}, in the own network: private=true allows it.")
    return connection


def _text_of(response: "Response", *, deadline: float) -> str:
    status = response.status_code
    content = bytearray()
    for piece in response.iter_content(16_384):
        content += piece
        if len(content) > MAX_BYTES:
            raise ToolError(f"The service sent more than {MAX_BYTES >> 20} MiB.")
        if time.monotonic() > deadline:
            raise ToolUnavailableError("The service took too long to send its answer.")
    if status in _PASSING:
        raise ToolUnavailableError(f"The service answered with status {status}.")
    if not response.ok:
        raise ToolError(f"The service refused it with status {status}.")
    if "html" in response.headers.get("content-type", ""):
        raise ToolError("The service sent a web page, not an answer for a program.")
    return content.decode(response.encoding or "utf-8", errors="replace")


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)


def _filled(body: Any, values: Mapping[str, str]) -> Any:
    """Returns JSON with its gaps filled: a value stays within the text that it stands in."""
    match body:
        case str():
            return GAP.sub(lambda gap: values.get(gap[1], gap[0]), body)
        case list():
            return [_filled(each, values) for each in body]
        case dict():
            return {key: _filled(each, values) for key, each in body.items()}
        case _:
            return body


def find_answer(text: str, path: str) -> str:
    """Returns what stands at a path in a JSON text, all of the text without one.

    >>> find_answer('{"results": [{"name": "Oslo"}]}', "results.0.name")
    'Oslo'

    Raises:
        ToolError: The text is not JSON, or has nothing there.
    """
    if not path:
        return text
    try:
        found = json.loads(text)
    except ValueError:
        raise ToolError(f"The service sent something else than JSON: {clipped(text)!r}.") from None
    for step in path.split("."):
        try:
            found = found[int(step)] if isinstance(found, list) else found[step]
        except (LookupError, TypeError, ValueError):
            raise ToolError(f"The service has no answer ({path}).") from None
    if found is None:
        raise ToolError(f"The service has no answer ({path}).")
    return found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)
