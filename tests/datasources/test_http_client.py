"""The client of datasources over HTTP against a real server: what is tried again, what is told."""

from __future__ import annotations

import gzip
import ssl
import traceback
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import pytest
import trustme
from answering import Asked, Reply, answering, refusing

from kpisite.datasources import _http
from kpisite.datasources._http import Client, RefusedError
from kpisite.errors import DatasourceError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests
    from answering import Answering

SECRET = "s3cr3t-w0rd"
made: list[Client] = []


@pytest.fixture(autouse=True)
def _close(pauses: list[float]) -> Iterator[None]:
    yield
    while made:
        made.pop().close()


def client(url: str, **options: Any) -> Client:
    made.append(Client(url, **options))
    made[-1].begin()
    return made[-1]


def failure(asking: Client, path: str = "/a", **arguments: Any) -> DatasourceError:
    """Return the error of a request; nothing of it, nor of what it comes from, has the secret."""
    with pytest.raises(DatasourceError) as caught:
        asking.get(path, **arguments)
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    return caught.value


def test_an_answer_is_read_to_its_end(server: Answering):
    server.routes["/a"] = {"b": [1, "ü"]}
    answer = client(server.url).get("/a", {"q": "x y&z", "many": ["1", "2"]})
    assert answer.json() == {"b": [1, "ü"]}
    assert (answer.status, answer.kind) == (200, "application/json")
    assert answer.place == f"{server.url}/a"
    assert server.asked[0].params == {"q": ["x y&z"], "many": ["1", "2"]}
    assert server.asked[0].headers["User-Agent"] == "kpisite"


def test_one_connection_serves_many_queries(server: Answering):
    server.otherwise = "x" * 100_000
    asking = client(server.url)
    for path in ("/a", "/b", "/c"):
        asking.begin()
        assert len(asking.get(path).body) == 100_000
    assert {asked.connection for asked in server.asked} == {0}


def test_a_connection_that_the_service_has_closed_is_made_anew(server: Answering):
    server.otherwise = "x"
    asking = client(server.url)
    asking.get("/a")
    server.drop()
    assert asking.get("/b").text == "x"


def test_a_question_with_a_body_is_asked_again_too(server: Answering, pauses: list[float]):
    server.routes["/a"] = [Reply(status=503), Reply({"c": 1})]
    assert client(server.url).post("/a", {"b": 1}).json() == {"c": 1}
    assert [asked.json() for asked in server.asked] == [{"b": 1}, {"b": 1}]
    assert len(pauses) == 1


@pytest.mark.parametrize(
    ("options", "header", "value"),
    [
        ({"bearer": SECRET}, "Authorization", f"Bearer {SECRET}"),
        ({"basic": ("mé", SECRET)}, "Authorization", "Basic bcOpOnMzY3IzdC13MHJk"),
        ({"headers": {"X-Key": SECRET}}, "X-Key", SECRET),
    ],
)
def test_who_asks_is_told_to_the_service_and_to_no_other(
    server: Answering, options: dict[str, Any], header: str, value: str
):
    server.routes["/a"] = Reply(status=302, headers={"Location": "/b"})
    with answering() as other:
        server.routes["/b"] = Reply(status=307, headers={"Location": f"{other.url}/c"})
        other.routes["/c"] = "x"
        asking = client(server.url, **options)
        answer = asking.get("/a", {"q": "1"})
        asking.get(f"{other.url}/c")
        assert [asked.headers[header] for asked in server.asked] == [value, value]
        assert [asked.headers[header] for asked in other.asked] == [None, None]
    assert (answer.text, answer.place) == ("x", f"{other.url}/c")
    assert [asked.params for asked in server.asked] == [{"q": ["1"]}, {}]


def test_passwords_of_a_netrc_file_are_not_taken(
    server: Answering, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
):
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine 127.0.0.1 login me password {SECRET}\n")
    monkeypatch.setenv("NETRC", str(netrc))
    server.routes["/a"] = "x"
    client(server.url, bearer="mine").get("/a")
    client(server.url).get("/a")
    assert [asked.headers["Authorization"] for asked in server.asked] == ["Bearer mine", None]


