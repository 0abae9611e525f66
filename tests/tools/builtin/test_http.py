"""HTTP: a real server on the loopback that answers, refuses, leads away, breaks and lies."""

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from toolformer.calls import ToolCall
from toolformer.errors import ConfigError, ToolError, ToolUnavailableError
from toolformer.tools.base import Tool
from toolformer.tools.builtin.http import http
from toolformer.tools.outside import service as module
from toolformer.tools.outside.options import Address
from toolformer.tools.registry import load_tool
from toolformer.tools.toolbox import Toolbox
from toolformer.tools.trust import is_harmless


@dataclass(slots=True)
class Served:
    """A server, and what it was asked."""

    port: int = 0
    asked: list[str] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    failures: int = 0  # answers with status 503 that are still to come

    def url(self, path: str, host: str = "127.0.0.1") -> Address:
        return Address(f"http://{host}:{self.port}{path}")


@pytest.fixture
def served() -> Iterator[Served]:
    found = Served()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked.append(self.path)
            found.headers.append(dict(self.headers))
            if found.failures:
                found.failures -= 1
                self.reply(503, "busy")
                return
            parts = urlsplit(self.path)
            words = parse_qs(parts.query).get("q", [""])[0]
            match parts.path:
                case "/find":
                    rows = [{"name": words.upper(), "size": len(words)}] if words else []
                    self.reply(200, json.dumps({"results": rows}), "application/json")
                case "/text":
                    self.reply(200, f"About {words}\nand more", "text/plain; charset=utf-8")
                case "/page":
                    self.reply(200, "<html>Log in</html>", "text/html")
                case "/long":
                    self.reply(200, "x" * (2 << 20), "text/plain")
                case "/away":
                    self.lead(f"http://localhost:{found.port}/text?q=away")
                case "/here":
                    self.lead("/text?q=here")
                case "/round":
                    self.lead("/round")
                case "/slow":
                    time.sleep(1.0)
                    self.reply(200, "late", "text/plain")
                case _:
                    self.reply(404, "no such thing")

        def do_POST(self) -> None:
            length = int(self.headers["content-length"])
            found.bodies.append(json.loads(self.rfile.read(length)))
            self.reply(200, json.dumps({"answer": found.bodies[-1]["q"]}), "application/json")

        def lead(self, location: str) -> None:
            self.send_response(302)
            self.send_header("location", location)
            self.send_header("content-length", "0")
            self.end_headers()

        def reply(self, status: int, text: str, kind: str = "text/plain") -> None:
            content = text.encode()
            try:
                self.send_response(status)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
            except OSError:
                pass  # whoever asked did not wait

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield found
    server.shutdown()
    server.server_close()
    thread.join()


def made(served: Served, path: str, **options: Any) -> Tool:
    settings: dict[str, Any] = {"private": True, "per_second": 0, "retries": 0} | options
    return http(served.url(path), **settings)


def test_the_answer_is_what_stands_at_a_path(served: Served) -> None:
    tool = made(served, "/find?q={words}", answer="results.0.name", name="Find")
    assert tool.signature == "Find(words)"
    assert tool.execute("old town") == "OLD TOWN"
    assert made(served, "/find?q={words}", answer="results.0.size").execute("abc") == "3"
    assert made(served, "/text?q={words}").execute("towns") == "About towns and more"
    tool.close and tool.close()


def test_a_value_stays_in_its_gap(served: Served) -> None:
    tool = made(served, "/find?q={words}&lang=en", answer="results.0.name")
    assert tool.execute("a&lang=fr#x/../y é") == "A&LANG=FR#X/../Y É"
    assert served.asked == ["/find?q=a%26lang%3Dfr%23x%2F..%2Fy%20%C3%A9&lang=en"]
    poster = made(served, "/ask", method="POST", body='{"q": "{words}", "n": 3}', answer="answer")
    assert poster.execute('x", "n": "9') == 'x", "n": "9'
    assert served.bodies == [{"q": 'x", "n": "9', "n": 3}]


def test_an_address_of_the_own_network_is_not_asked(served: Served) -> None:
    with pytest.raises(ToolError, match=r"127\.0\.0\.1, in the own network: private=true"):
        made(served, "/text?q={words}", private=False).execute("x")
    with pytest.raises(ToolError, match="in the own network"):
        http(served.url("/text?q={words}", host="localhost"), retries=0).execute("x")
    assert served.asked == []


