"""A small Hub: a real server of its HTTP interface, as far as pushing and loading ask for it.

It keeps repositories in memory, knows who may write where, and can be told to fail. Files of
tables and weights come by LFS, as the Hub has them; the others come within the commit.
"""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import yaml

TOKEN = "hf_of_the_tests_which_nobody_has"  # noqa: S105
READ_TOKEN = "hf_that_may_only_read_what_is"  # noqa: S105
USER, ORGANISATION = "me", "us"
LICENSES = ("apache-2.0", "mit", "cc-by-4.0")
_LARGE = (".parquet", ".safetensors", ".arrow")
_REPOSITORY = r"(?P<kind>models|datasets)/(?P<id>[^/]+/[^/]+)"


@dataclass
class Stored:
    """A repository."""

    private: bool
    files: dict[str, bytes] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)  # of its commits

    @property
    def sha(self) -> str:
        return hashlib.sha1(str(len(self.messages)).encode()).hexdigest()  # noqa: S324


@dataclass
class StandIn:
    """The state of the server, and what it was asked."""

    endpoint: str = ""
    repositories: dict[str, Stored] = field(default_factory=dict)  # by models/me/x, datasets/me/x
    large: dict[str, bytes] = field(default_factory=dict)  # by sha256
    asked: list[str] = field(default_factory=list)  # "POST /api/…"
    failing: dict[str, int] = field(default_factory=dict)  # status by a part of what is asked
    lock: Lock = field(default_factory=Lock)

    def datasets(self, name: str) -> Stored:
        return self.repositories[f"datasets/{name}"]

    def models(self, name: str) -> Stored:
        return self.repositories[f"models/{name}"]


class _Refusal(Exception):  # noqa: N818
    def __init__(self, status: int, message: str, *, code: str = "") -> None:
        self.status, self.message, self.code = status, message, code


