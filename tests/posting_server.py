"""A real HTTP server in a thread that takes posts, and answers as it is told."""

from __future__ import annotations

import json
import socket
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from email.message import Message


@dataclass(frozen=True)
class Post:
    """What somebody posted."""

    path: str
    headers: Message
    """Their names count in any case."""
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    """What the server says."""

    status: int = 200
    body: Any = "ok"
    """Text, or what becomes JSON."""
    headers: tuple[tuple[str, str], ...] = ()


class PostingServer:
    """Answers by `answers`, one each time, then by `usual`; keeps what it got."""

    def __init__(
        self,
        usual: Callable[[Post], Answer] = lambda post: Answer(),
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.answers: list[Answer | str] = []
        """`reset` and `silent` break the connection, at once or when the server is closed."""
        self.posts: list[Post] = []
        self.came = threading.Event()
        """Set when a post came."""
        self.may_answer = threading.Event()
        """Clear it, and no post is answered."""
        self.may_answer.set()
        self._closing = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                post = Post(self.path, self.headers, body)
                outer.posts.append(post)
                outer.came.set()
                outer.may_answer.wait(60)
                answer = outer.answers.pop(0) if outer.answers else usual(post)
                if answer == "silent":
                    outer._closing.wait(60)
                if isinstance(answer, str):
                    self.connection.shutdown(socket.SHUT_RDWR)
                    self.close_connection = True
                else:
                    self.reply(answer)

            def reply(self, answer: Answer) -> None:
                said = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
                try:
                    self.send_response_only(answer.status)
                    for name, value in {
                        "Date": self.date_time_string(),
                        **dict(answer.headers),
                    }.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(len(said.encode())))
                    self.end_headers()
                    self.wfile.write(said.encode())
                except OSError:  # the caller is gone
                    self.close_connection = True

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if tls is not None:
            self._server.socket = tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self.may_answer.set()
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
