"""The paths of a server: OpenAI's, its metrics and health, and the page to try it.

Imports FastAPI, which is an extra: import this only where the server is wanted.
"""

import asyncio
import json
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from fastapi import Depends, FastAPI
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from toolformer._version import __version__
from toolformer.serve.answering import LEFT, reply_to
from toolformer.serve.engines.tickets import Answering
from toolformer.serve.interface.asking import (
    Asked,
    Served,
    ask_for_completions,
    ask_for_message,
    check_length,
)
from toolformer.serve.interface.bodies import Body, read_chat, read_completion
from toolformer.serve.interface.refusals import RefusedError
from toolformer.serve.interface.replies import Completions, Messages
from toolformer.serve.keys import is_key
from toolformer.serve.metrics import Metrics

_LONG = 1 << 15  # characters of a prompt that is counted before it is handed in
_BODY_S = 30  # for a request to arrive
# The page asks nobody but this server, and shows itself to no other page.
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def make_app(served: Served, answering: Answering, *, keys: Sequence[str] = ()) -> FastAPI:
    """Returns the application; whoever made `answering` closes it.

    Args:
        served: what it answers with.
        answering: writes the answers.
        keys: of which clients have to show one; none: everybody is answered.
    """
    metrics = Metrics(answering, tools=[tool.name for tool in served.tools.tools])
    app = FastAPI(title="toolformer", version=__version__, openapi_url=None)
    page = files("toolformer.serve").joinpath("page.html").read_text(encoding="utf-8")

    async def check_key(request: Request) -> None:
        kind, _, shown = request.headers.get("authorization", "").partition(" ")
        if keys and not (kind.lower() == "bearer" and is_key(shown.strip(), keys)):
            raise RefusedError(
                "Show one of this server's keys: 'Authorization: Bearer KEY'.",
                status=401,
                code="invalid_api_key",
            )

    guarded = [Depends(check_key)]
    app.add_middleware(Counted, metrics=metrics)

    @app.exception_handler(RefusedError)
    async def refuse(_request: Request, error: RefusedError) -> Response:
        return JSONResponse(error.to_json(), status_code=error.status, headers=error.headers)

    @app.exception_handler(HTTPException)
    async def refuse_path(_request: Request, error: HTTPException) -> Response:
        refused = RefusedError(f"{error.detail}.", status=error.status_code)
        return JSONResponse(refused.to_json(), status_code=error.status_code)

    @app.exception_handler(Exception)
    async def fail(_request: Request, _error: Exception) -> Response:
        refused = RefusedError("The request could not be answered.", status=500)
        return JSONResponse(refused.to_json(), status_code=500)

    @app.get("/", include_in_schema=False)
    async def show_page() -> Response:
        return HTMLResponse(page, headers={"content-security-policy": _POLICY})

    @app.get("/health")
    async def health() -> Response:
        return JSONResponse(
            {"status": "ok", "running": answering.running, "waiting": answering.waiting}
        )

    @app.get("/metrics", dependencies=guarded)
    async def tell_metrics() -> Response:
        return Response(metrics.text(), media_type=CONTENT_TYPE_LATEST)

    @app.get("/v1/models", dependencies=guarded)
    async def list_models() -> Response:
        return JSONResponse({"object": "list", "data": [_model_row(served)]})

    @app.get("/v1/models/{name:path}", dependencies=guarded)
    async def show_model(name: str) -> Response:
        _check_model(name, served)
        return JSONResponse(_model_row(served))

    @app.post("/v1/completions", dependencies=guarded)
    async def complete(request: Request) -> Response:
        body = read_completion(await _read_json(request, served.config.max_body))
        asked = await _checked(body, ask_for_completions(body, served), served)
        reply = Completions(served.name, is_scored=asked.is_scored, is_traced=asked.is_traced)
        return await reply_to(request, asked, reply, answering=answering, metrics=metrics)

    @app.post("/v1/chat/completions", dependencies=guarded)
    async def chat(request: Request) -> Response:
        body = read_chat(await _read_json(request, served.config.max_body))
        asked = await _checked(body, ask_for_message(body, served), served)
        reply = Messages(
            served.name,
            is_scored=asked.is_scored,
            is_traced=asked.is_traced,
            own_tools=asked.own_tools,
        )
        return await reply_to(request, asked, reply, answering=answering, metrics=metrics)

    return app


class Counted:
    """Counts the requests to an application by path and status."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                path = getattr(scope.get("route"), "path", "other")
                self._metrics.count_request(path, message["status"])
            await send(message)

        await self._app(scope, receive, counted)


async def _checked(body: Body, asked: Asked, served: Served) -> Asked:
    """Returns what is asked for once its model and the length of its prompts are known to do."""
    if body.model is not None:
        _check_model(body.model, served)
    for request in {each.text: each for each in asked.requests}.values():
        if served.model is not None and len(request.text) > _LONG:
            await asyncio.to_thread(check_length, request, served.model)
    return asked


def _check_model(name: str, served: Served) -> None:
    if name != served.name:
        raise RefusedError(
            f"The model '{name[:60]}' is not here; this server has '{served.name}'.",
            status=404,
            param="model",
            code="model_not_found",
        )


def _model_row(served: Served) -> dict[str, Any]:
    return {
        "id": served.name,
        "object": "model",
        "created": served.created,
        "owned_by": "toolformer",
        "tools": [tool.json_schema() for tool in served.tools.tools],
        "has_chat_template": served.has_chat_template,
    }


async def _read_json(request: Request, most: int) -> object:
    """Reads the body of a request.

    Raises:
        RefusedError: it is not JSON, or too long.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":  # a page of another origin can send anything else unasked
        raise RefusedError(
            f"A request is application/json, not {kind[:60] or 'nothing'}.", status=415
        )
    body = bytearray()
    try:
        async with asyncio.timeout(_BODY_S):
            async for piece in request.stream():
                body += piece
                if len(body) > most:
                    raise RefusedError(f"A request has at most {most:,} bytes here.", status=413)
    except TimeoutError:
        raise RefusedError(f"The request took more than {_BODY_S} s.", status=408) from None
    except ClientDisconnect:
        raise RefusedError("The client has left.", status=LEFT) from None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise RefusedError("The body of the request is not JSON.", code="invalid_json") from None