def test_another_host_is_followed_only_if_it_is_named(served: Served) -> None:
    assert made(served, "/here?q={words}").execute("x") == "About here and more"
    with pytest.raises(ToolError, match="leads to another host, localhost"):
        made(served, "/away?q={words}").execute("x")
    assert made(served, "/away?q={words}", hosts="localhost").execute("x").startswith("About away")
    with pytest.raises(ToolError, match="from one address to the next"):
        made(served, "/round?q={words}").execute("x")


@pytest.mark.parametrize(
    ("path", "options", "said"),
    [
        ("/none?q={words}", {}, "refused it with status 404"),
        ("/page?q={words}", {}, "a web page, not an answer for a program"),
        ("/long?q={words}", {}, "sent more than 1 MiB"),
        ("/text?q={words}", {"answer": "a"}, "something else than JSON: 'About"),
        ("/find?q={words}", {"answer": "results.3.name"}, r"has no answer \(results\.3\.name\)"),
        ("/find?q={words}", {"answer": "results.name"}, "has no answer"),
    ],
)
def test_an_answer_that_cannot_be_used_is_an_error_of_the_call(
    served: Served, path: str, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(ToolError, match=said) as caught:
        made(served, path, **options).execute("x")
    assert not isinstance(caught.value, ToolUnavailableError)


def test_a_service_that_is_busy_is_asked_again(served: Served) -> None:
    served.failures = 2
    assert made(served, "/text?q={words}", retries=3).execute("x") == "About x and more"
    assert len(served.asked) == 3
    served.failures = 9
    with pytest.raises(ToolUnavailableError, match="status 503"):
        made(served, "/text?q={words}", retries=1).execute("x")


def test_a_service_that_is_gone_or_slow_is_unavailable(served: Served) -> None:
    with pytest.raises(ToolUnavailableError, match="could not be reached"):
        made(served, "/slow?q={words}", timeout=0.2).execute("x")
    closed = Address("http://127.0.0.1:9/{words}")
    with Toolbox([http(closed, private=True, retries=0)]) as toolbox:
        [result] = toolbox.execute([ToolCall("HTTP", "x")])
    assert result.is_unavailable


def test_a_header_has_its_value_from_the_environment_and_nowhere_else(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_TOKEN", "Bearer s3cret")
    spec = f"http:url={served.url('/text?q={words}')},private=true,headers=Authorization=MY_TOKEN"
    loaded = load_tool(spec)
    assert loaded.execute("x") == "About x and more"
    assert served.headers[0]["Authorization"] == "Bearer s3cret"
    assert "s3cret" not in f"{loaded.spec} {loaded.options} {loaded.json_schema()}"
    monkeypatch.delenv("MY_TOKEN")
    with pytest.raises(ConfigError, match="needs an environment variable that is set"):
        load_tool(spec)


def test_it_is_not_asked_more_often_than_it_may_be(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(module.time, "sleep", waited.append)
    tool = made(served, "/text?q={words}", per_second=4)
    for number in range(5):
        tool.execute(str(number))
    assert sum(waited) == pytest.approx(0.25 + 0.5 + 0.75 + 1.0, abs=0.6)


def test_many_calls_at_once_are_answered_each_for_itself(served: Served) -> None:
    tool = made(served, "/find?q={words}", answer="results.0.name")
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(tool.execute, [f"w{number}" for number in range(64)]))
    assert found == [f"W{number}" for number in range(64)]


@pytest.mark.parametrize(
    ("url", "options", "said"),
    [
        ("https://{host}/x", {}, "begins with https:// and a host without gaps"),
        ("ftp://example.org/{x}", {}, "is not an address of a service"),
        ("https://me:pass@example.org/{x}", {}, "would be written into manifests"),
        ("https://example.org/x", {}, "has no gap"),
        ("https://example.org/{x}", {"body": "{"}, "is not JSON"),
        ("https://example.org/{x}", {"headers": "X-Key"}, "needs an environment variable"),
    ],
)
def test_what_is_no_service_is_refused(url: str, options: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        http(Address(url), **options)  # type: ignore[arg-type]


def test_no_file_has_an_address_called() -> None:
    assert not is_harmless("http:url=https://example.org/{x}")
    assert not is_harmless("search:index=somewhere")
    with pytest.raises(ConfigError, match=r"http:url=https://example\.org/find\?q="):
        load_tool("http")
