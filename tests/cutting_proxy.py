"""A TCP proxy on loopback that resets its connections, or falls silent, after so many bytes."""

from __future__ import annotations

import socket
import struct
import threading
from typing import Self


class CuttingProxy:
    """Stands before a server; `limit` counts what clients send, over all connections."""

    def __init__(self, port: int, limit: int | None = None, *, silent: bool = False) -> None:
        self.limit = limit
        """Bytes that may still pass; None for any number."""
        self.silent = silent
        """Whether nothing passes any more after that, with all connections open."""
        self.sent = 0
        """Bytes that clients have sent."""
        self.connections = 0
        self._target = ("127.0.0.1", port)
        self._turn = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._threads[0].join()
        for connection in self._open:
            _reset(connection)
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            server = socket.create_connection(self._target)
            self._open += [client, server]
            for source, sink, counted in ((client, server, True), (server, client, False)):
                thread = threading.Thread(target=self._pass, args=(source, sink, counted))
                self._threads.append(thread)
                thread.start()

    def _pass(self, source: socket.socket, sink: socket.socket, counted: bool) -> None:
        try:
            while data := source.recv(65536):
                if counted and not self._may_pass(sink, data):
                    break
                if not counted and not self._is_silent:
                    sink.sendall(data)
        except OSError:
            pass
        _reset(source)
        _reset(sink)

    def _may_pass(self, sink: socket.socket, data: bytes) -> bool:
        """Send what the limit allows; tell whether that was all."""
        with self._turn:
            allowed = data if self.limit is None else data[: self.limit]
            self.sent += len(allowed)
            if self.limit is not None:
                self.limit -= len(allowed)
        sink.sendall(allowed)
        return self.silent or len(allowed) == len(data)

    @property
    def _is_silent(self) -> bool:
        return self.silent and self.limit == 0


def _reset(connection: socket.socket) -> None:
    """Close it so that the other side sees a reset."""
    try:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    connection.close()


class SilentServer:
    """Takes connections and never says a word."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()


def refusing_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port
