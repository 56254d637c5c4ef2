"""Webhooks against a real HTTP server: what is posted, what is asked again, what is unclear."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kpisite.errors import OutputError, UnclearDeliveryError
from kpisite.outputs import _posting
from kpisite.outputs.webhook import DELIVERY, SIGNATURE, Webhook
from kpisite.plugins import Announcement, OutputContext, Receipt

if TYPE_CHECKING:
    from collections.abc import Iterator

ANNOUNCEMENT = Announcement(
    key="sales/2024-W06",
    title='Sales, "weekly"',
    period="Week 6, 2024",
    status="sealed",
    revision=1,
    url="https://kpi.example.org/sales/2024-W06/",
    text="Week 6, 2024: Sold 1,204 €, up 4.1 %",
    document={"version": 1, "views": []},
)


class Receiver:
    """An HTTP server that answers as it is told, and keeps what it got."""

    def __init__(self) -> None:
        self.answers: list[int | str] = []
        """Status of each answer, or `reset`, `silent`; then 200."""
        self.headers: dict[str, str] = {}
        self.got: list[dict[str, str]] = []
        self.bodies: list[bytes] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.got.append(dict(self.headers))
                outer.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
                answer = outer.answers.pop(0) if outer.answers else 200
                if answer == "silent":
                    outer.released.wait(20)
                    answer = "reset"
                if answer == "reset":
                    self.connection.shutdown(socket.SHUT_RDWR)
                    self.close_connection = True
                    return
                text = b"no such\nchannel" if int(answer) >= 400 else b"ok"
                self.send_response(int(answer))
                for name, value in outer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *args: object) -> None:
                pass

        self.released = threading.Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook/t0ken"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setattr(_posting, "_back_off", lambda state: 0.0)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    receiver = Receiver()
    yield receiver
    receiver.released.set()
    receiver.server.shutdown()
    receiver.server.server_close()


def driver(url: str, **options: object) -> Webhook:
    context = OutputContext("chat", Path())
    return Webhook(Webhook.Options.model_validate({"url": url, **options}), context)


def test_all_that_is_known_is_posted_by_default(receiver):
    receipt = driver(receiver.url).deliver(ANNOUNCEMENT)
    (body,) = receiver.bodies
    said = json.loads(body)
    assert said["title"] == 'Sales, "weekly"'
    assert said["text"] == "Week 6, 2024: Sold 1,204 €, up 4.1 %"
    assert said["edition"] == {"version": 1, "views": []}
    assert said["is_revision"] is False
    (headers,) = receiver.got
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    assert headers[DELIVERY] == "sales/2024-W06/1"
    assert SIGNATURE not in headers
    assert receipt.target == receiver.url.removesuffix("/hook/t0ken")
    assert receipt.digest == hashlib.sha256(body).hexdigest()
    assert receipt.details == {"status": 200, "bytes": len(body)}


def test_a_body_of_ones_own_is_filled_in_wherever_it_is_text(receiver):
    body = {
        "text": "{{ title }}: {{ text }} {{ url }}",
        "blocks": [{"n": 3, "t": "{% if is_revision %}Revised{% else %}New{% endif %}"}],
    }
    driver(receiver.url, body=body).deliver(ANNOUNCEMENT)
    assert json.loads(receiver.bodies[0]) == {
        "text": 'Sales, "weekly": Week 6, 2024: Sold 1,204 €, up 4.1 % '
        "https://kpi.example.org/sales/2024-W06/",
        "blocks": [{"n": 3, "t": "New"}],
    }


def test_a_body_that_asks_for_what_is_not_there_is_an_error_and_nothing_is_posted(receiver):
    with pytest.raises(OutputError) as caught:
        driver(receiver.url, body={"text": "{{ titel }}"}).deliver(ANNOUNCEMENT)
    assert "'titel' is undefined" in str(caught.value)
    assert "It knows key, title, period" in str(caught.value)
    assert receiver.bodies == []


def test_a_body_reaches_nothing_of_python(receiver):
    with pytest.raises(OutputError, match="unsafe"):
        driver(receiver.url, body={"a": "{{ title.__class__.__mro__ }}"}).deliver(ANNOUNCEMENT)


def test_the_body_is_signed_and_own_headers_are_sent(receiver):
    driver(receiver.url, secret="key", headers={"Authorization": "Bearer x"}).deliver(ANNOUNCEMENT)
    (headers,) = receiver.got
    digest = hmac.new(b"key", receiver.bodies[0], hashlib.sha256).hexdigest()
    assert headers[SIGNATURE] == f"sha256={digest}"
    assert headers["Authorization"] == "Bearer x"


def test_the_address_of_a_webhook_is_a_secret(receiver):
    assert "t0ken" not in driver(receiver.url).target
    receiver.answers = [404]
    with pytest.raises(OutputError) as caught:
        driver(receiver.url).deliver(ANNOUNCEMENT)
    assert "t0ken" not in str(caught.value)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_receiver_that_is_busy_is_asked_again(receiver, status):
    receiver.answers = [status, status]
    driver(receiver.url).deliver(ANNOUNCEMENT)
    assert len(receiver.bodies) == 3
    assert len(set(receiver.bodies)) == 1


def test_a_receiver_that_stays_busy_is_given_up(receiver):
    receiver.answers = [503] * 9
    with pytest.raises(OutputError) as caught:
        driver(receiver.url, attempts=3).deliver(ANNOUNCEMENT)
    assert "answered 503, asked 3 times" in str(caught.value)
    assert not isinstance(caught.value, UnclearDeliveryError)
    assert len(receiver.bodies) == 3


def test_what_the_receiver_asks_to_wait_is_waited(receiver, monkeypatch):
    waited = []
    monkeypatch.setattr("tenacity.nap.time.sleep", waited.append)
    receiver.answers = [429, 503]
    receiver.headers = {"Retry-After": "7"}
    driver(receiver.url).deliver(ANNOUNCEMENT)
    assert waited == [7.0, 7.0]


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 410])
def test_a_refusal_is_told_with_what_was_said_and_not_repeated(receiver, status):
    receiver.answers = [status]
    with pytest.raises(OutputError) as caught:
        driver(receiver.url).deliver(ANNOUNCEMENT)
    assert f"answered {status}" in str(caught.value)
    if status >= 400:
        assert "no such channel" in str(caught.value)
    assert len(receiver.bodies) == 1


def test_nobody_listens(receiver):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/"
    with pytest.raises(OutputError) as caught:
        driver(url, attempts=2).deliver(ANNOUNCEMENT)
    assert "cannot be reached, asked 2 times" in str(caught.value)
    assert not isinstance(caught.value, UnclearDeliveryError)


@pytest.mark.parametrize(
    ("answer", "message"),
    [("reset", "broke the connection"), ("silent", "did not answer within 0.3 s")],
)
def test_a_connection_that_breaks_after_the_post_is_unclear_and_not_repeated(
    receiver, answer, message
):
    receiver.answers = [answer]
    with pytest.raises(UnclearDeliveryError, match=message):
        driver(receiver.url, timeout=0.3).deliver(ANNOUNCEMENT)
    assert len(receiver.bodies) == 1


def test_a_plan_says_the_size_and_the_beginning(receiver):
    (line,) = driver(receiver.url).plan(ANNOUNCEMENT)
    assert line.startswith("post ")
    assert '"key": "sales/2024-W06"' in line
    assert line.endswith("…")
    assert receiver.bodies == []


@pytest.mark.parametrize("url", ["ftp://example.org/", "example.org", "https://"])
def test_an_address_that_is_none_is_refused(url):
    with pytest.raises(ValueError, match="must begin with https"):
        driver(url)


def test_a_revision_says_that_it_is_one(receiver):
    from dataclasses import replace

    before = Receipt(target="", digest="0")
    driver(receiver.url).deliver(replace(ANNOUNCEMENT, revision=2, before=before))
    assert json.loads(receiver.bodies[0])["is_revision"] is True
    assert receiver.got[0][DELIVERY] == "sales/2024-W06/2"