@contextmanager
def stand_in() -> Iterator[StandIn]:
    """Serves a Hub without repositories."""
    state = StandIn()
    handler = type("Handler", (_Handler,), {"hub": state})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    state.endpoint = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: StandIn

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        self.query, path = parse_qs(parts.query), unquote(parts.path)
        body = self._body()
        asked = f"{self.command} {path}"
        with self.hub.lock:
            self.hub.asked.append(asked)
            try:
                for part, status in self.hub.failing.items():
                    if part in asked:
                        raise _Refusal(status, "told to fail")
                self._route(path, body)
            except _Refusal as refusal:
                headers = {"X-Error-Message": refusal.message, "X-Error-Code": refusal.code}
                self._send_json({"error": refusal.message}, refusal.status, **headers)

    def _body(self) -> bytes:
        if self.headers.get("transfer-encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("content-length") or 0))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _route(self, path: str, body: bytes) -> None:
        if self.command == "PUT" and (found := re.fullmatch("/lfs/([0-9a-f]{64})", path)):
            assert hashlib.sha256(body).hexdigest() == found[1]
            self.hub.large[found[1]] = body
            self._send(b"")
        elif path == "/api/whoami-v2":
            self._send_json(self._user())
        elif path == "/api/repos/create":
            self._create(json.loads(body))
        elif path == "/api/validate-yaml":
            self._validate(json.loads(body)["content"])
        elif found := re.fullmatch(rf"/api/{_REPOSITORY}(?:/revision/[^/]+)?", path):
            self._send_json(self._info(f"{found['kind']}/{found['id']}"))
        elif found := re.fullmatch(rf"/api/{_REPOSITORY}/auth-check(/write)?", path):
            self._stored(f"{found['kind']}/{found['id']}", write=bool(found[3]))
            self._send_json({})
        elif found := re.fullmatch(rf"/api/{_REPOSITORY}/tree/[^/]+(?P<folder>/.*)?", path):
            stored = self._stored(f"{found['kind']}/{found['id']}")
            self._send_json(_tree(stored, (found["folder"] or "").strip("/"), self.query))
        elif found := re.fullmatch(rf"/api/{_REPOSITORY}/paths-info/[^/]+", path):
            stored = self._stored(f"{found['kind']}/{found['id']}")
            wanted = parse_qs(body.decode()).get("paths", [])
            if body.startswith(b"{"):
                wanted = json.loads(body)["paths"]
            self._send_json(
                [_entry(each, stored.files[each]) for each in wanted if each in stored.files]
            )
        elif found := re.fullmatch(rf"/api/{_REPOSITORY}/preupload/[^/]+", path):
            stored = self._stored(f"{found['kind']}/{found['id']}", write=True)
            self._send_json(
                {"files": [_upload_mode(stored, each) for each in json.loads(body)["files"]]}
            )
        elif found := re.fullmatch(rf"/api/{_REPOSITORY}/commit/[^/]+", path):
            self._commit(f"{found['kind']}/{found['id']}", body)
        elif found := re.fullmatch(
            r"/(?P<kind>datasets/)?(?P<id>[^/]+/[^/]+)\.git/info/lfs/objects/batch", path
        ):
            self._batch(json.loads(body))
        elif found := re.fullmatch(
            r"/(?P<kind>datasets/)?(?P<id>[^/]+/[^/]+)/resolve/[^/]+/(?P<file>.+)", path
        ):
            self._resolve(f"{(found['kind'] or 'models/')}{found['id']}", found["file"])
        else:
            raise _Refusal(404, f"no such route: {path}")

    def _user(self) -> dict[str, Any]:
        token = (self.headers.get("authorization") or "").removeprefix("Bearer ")
        if token not in (TOKEN, READ_TOKEN):
            raise _Refusal(401, "Invalid credentials in Authorization header")
        role = "write" if token == TOKEN else "read"
        access = {"accessToken": {"role": role, "displayName": "tests"}}
        return {"name": USER, "type": "user", "orgs": [{"name": ORGANISATION}], "auth": access}

    def _create(self, asked: dict[str, Any]) -> None:
        user = self._user()
        owner = asked.get("organization") or USER
        if owner not in (USER, ORGANISATION) or user["auth"]["accessToken"]["role"] != "write":
            raise _Refusal(
                403, f"You don't have the rights to create under the namespace {owner!r}"
            )
        kind, name = f"{asked.get('type') or 'model'}s", f"{owner}/{asked['name']}"
        prefix = "datasets/" if kind == "datasets" else ""
        status = 409 if f"{kind}/{name}" in self.hub.repositories else 200
        private = asked.get("private") or asked.get("visibility") == "private"
        self.hub.repositories.setdefault(f"{kind}/{name}", Stored(bool(private)))
        self._send_json({"url": f"{self.hub.endpoint}/{prefix}{name}", "name": name}, status)

    def _validate(self, content: str) -> None:
        data = yaml.safe_load(content.split("---")[1])
        if (license_ := data.get("license")) is not None and license_ not in LICENSES:
            message = f'"license" must be one of {list(LICENSES)}'
            self._send_json({"errors": [{"message": message}], "warnings": []}, 400)
            return
        self._send_json({"errors": [], "warnings": []})

    def _stored(self, name: str, *, write: bool = False) -> Stored:
        stored = self.hub.repositories.get(name)
        if stored is None:
            raise _Refusal(404, "Repository not found", code="RepoNotFound")
        if stored.private or write:
            role = self._user()["auth"]["accessToken"]["role"]
            owner = name.split("/")[1]
            if write and (role != "write" or owner not in (USER, ORGANISATION)):
                raise _Refusal(403, "You are not allowed to write")
        return stored

    def _info(self, name: str) -> dict[str, Any]:
        stored = self._stored(name)
        return {
            "id": name.partition("/")[2],
            "sha": stored.sha,
            "private": stored.private,
            "gated": False,
            "disabled": False,
            "tags": [],
            "downloads": 0,
            "likes": 0,
            "siblings": [{"rfilename": each} for each in stored.files],
        }

    def _commit(self, name: str, body: bytes) -> None:
        stored = self._stored(name, write=True)
        for line in map(json.loads, body.splitlines()):
            value = line["value"]
            if line["key"] == "header":
                stored.messages.append(value["summary"])
            elif line["key"] == "file":
                assert value["encoding"] == "base64"
                stored.files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                stored.files[value["path"]] = self.hub.large[value["oid"]]
            elif line["key"] == "deletedFile":
                del stored.files[value["path"]]
        url = f"{self.hub.endpoint}/{name}/commit/{stored.sha}"
        self._send_json({"commitUrl": url, "commitOid": stored.sha, "hookOutput": ""})

    def _batch(self, asked: dict[str, Any]) -> None:
        objects = []
        for each in asked["objects"]:
            entry: dict[str, Any] = {"oid": each["oid"], "size": each["size"]}
            if each["oid"] not in self.hub.large:
                href = f"{self.hub.endpoint}/lfs/{each['oid']}"
                entry["actions"] = {"upload": {"href": href, "header": {}}}
            objects.append(entry)
        self._send_json({"transfer": "basic", "objects": objects})

    def _resolve(self, name: str, file: str) -> None:
        stored = self._stored(name)
        if file not in stored.files:
            raise _Refusal(404, "Entry not found", code="EntryNotFound")
        content = stored.files[file]
        headers = {"X-Repo-Commit": stored.sha, "ETag": f'"{_oid(file, content)}"'}
        headers["Accept-Ranges"] = "bytes"
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("range") or "")
        if wanted is None:
            self._send(content, **headers)
            return
        first, last = int(wanted[1]), min(int(wanted[2] or len(content)), len(content) - 1)
        headers["Content-Range"] = f"bytes {first}-{last}/{len(content)}"
        self._send(content[first : last + 1], 206, **headers)

    def _send_json(self, value: object, status: int = 200, **headers: str) -> None:
        self._send(
            json.dumps(value).encode(), status, **{"content-type": "application/json"} | headers
        )

    def _send(self, content: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for header, value in headers.items():
            if value:
                self.send_header(header, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


def _oid(name: str, content: bytes) -> str:
    """Returns by what a file is known: the sha256 of a large one, the blob of git of another."""
    if name.endswith(_LARGE):
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha1(b"blob %d\0%b" % (len(content), content)).hexdigest()  # noqa: S324


def _entry(name: str, content: bytes) -> dict[str, Any]:
    oid = _oid(name, content)
    entry: dict[str, Any] = {"type": "file", "path": name, "size": len(content), "oid": oid}
    if name.endswith(_LARGE):
        entry["lfs"] = {"oid": oid, "size": len(content), "pointerSize": 130}
    return entry


def _tree(stored: Stored, folder: str, query: dict[str, list[str]]) -> list[dict[str, Any]]:
    below = f"{folder}/" if folder else ""
    names = sorted(each for each in stored.files if each.startswith(below))
    if folder and not names:
        raise _Refusal(404, "Entry not found", code="EntryNotFound")
    folders = {
        below + each.removeprefix(below).rpartition("/")[0]
        for each in names
        if "/" in each.removeprefix(below)
    }
    is_deep = query.get("recursive", ["false"])[0].casefold() in ("true", "1")
    if not is_deep:
        names = [each for each in names if "/" not in each.removeprefix(below)]
    entries = [{"type": "directory", "path": each, "oid": "0" * 40, "size": 0} for each in folders]
    return [*entries, *(_entry(each, stored.files[each]) for each in names)]


def _upload_mode(stored: Stored, asked: dict[str, Any]) -> dict[str, Any]:
    name = asked["path"]
    there = stored.files.get(name)
    return {
        "path": name,
        "uploadMode": "lfs" if name.endswith(_LARGE) else "regular",
        "shouldIgnore": False,
        "oid": None if there is None else _oid(name, there),
    }
