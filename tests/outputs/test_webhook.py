"""Webhooks against a real HTTP server: what is posted, what is asked again, what is unclear."""

from __future__ import annotations

import hashlib
import hmac
import ssl
import traceback
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import pytest
import trustme
from cutting_proxy import refusing_port
from failure_notice import NOTICE
from posting_server import Answer, PostingServer

from kpisite.errors import OutputError, UnclearDeliveryError
from kpisite.outputs import _posting
from kpisite.outputs.webhook import DELIVERY, SIGNATURE, Webhook
from kpisite.plugins import Announcement, OutputContext, Receipt
from kpisite.testing import EditionDriverContract

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


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[PostingServer]:
    monkeypatch.setattr(_posting, "_back_off", lambda state: 0.0)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    receiver = PostingServer()
    yield receiver
    receiver.close()


def driver(url: str, **options: object) -> Webhook:
    context = OutputContext("chat", Path())
    return Webhook(Webhook.Options.model_validate({"url": url, **options}), context)


class TestWebhookContract(EditionDriverContract):
    secrets: ClassVar = ("t0ken", "s1gning-key", "h3ader")

    @pytest.fixture(autouse=True)
    def _receiver(self, receiver: PostingServer) -> None:
        self.receiver = receiver

    def make(self, folder: Path) -> Webhook:
        return self._driver(f"{self.receiver.url}/hook/t0ken")

    def make_unreachable(self, folder: Path) -> Webhook:
        return self._driver(f"http://127.0.0.1:{refusing_port()}/hook/t0ken")

    def make_owned(self, folder: Path) -> Webhook:
        url = f"{self.receiver.url}/hook/t0ken"
        return self._driver(url, notify_on_error=url)

    def sent(self) -> int:
        return len(self.receiver.posts)

    def _driver(self, url: str, **options: object) -> Webhook:
        headers = {"Authorization": "Bearer h3ader"}
        return driver(url, secret="s1gning-key", headers=headers, **options)


def test_all_that_is_known_is_posted_by_default(receiver):
    receipt = driver(f"{receiver.url}/hook/t0ken").deliver(ANNOUNCEMENT)
    (post,) = receiver.posts
    said = post.json
    assert said["title"] == 'Sales, "weekly"'
    assert said["text"] == "Week 6, 2024: Sold 1,204 €, up 4.1 %"
    assert said["edition"] == {"version": 1, "views": []}
    assert said["is_revision"] is False
    headers = post.headers
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    assert headers[DELIVERY] == "sales/2024-W06/1"
    assert SIGNATURE not in headers
    assert receipt.target == receiver.url
    assert receipt.digest == hashlib.sha256(post.body).hexdigest()
    assert receipt.details == {"status": 200, "bytes": len(post.body)}


def test_a_body_of_ones_own_is_filled_in_wherever_it_is_text(receiver):
    body = {
        "text": "{{ title }}: {{ text }} {{ url }}",
        "blocks": [{"n": 3, "t": "{% if is_revision %}Revised{% else %}New{% endif %}"}],
    }
    driver(f"{receiver.url}/hook/t0ken", body=body).deliver(ANNOUNCEMENT)
    assert receiver.posts[0].json == {
        "text": 'Sales, "weekly": Week 6, 2024: Sold 1,204 €, up 4.1 % '
        "https://kpi.example.org/sales/2024-W06/",
        "blocks": [{"n": 3, "t": "New"}],
    }


def test_a_body_that_asks_for_what_is_not_there_is_an_error_and_nothing_is_posted(receiver):
    with pytest.raises(OutputError) as caught:
        driver(f"{receiver.url}/hook/t0ken", body={"text": "{{ titel }}"}).deliver(ANNOUNCEMENT)
    assert "'titel' is undefined" in str(caught.value)
    assert "It knows key, title, period" in str(caught.value)
    assert receiver.posts == []


@pytest.mark.parametrize("text", ["{{ 1 / 0 }}", "{{ title + 1 }}", "{{ title.format(*[]).x() }}"])
def test_a_body_that_cannot_be_worked_out_is_an_error_and_nothing_is_posted(receiver, text):
    with pytest.raises(OutputError, match="'body' cannot be filled in: "):
        driver(f"{receiver.url}/hook/t0ken", body={"text": text}).deliver(ANNOUNCEMENT)
    assert receiver.posts == []


def test_a_body_reaches_nothing_of_python(receiver):
    with pytest.raises(OutputError, match="unsafe"):
        driver(f"{receiver.url}/hook/t0ken", body={"a": "{{ title.__class__.__mro__ }}"}).deliver(
            ANNOUNCEMENT
        )