def test_redirects_without_end_and_of_a_question_with_a_body_are_errors(server: Answering):
    server.routes["/a"] = Reply(status=301, headers={"Location": f"/a?token={SECRET}"})
    assert failure(client(server.url)).message == f"{server.url}/a redirects again and again"
    assert len(server.asked) == 6
    with pytest.raises(DatasourceError, match=r"/a redirects to http://.*/a\n") as caught:
        client(server.url).post("/a", {})
    assert caught.value.hint == "Check the address; is a proxy in between?"


def test_a_redirect_to_what_is_no_address_is_an_error(server: Answering):
    server.routes["/a"] = Reply(status=302, headers={"Location": f"http://[{SECRET}"})
    error = failure(client(server.url, bearer=SECRET))
    assert error.message == f"{server.url}/a redirects to what is no address"


def test_a_page_without_a_title_is_told_without_its_markup(server: Answering):
    page = "<html><style>h1 {}</style><h1>Out of <b>order</b></h1>\n<p>Back at 9 &amp; later</html>"
    server.routes["/a"] = Reply(page, 403, {"Content-Type": "text/html"})
    error = failure(client(server.url))
    assert error.message == f"{server.url}/a answered 403: Out of order Back at 9 & later"


@pytest.mark.parametrize(
    "first",
    [
        Reply(status=429),
        Reply(status=500),
        Reply(status=502),
        Reply(status=503),
        Reply(status=504),
        Reply(fault="reset"),
        Reply("x" * 100, fault="cut"),
        Reply("x" * 100, fault="cut chunk"),
    ],
    ids=lambda reply: reply.fault or str(reply.status),
)
def test_what_may_pass_is_tried_again_with_growing_pauses(
    server: Answering, pauses: list[float], first: Reply
):
    server.routes["/a"] = [first, first, first, Reply("whole")]
    assert client(server.url).get("/a").text == "whole"
    assert len(pauses) == 3
    assert all(0 <= made <= 0.5 * 2**place for place, made in enumerate(pauses))


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (Reply({"message": "Busy,  come\nback"}, 503), "answered 503: Busy, come back"),
        (Reply(fault="reset"), "broke the connection before the whole answer came"),
        (Reply("x" * 100, fault="cut"), "broke the connection before the whole answer came"),
        (Reply("x" * 100, fault="cut chunk"), "broke the connection before the whole answer came"),
    ],
)
def test_what_does_not_pass_is_an_error_after_four_tries(
    server: Answering, reply: Reply, message: str
):
    server.routes["/a"] = reply
    error = failure(client(server.url, bearer=SECRET), params={"token": SECRET})
    assert error.message == f"{server.url}/a {message}, asked 4 times"
    assert error.hint == "The next run tries again."
    assert len(server.asked) == 4


def test_a_service_that_is_not_there_is_an_error_after_four_tries(pauses: list[float]):
    url = refusing()
    error = failure(client(f"{url.replace('//', f'//me:{SECRET}@')}/x/", basic=("me", SECRET)))
    assert error.message == f"{url}/x/a refuses the connection, asked 4 times"
    assert error.hint == "Check the address, and whether the service runs."
    assert len(pauses) == 3


