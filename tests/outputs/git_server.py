"""Git over HTTP on loopback: `git http-backend` behind a server that can refuse and fail."""

from __future__ import annotations

import base64
import os
import subprocess
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

USER, PASSWORD = "ann", "secret-word"


class GitServer:
    """Serves the bare repositories of a folder."""

    def __init__(self, folder: Path, *, password: str = "") -> None:
        """Start it.

        Args:
            folder: Holds the repositories.
            password: What it asks for; "" lets everyone in.
        """
        self.folder = folder
        self.password = password
        self.largest_file = 0
        """Bytes after which no file on its disk can grow; 0 for any size."""
        self.asked: list[str] = []
        """Method, path and query of each request."""
        self.refuse: Callable[[str], int] = lambda asked: 0
        """Given one of those: the status to answer with, 0 to let it pass."""
        self.keep_answer: Callable[[str], bool] = lambda asked: False
        """Given one of those: whether it is carried out and then not answered."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.port: int = self._server.server_port
        self._thread = Thread(target=self._server.serve_forever)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def url(self, name: str, *, port: int = 0, user: str = "") -> str:
        at = f"{user}@" if user else ""
        return f"http://{at}127.0.0.1:{port or self.port}/{name}"


def _handler(server: GitServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def _serve(self) -> None:
            try:
                self._answer()
            except (ConnectionError, ValueError):
                self.close_connection = True

        def _answer(self) -> None:
            body = self._body()
            asked = f"{self.command} {self.path}"
            server.asked.append(asked)
            known = base64.b64encode(f"{USER}:{server.password}".encode()).decode()
            status = server.refuse(asked)
            if server.password and self.headers["Authorization"] != f"Basic {known}":
                status = 401
            if status:
                self.send_response(status)
                if status == 401:
                    self.send_header("WWW-Authenticate", 'Basic realm="git"')
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            head, _, content = self._backend(body).partition(b"\r\n\r\n")
            if server.keep_answer(asked):
                self.close_connection = True
                return
            headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
            self.send_response(int(headers.pop("Status", "200").split()[0]))
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def _body(self) -> bytes:
            if self.headers["Transfer-Encoding"] != "chunked":
                return self._exactly(int(self.headers["Content-Length"] or 0))
            whole = b""
            while size := int(self.rfile.readline(), 16):
                whole += self._exactly(size)
                self.rfile.readline()
            self.rfile.readline()
            return whole

        def _exactly(self, count: int) -> bytes:
            """Return so many bytes; half a body is no body."""
            read = self.rfile.read(count)
            if len(read) < count:
                raise ConnectionError("cut off")
            return read

        def _backend(self, body: bytes) -> bytes:
            path, _, query = self.path.partition("?")
            environment = {
                **os.environ,
                "GIT_PROJECT_ROOT": str(server.folder),
                "GIT_HTTP_EXPORT_ALL": "1",
                "REMOTE_USER": USER,
                "REQUEST_METHOD": self.command,
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "CONTENT_TYPE": self.headers["Content-Type"] or "",
                "CONTENT_LENGTH": str(len(body)),
                "HTTP_CONTENT_ENCODING": self.headers["Content-Encoding"] or "",
            }
            if protocol := self.headers["Git-Protocol"]:
                environment["GIT_PROTOCOL"] = protocol
            limit = f"ulimit -f {server.largest_file // 512}; trap '' XFSZ; "
            script = f"{limit if server.largest_file else ''}exec git http-backend"
            command = ["sh", "-c", script]
            done = subprocess.run(
                command, input=body, env=environment, capture_output=True, check=False
            )
            return done.stdout

    return Handler