def test_the_body_is_signed_and_own_headers_are_sent(receiver):
    driver(
        f"{receiver.url}/hook/t0ken", secret="key", headers={"Authorization": "Bearer x"}
    ).deliver(ANNOUNCEMENT)
    (post,) = receiver.posts
    headers = post.headers
    digest = hmac.new(b"key", post.body, hashlib.sha256).hexdigest()
    assert headers[SIGNATURE] == f"sha256={digest}"
    assert headers["Authorization"] == "Bearer x"


def test_the_address_of_a_webhook_is_a_secret(receiver):
    receiver.answers = [Answer(404)]
    with pytest.raises(OutputError) as caught:
        driver(f"{receiver.url}/hook/t0ken").deliver(ANNOUNCEMENT)
    assert "t0ken" not in str(caught.value)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_receiver_that_is_busy_is_asked_again(receiver, status):
    receiver.answers = [Answer(status)] * 2
    driver(f"{receiver.url}/hook/t0ken").deliver(ANNOUNCEMENT)
    assert len(receiver.posts) == 3
    assert len({post.body for post in receiver.posts}) == 1


@pytest.mark.parametrize("status", [502, 504])
def test_where_a_server_in_between_got_no_answer_that_is_unclear_and_not_repeated(receiver, status):
    receiver.answers = [Answer(status)]
    with pytest.raises(UnclearDeliveryError, match=f"answered {status}"):
        driver(f"{receiver.url}/hook/t0ken").deliver(ANNOUNCEMENT)
    assert len(receiver.posts) == 1


def test_a_receiver_that_stays_busy_is_given_up(receiver):
    receiver.answers = [Answer(503)] * 9
    with pytest.raises(OutputError) as caught:
        driver(f"{receiver.url}/hook/t0ken", attempts=3).deliver(ANNOUNCEMENT)
    assert "answered 503, asked 3 times" in str(caught.value)
    assert not isinstance(caught.value, UnclearDeliveryError)
    assert len(receiver.posts) == 3


def test_what_the_receiver_asks_to_wait_is_waited(receiver, monkeypatch):
    waited = []
    monkeypatch.setattr("tenacity.nap.time.sleep", waited.append)
    wait = (("Retry-After", "7"),)
    receiver.answers = [Answer(429, headers=wait), Answer(503, headers=wait)]
    driver(f"{receiver.url}/hook/t0ken").deliver(ANNOUNCEMENT)
    assert waited == [7.0, 7.0]


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 410])
def test_a_refusal_is_told_with_what_was_said_and_not_repeated(receiver, status):
    receiver.answers = [Answer(status, "no such\nchannel")]
    with pytest.raises(OutputError) as caught:
        driver(f"{receiver.url}/hook/t0ken").deliver(ANNOUNCEMENT)
    assert f"answered {status}" in str(caught.value)
    if status >= 400:
        assert "no such channel" in str(caught.value)
    assert len(receiver.posts) == 1


@pytest.mark.parametrize("status", [302, 307, 308])
def test_what_is_posted_goes_nowhere_else_than_to_the_address(receiver, status):
    elsewhere = PostingServer()
    try:
        receiver.answers = [Answer(status, headers=(("Location", elsewhere.url),))]
        with pytest.raises(OutputError, match=f"answered {status}"):
            driver(f"{receiver.url}/hook/t0ken").deliver(ANNOUNCEMENT)
        assert (len(receiver.posts), elsewhere.posts) == (1, [])
    finally:
        elsewhere.close()


def test_a_certificate_that_nobody_trusts_is_an_error_at_once_and_one_that_is_named_is_taken(
    receiver, tmp_path, monkeypatch
):
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    secure = PostingServer(tls=context)
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
    try:
        with pytest.raises(OutputError, match="certificate that this machine does not trust") as no:
            driver(f"{secure.url}/hook/t0ken").deliver(ANNOUNCEMENT)
        assert not isinstance(no.value, UnclearDeliveryError)
        assert (secure.posts, "t0ken" in str(no.value)) == ([], False)
        assert "REQUESTS_CA_BUNDLE" in no.value.hint
        path = tmp_path / "ca.pem"
        authority.cert_pem.write_to_path(str(path))
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(path))
        driver(f"{secure.url}/hook/t0ken").deliver(ANNOUNCEMENT)
        assert len(secure.posts) == 1
    finally:
        secure.close()