def test_a_host_that_does_not_exist_is_named():
    error = failure(client("http://no-such-host.invalid"))
    assert error.message.startswith("http://no-such-host.invalid/a is an unknown host")


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        (400, ""),
        (401, "Check user, password or token."),
        (403, "Check what user or token may do."),
        (404, "Check the address."),
        (410, ""),
        (422, ""),
    ],
)
def test_what_will_not_pass_is_told_at_once(
    server: Answering, pauses: list[float], status: int, hint: str
):
    server.routes["/a"] = Reply({"errors": [{"detail": f"no, {SECRET} is wrong"}]}, status)
    error = failure(client(server.url, bearer=SECRET), params={"token": SECRET})
    assert error.message == f"{server.url}/a answered {status}: no, *** is wrong"
    assert error.hint == hint
    assert isinstance(error, RefusedError)
    assert error.answer.status == status
    assert (len(server.asked), pauses) == (1, [])


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (429, {"Retry-After": "7"}),
        (403, {"Retry-After": "7"}),
        (503, {"Retry-After": formatdate(1_700_000_007, usegmt=True)}),
        (429, {"x-rate-limit-reset": "1700000007"}),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1700000007"}),
    ],
)
def test_a_service_is_given_the_time_that_it_asks_for_by_its_own_clock(
    server: Answering,
    pauses: list[float],
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    headers: dict[str, str],
):
    handler = server._server.RequestHandlerClass
    date = formatdate(1_700_000_000, usegmt=True)
    monkeypatch.setattr(handler, "date_time_string", lambda self: date)
    server.routes["/a"] = [Reply(status=status, headers=headers), Reply("x")]
    assert client(server.url).get("/a").text == "x"
    (made,) = pauses
    assert 7 <= made <= 7 + _http.FIRST_PAUSE


def test_a_pause_longer_than_what_is_left_is_an_error_at_once(
    server: Answering, pauses: list[float]
):
    server.routes["/a"] = Reply("slow down", 429, {"Retry-After": "3600"})
    error = failure(client(server.url))
    assert error.message == f"{server.url}/a answered 429: slow down"
    assert error.hint == (
        "It asks to wait 3,600 s, which is more than is left of the 300 s that a query may take."
    )
    assert (len(server.asked), pauses) == (1, [])


def test_a_403_that_asks_for_nothing_is_not_tried_again(server: Answering):
    headers = {"x-ratelimit-remaining": "17", "x-ratelimit-reset": "1700000007"}
    server.routes["/a"] = Reply(status=403, headers=headers)
    failure(client(server.url))
    assert len(server.asked) == 1


def test_a_service_that_says_nothing_is_waited_for_as_long_as_allowed(
    server: Answering, pauses: list[float]
):
    server.routes["/a"] = Reply(fault="hang")
    error = failure(client(server.url, read=0.2))
    assert error.message == f"{server.url}/a did not answer within 0.2 s"
    assert pauses == []


def test_a_query_ends_in_time_however_slowly_the_answer_comes(server: Answering):
    server.routes["/a"] = Reply("x" * 10_000, fault="trickle")
    error = failure(client(server.url, timeout=0.5))
    assert error.message == f"{server.url}/a had not answered all of the query after 0.5 s"
    server.routes["/a"] = Reply("x" * 10_000)
    assert failure(made[-1]).message.endswith("after 0.5 s")
    made[-1].begin()
    assert len(made[-1].get("/a").body) == 10_000


@pytest.mark.parametrize("fault", ["", "cut chunk", "trickle"])
def test_an_answer_that_is_too_large_is_not_read(
    server: Answering, pauses: list[float], fault: Any
):
    server.routes["/a"] = Reply("x" * 50_000, fault=fault)
    error = failure(client(server.url, max_bytes=20_000, timeout=10))
    assert error.message == f"{server.url}/a answered more than 0.02 MB"
    assert error.hint == "Ask for less, or raise max_mb."
    assert pauses == []


def test_the_size_of_a_packed_answer_is_that_of_what_is_in_it(server: Answering):
    packed = gzip.compress(b"x" * 5_000_000)
    server.routes["/a"] = Reply(packed, headers={"Content-Encoding": "gzip"})
    assert len(client(server.url).get("/a").body) == 5_000_000
    assert len(packed) < 10_000
    error = failure(client(server.url, max_bytes=1_000_000))
    assert error.message == f"{server.url}/a answered more than 1 MB"


