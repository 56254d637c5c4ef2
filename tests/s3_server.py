"""S3 on loopback: moto behind a real HTTP server, which remembers what it was asked."""

from __future__ import annotations

import os
import threading
import urllib.request
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from moto.server import DomainDispatcherApplication, create_backend_app
from s3fs import S3FileSystem
from werkzeug.serving import make_server
from werkzeug.wrappers import Response

from kpisite.archive.store import Archive

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

KEY = "kpi-testing-key"
SECRET = "kpi-testing-secret"


class S3Server:
    """Answers one request after the other, as if each were atomic, which in S3 it is."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str]] = []
        """Method and path of each."""
        self.refuse: Callable[[dict[str, Any]], tuple[int, str] | None]
        """Given a WSGI request: the status and the S3 code to answer with, None to let it pass."""
        self.refuse = lambda request: None
        self._application = DomainDispatcherApplication(create_backend_app)
        self._turn = threading.Lock()
        self._server = make_server("127.0.0.1", 0, self, threaded=True)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.port}"

    @property
    def options(self) -> dict[str, Any]:
        """What an archive needs to reach it."""
        return {
            "key": KEY,
            "secret": SECRET,
            "endpoint_url": self.address,
            "client_kwargs": {"region_name": "us-east-1"},
        }

    def bucket(self) -> str:
        """Return the name of a new bucket."""
        name = f"kpis-{uuid.uuid4().hex}"
        scope = f"Credential={KEY}/20130204/us-east-1/s3/aws4_request"
        request = urllib.request.Request(
            f"{self.address}/{name}",
            method="PUT",
            headers={"Authorization": f"AWS4-HMAC-SHA256 {scope}"},
        )
        with urllib.request.urlopen(request) as response:
            assert response.status == 200
        return name

    def archive(self, bucket: str) -> Archive:
        """Return an archive in a bucket that has read nothing yet."""
        return Archive(f"s3://{bucket}/archive", **self.options)

    def asked(self, ask: Callable[[], object]) -> list[tuple[str, str]]:
        """Return the requests that a call makes."""
        before = len(self.requests)
        ask()
        return self.requests[before:]

    def between(self, method: str, name: str, act: Callable[[], object]) -> None:
        """Have something happen right before the first such request for a file is answered."""

        def refuse(request: dict[str, Any]) -> None:
            asked = request["REQUEST_METHOD"], request["PATH_INFO"].rsplit("/", 1)[-1]
            if asked == (method, name):
                self.refuse = lambda request: None
                self._turn.release()
                try:
                    act()
                finally:
                    self._turn.acquire()

        self.refuse = refuse

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def __call__(self, request: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        with self._turn:
            self.requests.append((request["REQUEST_METHOD"], request["PATH_INFO"]))
            refused = self.refuse(request)
            if refused is None:
                return list(self._application(request, start))
            status, code = refused
            text = f"<Error><Code>{code}</Code><Message>{code} on purpose</Message></Error>"
            request["wsgi.input"].read(int(request.get("CONTENT_LENGTH") or 0))
            return Response(text, status, content_type="application/xml")(request, start)


@pytest.fixture(scope="session")
def s3_process() -> Iterator[S3Server]:
    server = S3Server()
    yield server
    server.close()


@pytest.fixture
def s3(s3_process: S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Server]:
    """The server, with nothing of this machine's own credentials around it."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    yield s3_process
    s3_process.refuse = lambda request: None
    for filesystem in S3FileSystem._cache.values():
        if filesystem._s3 is not None:
            filesystem.close_session(filesystem.loop, filesystem._s3)
    S3FileSystem.clear_instance_cache()