def test_nobody_listens(receiver):
    with pytest.raises(OutputError, match="cannot be reached: Connection refused, asked 2 times"):
        driver(f"http://127.0.0.1:{refusing_port()}/", attempts=2).deliver(ANNOUNCEMENT)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_does_not_let_through_is_told_and_nothing_is_unclear(
    receiver, monkeypatch, scheme
):
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv(f"{scheme}_proxy", f"http://127.0.0.1:{refusing_port()}")
    with pytest.raises(
        OutputError, match="cannot be reached through the proxy that HTTP"
    ) as caught:
        driver(f"{scheme}://chat.example.org/hook/t0ken", attempts=2).deliver(ANNOUNCEMENT)
    assert not isinstance(caught.value, UnclearDeliveryError)
    assert "t0ken" not in str(caught.value)


def test_a_receiver_that_speaks_no_tls_is_told(receiver):
    url = receiver.url.replace("http:", "https:")
    with pytest.raises(OutputError, match="cannot be spoken to over TLS: ") as caught:
        driver(f"{url}/hook/t0ken").deliver(ANNOUNCEMENT)
    assert not isinstance(caught.value, UnclearDeliveryError)
    assert "t0ken" not in str(caught.value)


def test_a_receiver_that_speaks_another_tls_is_told_and_nothing_is_unclear(receiver):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1", key_type=trustme.KeyType.ECDSA).configure_cert(context)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE-RSA-AES128-GCM-SHA256")  # its key is none for RSA
    with closing(PostingServer(tls=context)) as other:
        with pytest.raises(OutputError, match="cannot be spoken to over TLS: ") as caught:
            driver(f"{other.url}/hook/t0ken").deliver(ANNOUNCEMENT)
        assert other.posts == []
    assert not isinstance(caught.value, UnclearDeliveryError)


def test_a_header_that_cannot_be_sent_is_told_and_not_said(receiver):
    with pytest.raises(OutputError, match="cannot be asked") as caught:
        driver(f"{receiver.url}/", headers={"Authorization": "geh€im"}).deliver(ANNOUNCEMENT)
    assert not isinstance(caught.value, UnclearDeliveryError)
    assert "€" not in str(caught.value)
    assert receiver.posts == []


@pytest.mark.parametrize(
    ("answer", "message"),
    [("reset", "broke the connection"), ("silent", "did not answer within 0.3 s")],
)
def test_a_connection_that_breaks_after_the_post_is_unclear_and_not_repeated(
    receiver, answer, message
):
    receiver.answers = [answer]
    with pytest.raises(UnclearDeliveryError, match=message) as caught:
        driver(f"{receiver.url}/hook/t0ken", timeout=0.3).deliver(ANNOUNCEMENT)
    assert "t0ken" not in "".join(traceback.format_exception(caught.value, limit=0))
    assert len(receiver.posts) == 1


def test_a_plan_says_the_size_and_the_beginning(receiver):
    (line,) = driver(f"{receiver.url}/hook/t0ken").plan(ANNOUNCEMENT)
    assert line.startswith("post ")
    assert '"key": "sales/2024-W06"' in line
    assert line.endswith("…")
    assert receiver.posts == []


@pytest.mark.parametrize("url", ["ftp://example.org/", "example.org", "https://"])
def test_an_address_that_is_none_is_refused(url):
    with pytest.raises(ValueError, match="must begin with https"):
        driver(url)


def test_a_revision_says_that_it_is_one(receiver):
    from dataclasses import replace

    before = Receipt(target="", digest="0")
    driver(f"{receiver.url}/hook/t0ken").deliver(replace(ANNOUNCEMENT, revision=2, before=before))
    assert receiver.posts[0].json["is_revision"] is True
    assert receiver.posts[0].headers[DELIVERY] == "sales/2024-W06/2"


def test_owners_get_the_body_with_what_failed(receiver):
    owned = driver(
        "https://chat.example.org/t0ken",
        notify_on_error=f"{receiver.url}/owners",
        body={"text": "{% if failed %}:warning: {% endif %}{{ title }}: {{ text }}"},
        secret="key",
    )
    receipt = owned.notify(NOTICE)
    [post] = receiver.posts
    assert post.path == "/owners"
    assert post.json == {"text": f":warning: {NOTICE.subject}: {NOTICE.text}"}
    assert post.headers[DELIVERY] == f"sales/2024-W06/1/failed/{'a' * 16}"
    assert SIGNATURE in post.headers
    assert receipt.target == owned.owners == receiver.url
    driver(receiver.url, notify_on_error=receiver.url).notify(NOTICE)
    assert receiver.posts[1].json["failed"] == [
        {"id": "rows", "message": "<no> *such* table _x_", "hint": "Is it there?"}
    ]
    with pytest.raises(ValueError, match="must begin with https"):
        driver(receiver.url, notify_on_error="ops@example.org")
