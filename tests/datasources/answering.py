"""An HTTP server in a thread: it answers as a test tells it, and keeps what it was asked."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qs, unquote, urlsplit

if TYPE_CHECKING:
    import ssl

PATIENCE = 60
"""Seconds after which a hanging answer ends; no test waits that long unless it fails."""


@dataclass(frozen=True)
class Asked:
    """A request that came."""

    method: str
    path: str
    """Decoded, without parameters."""
    target: str
    """As it came: path and parameters, encoded."""
    params: Mapping[str, Sequence[str]]
    headers: Mapping[str, str]
    """Found in any spelling."""
    body: bytes
    connection: int
    """Which of the server's connections brought it, counted from 0."""

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """An answer."""

    body: Any = b""
    """Bytes, text, or else what becomes JSON."""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    fault: Literal["", "cut", "cut chunk", "reset", "hang", "trickle"] = ""
    """`cut`: half of the body comes, `cut chunk`: the same without a length; `reset`: the
    connection breaks before the answer; `hang`: nothing comes; `trickle`: a byte now and then."""


Route = Reply | Any | list[Any] | Callable[[Asked], Any]
"""A reply, or its body; a list of them, one for each request, the last one stays; a function."""


class Answering:
    """Serves until it is closed.

    `server.routes["/a"] = {"b": 1}` answers JSON; `server.routes["/a"] = [Reply(status=503), "x"]`
    fails once. What has no route is answered by `server.otherwise`, 404 unless a test says so.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.routes: dict[str, Route] = {}
        self.otherwise: Route = Reply("nothing here", 404)
        self.asked: list[Asked] = []
        self._connections: list[Any] = []
        self._released = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {}))
        self._server.RequestHandlerClass.answering = self  # type: ignore[attr-defined]
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign] # a client went
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_port
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self.port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        )
        self._thread.start()

    @property
    def paths(self) -> list[str]:
        """The paths of all requests, in order."""
        return [asked.path for asked in self.asked]

    def close(self) -> None:
        """Stop listening, and break what is open."""
        self._released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self.drop()

    def drop(self) -> None:
        """Break all connections, as a service does that is started anew."""
        for connection in self._connections:
            with suppress(OSError):  # it may be closed already
                connection.shutdown(socket.SHUT_RDWR)

    def _reply(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        route = self.routes.get(asked.path, self.otherwise)
        if isinstance(route, list) and route and isinstance(route[0], Reply | str | bytes):
            route = route.pop(0) if len(route) > 1 else route[0]
        if callable(route):
            route = route(asked)
        return route if isinstance(route, Reply) else Reply(route)


class _Handler(BaseHTTPRequestHandler):
    """One connection, kept open for more requests."""

    protocol_version = "HTTP/1.1"
    answering: Answering

    def setup(self) -> None:
        super().setup()
        self.answering._connections.append(self.connection)
        self.number = len(self.answering._connections) - 1

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, *args: object) -> None:
        pass

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        asked = Asked(
            self.command,
            unquote(parts.path),
            self.path,
            parse_qs(parts.query, keep_blank_values=True),
            self.headers,
            body,
            self.number,
        )
        reply = self.answering._reply(asked)
        try:
            self._send(reply)
        except OSError:
            self.close_connection = True  # the client has gone

    def _send(self, reply: Reply) -> None:
        if reply.fault == "hang":
            self.answering._released.wait(PATIENCE)
        if reply.fault in ("hang", "reset"):
            self._break()
            return
        body, kind = _content(reply.body)
        self.send_response_only(reply.status)
        headers = {"Date": self.date_time_string(), "Content-Type": kind, **reply.headers}
        is_chunked = reply.fault == "cut chunk"
        headers |= (
            {"Transfer-Encoding": "chunked"} if is_chunked else {"Content-Length": str(len(body))}
        )
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if is_chunked:
            self.wfile.write(b"%x\r\n%s" % (len(body), body[: len(body) // 2]))
        elif reply.fault == "cut":
            self.wfile.write(body[: len(body) // 2])
        elif reply.fault == "trickle":
            until = time.monotonic() + PATIENCE
            for byte in body:
                if self.answering._released.wait(0.02) or time.monotonic() > until:
                    break
                self.wfile.write(bytes([byte]))
        else:
            self.wfile.write(body)
        if reply.fault:
            self._break()

    def _break(self) -> None:
        self.close_connection = True
        self.wfile.flush()
        with suppress(OSError):  # the client may be faster
            self.connection.shutdown(socket.SHUT_RDWR)


def _content(body: Any) -> tuple[bytes, str]:
    if isinstance(body, bytes):
        return body, "application/octet-stream"
    if isinstance(body, str):
        return body.encode(), "text/plain; charset=utf-8"
    return json.dumps(body).encode(), "application/json"


@contextmanager
def answering(tls: ssl.SSLContext | None = None) -> Iterator[Answering]:
    """Serve within a block."""
    server = Answering(tls)
    try:
        yield server
    finally:
        server.close()


def refusing() -> str:
    """Return an address where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"