def test_what_cannot_be_unpacked_is_an_error(server: Answering):
    server.routes["/a"] = Reply(b"not gzip at all", headers={"Content-Encoding": "gzip"})
    assert failure(client(server.url)).message.endswith("answered what cannot be unpacked")
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("", "nothing (status 200)"),
        ('{"a": 1', '“{"a": 1”'),
        ("<!doctype html><title>Sign\n in &amp; go</title>", "a page, “Sign in & go”,"),
        ("<rows><row/></rows>", "a page"),
        ("[" * 100_000, f"“{'[' * 80}”"),
        (b"PAR1\xff\x00", "“PAR1�\x00”"),
    ],
)
def test_what_is_no_json_is_told(server: Answering, body: Any, told: str):
    server.routes["/a"] = Reply(body)
    answer = client(server.url).get("/a")
    with pytest.raises(DatasourceError) as caught:
        answer.json()
    assert caught.value.message == f"{server.url}/a answered {told} where JSON is expected"


def test_what_has_not_changed_is_an_answer(server: Answering):
    def route(asked: Asked) -> Reply:
        return Reply(status=304 if asked.headers["If-None-Match"] == '"1"' else 200)

    server.routes["/a"] = route
    assert client(server.url).get("/a", headers={"If-None-Match": '"1"'}).status == 304
    assert client(server.url).get("/a").status == 200


def test_text_is_read_in_the_charset_that_the_answer_names(server: Answering):
    server.routes["/a"] = Reply(
        "ü".encode("latin-1"), headers={"Content-Type": "text/csv; charset=latin-1"}
    )
    server.routes["/b"] = Reply("\ufeffü".encode())
    server.routes["/c"] = Reply(
        "ü".encode(), headers={"Content-Type": "text/csv; charset=nonsense"}
    )
    asking = client(server.url)
    assert [asking.get(path).text for path in ("/a", "/b", "/c")] == ["ü", "ü", "ü"]


def test_a_certificate_that_is_not_trusted_is_told_and_one_that_is_named_is(
    tmp_path: Any, pauses: list[float], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with answering(context) as server:
        server.routes["/a"] = "x"
        error = failure(client(server.url, bearer=SECRET))
        assert error.message.startswith(f"{server.url}/a cannot be trusted, TLS fails: ")
        assert pauses == []
        path = tmp_path / "ca.pem"
        authority.cert_pem.write_to_path(str(path))
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(path))
        assert client(server.url, bearer=SECRET).get("/a").text == "x"


def test_an_address_that_is_none_is_told():
    for url in ("nonsense", "http://", "ftp://x.example/y"):
        assert "cannot be asked" in failure(client(url)).message


@pytest.mark.parametrize("value", [f"{SECRET}€", f"{SECRET}\nX: y"])
def test_a_header_that_cannot_be_sent_is_told_without_its_value(server: Answering, value: str):
    error = failure(client(server.url, headers={"X-Key": value}))
    assert error.message.startswith(f"{server.url}/a cannot be asked: ")
    assert error.hint == "Check the address and the headers."
    assert server.asked == []


def test_nothing_connects_before_the_first_query_and_closing_may_come_twice():
    asking = Client(refusing())
    asking.close()
    asking.close()


def test_each_try_is_signed_anew_and_nothing_of_it_goes_to_another_service(server: Answering):
    signed: list[str] = []

    def sign(request: requests.PreparedRequest) -> requests.PreparedRequest:
        signed.append(request.url or "")
        request.headers["Authorization"] = f"Signed {len(signed)}"
        return request

    with answering() as other:
        other.routes["/b"] = "there"
        server.routes["/a"] = [
            Reply(status=503),
            Reply(status=302, headers={"Location": f"{other.url}/b"}),
        ]
        assert client(server.url, sign=sign).get("/a", {"q": "x"}).text == "there"
        assert [asked.headers["Authorization"] for asked in server.asked] == [
            "Signed 1",
            "Signed 2",
        ]
        assert "Authorization" not in other.asked[0].headers
    assert signed == [f"{server.url}/a?q=x"] * 2


def test_a_form_is_posted_where_a_service_wants_one(server: Answering):
    server.routes["/token"] = {"ok": True}
    client(server.url).post("/token", form={"grant": "a b&c"})
    assert server.asked[0].body == b"grant=a+b%26c"
    assert server.asked[0].headers["Content-Type"] == "application/x-www-form-urlencoded"
