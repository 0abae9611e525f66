"""A server at an address: until it is told to stop, or beside the program.

Imports FastAPI and uvicorn, which are an extra: import this only where the server is wanted.
"""

import ipaddress
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI
from starlette.middleware.trustedhost import TrustedHostMiddleware

from toolformer.errors import ConfigError

_BACKLOG = 2048
_LAST_S = 2  # for answers that are being written when the server is to end


def listen(host: str, port: int) -> socket.socket:
    """Returns a socket that listens at an address; port 0 takes any that is free.

    Raises:
        ConfigError: it cannot.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except (OSError, OverflowError) as error:
        number = getattr(error, "errno", None) or 0
        reason = os.strerror(number) if number > 0 else getattr(error, "strerror", None) or error
        raise ConfigError(
            f"Cannot listen at {host}, port {port}: {reason}. Name another with --host or --port."
        ) from None


def address_of(listening: socket.socket) -> str:
    """Returns the address of a socket as a browser takes it."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run(app: FastAPI, listening: socket.socket) -> None:
    """Answers until the program is interrupted."""
    _server(app, listening).run(sockets=[listening])


@contextmanager
def in_background(app: FastAPI, listening: socket.socket) -> Iterator[None]:
    """Answers in a thread of its own until it is left."""
    server = _server(app, listening)
    thread = threading.Thread(
        target=server.run, kwargs={"sockets": [listening]}, name="serving", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


def _server(app: FastAPI, listening: socket.socket) -> uvicorn.Server:
    host = listening.getsockname()[0]
    if ipaddress.ip_address(host.partition("%")[0]).is_loopback:
        # A page of another site may have its own name stand for this machine.
        names = ["localhost", "127.0.0.1", "[::1]", host]
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=names)
    settings = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_LAST_S,
    )
    return uvicorn.Server(settings)
