"""Mail through a real SMTP server: what arrives, what is tried again, what is unclear."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import pytest
import trustme
from cutting_proxy import refusing_port
from failure_notice import NOTICE
from mail_server import PASSWORD, MailServer
from mailed_edition import ANNOUNCEMENT, PICTURES, URL, Content

from kpisite.errors import OutputError, UnclearDeliveryError
from kpisite.outputs import _retries
from kpisite.outputs.smtp import SMTP
from kpisite.plugins import OutputContext, Receipt
from kpisite.testing import EditionDriverContract

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_retries, "FIRST_PAUSE", 0.001)


@pytest.fixture
def server() -> Iterator[MailServer]:
    server = MailServer()
    yield server
    server.close()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(authority, tmp_path, monkeypatch) -> ssl.SSLContext:
    """A server's TLS, with a certificate that this process trusts."""
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return certified(authority)


def certified(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


def driver(port: int, **options: object) -> SMTP:
    given = {
        "email_from": "KPI Berichte ä <kpi@example.org>",
        "email_to": ["Sales team <sales@example.org>"],
        "smtp_host": "127.0.0.1",
        "smtp_port": port,
        "tls": "none",
        **options,
    }
    return SMTP(SMTP.Options.model_validate(given), OutputContext("team", Path()))


def logging_in(port: int, **options: object) -> SMTP:
    return driver(
        port, **{"tls": "starttls", "smtp_user": "kpi", "smtp_password": PASSWORD, **options}
    )


class TestSMTPContract(EditionDriverContract):
    secrets: ClassVar = (PASSWORD,)

    @pytest.fixture(autouse=True)
    def _server(self, trusted: ssl.SSLContext) -> Iterator[None]:
        self.server = MailServer(trusted)
        yield
        self.server.close()

    def make(self, folder: Path) -> SMTP:
        return logging_in(self.server.port, attach=["csv", "pdf"])

    def make_unreachable(self, folder: Path) -> SMTP:
        return logging_in(refusing_port())

    def make_owned(self, folder: Path) -> SMTP:
        return logging_in(self.server.port, notify_on_error="ops@example.org")

    def sent(self) -> int:
        return len(self.server.mails)


def test_a_mail_has_text_html_pictures_and_the_headers_that_mail_programs_need(server):
    receipt = driver(server.port).deliver(ANNOUNCEMENT)
    (mail,) = server.mails
    assert mail["From"] == "KPI Berichte ä <kpi@example.org>"
    assert mail["To"] == "Sales team <sales@example.org>"
    assert mail["Subject"] == "Verkäufe, weekly, Week 6, 2024: Sold 1,204 pieces"
    assert mail["Date"].datetime == datetime(2024, 2, 12, 6, tzinfo=UTC)
    assert mail["List-Id"] == "sales <sales.team.example.org>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"] == receipt.details["message_id"]
    assert mail.get_body(("plain",)).get_content().replace("\r\n", "\n") == Content().text
    assert mail.get_body(("html",)).get_content().replace("\r\n", "\n") == Content().html
    pictures = [part for part in mail.walk() if part.get_content_maintype() == "image"]
    assert [part["Content-ID"] for part in pictures] == [f"<{p.name}>" for p in PICTURES]
    assert [part.get_content() for part in pictures] == [p.data for p in PICTURES]
    assert list(mail.iter_attachments()) == pictures or not list(mail.iter_attachments())
    assert receipt.details["recipients"] == 1
    assert server.to == [["sales@example.org"]]


def test_the_same_edition_is_the_same_bytes_and_a_revision_refers_to_what_it_revises(server):
    mailer = driver(server.port)
    first = mailer.deliver(ANNOUNCEMENT)
    assert mailer.deliver(ANNOUNCEMENT) == first
    assert server.raw[0] == server.raw[1]
    mailer.deliver(replace(ANNOUNCEMENT, revision=2, before=first))
    revised = server.mails[2]
    assert revised["Message-ID"] != first.details["message_id"]
    assert revised["In-Reply-To"] == revised["References"] == first.details["message_id"]
    assert revised["Subject"].startswith("Verkäufe, weekly, Week 6, 2024 (revised)")


def test_another_output_and_another_site_have_other_message_ids(server):
    one = driver(server.port)
    other = SMTP(one.options, OutputContext("board", Path()))
    elsewhere = replace(ANNOUNCEMENT, url=URL.replace("kpi.", "test."))
    deliveries = [one.deliver(ANNOUNCEMENT), other.deliver(ANNOUNCEMENT), one.deliver(elsewhere)]
    assert len({receipt.details["message_id"] for receipt in deliveries}) == 3


def test_everybody_gets_it_and_those_of_bcc_are_named_nowhere(server):
    mailer = driver(
        server.port,
        email_to="a@example.org",
        email_cc=["B <b@example.org>", "a@example.org"],
        email_bcc=["secret@example.org"],
        reply_to="Help <help@example.org>",
    )
    receipt = mailer.deliver(ANNOUNCEMENT)
    assert server.to == [["a@example.org", "b@example.org", "secret@example.org"]]
    assert b"secret@" not in server.raw[0]
    assert server.mails[0]["Cc"] == "B <b@example.org>, a@example.org"
    assert server.mails[0]["Reply-To"] == "Help <help@example.org>"
    assert receipt.target == "a@example.org and 2 more through 127.0.0.1"
    hidden = driver(server.port, email_to=[], email_bcc=["secret@example.org"])
    assert hidden.deliver(ANNOUNCEMENT).target == "1 in bcc through 127.0.0.1"
    assert server.to[1] == ["secret@example.org"]
    assert b"secret@" not in server.raw[1]


def test_a_subject_says_that_numbers_are_not_final(server):
    driver(server.port).deliver(replace(ANNOUNCEMENT, status="preliminary"))
    [mail] = server.mails
    assert mail["Subject"] == "Verkäufe, weekly, Week 6, 2024 (preliminary): Sold 1,204 pieces"


def test_a_subject_of_ones_own_is_one_line_and_reaches_nothing_of_python(server):
    driver(server.port, subject="{{ period }}:\n {{ text }}").deliver(ANNOUNCEMENT)
    assert server.mails[0]["Subject"].startswith("Week 6, 2024: Week 6, 2024: Sold")
    with pytest.raises(OutputError, match="'titel' is undefined"):
        driver(server.port, subject="{{ titel }}").deliver(ANNOUNCEMENT)
    with pytest.raises(OutputError, match="unsafe"):
        driver(server.port, subject="{{ title.__class__.__mro__ }}").deliver(ANNOUNCEMENT)
    assert len(server.mails) == 1


def test_files_are_attached_where_they_are_wanted(server):
    driver(server.port, attach=["csv"]).deliver(ANNOUNCEMENT)
    files = [part for part in server.mails[0].walk() if part.get_content_type() == "text/csv"]
    assert [part.get_filename() for part in files] == ["sales-2024-W06-rows.csv"]
    assert files[0].get_content().replace("\r\n", "\n") == "day,amount\n"


@pytest.mark.parametrize(
    ("base", "address"),
    [
        ("", f"{URL}shop/map.png"),
        ("https://img.example.org/", "https://img.example.org/shop-map.png"),
        (
            "https://img.example.org/{id}/{title_slug}/{period}",
            "https://img.example.org/sales/verk-ufe-weekly/2024-W06/shop-map.png",
        ),
    ],
)
def test_pictures_that_the_site_has_may_stay_there(server, base, address):
    driver(server.port, image_strategy="remote", image_remote_base_url=base).deliver(ANNOUNCEMENT)
    html = server.mails[0].get_body(("html",)).get_content()
    assert f'src="{address}"' in html
    assert 'src="cid:rows-chart-1.png"' in html
    pictures = [p for p in server.mails[0].walk() if p.get_content_maintype() == "image"]
    assert [part["Content-ID"] for part in pictures] == ["<rows-chart-1.png>"]


@pytest.mark.filterwarnings("ignore:Requiring AUTH:UserWarning")  # it does not see implicit TLS
@pytest.mark.parametrize("implicit", [False, True])
def test_the_connection_is_encrypted_and_logged_in(trusted, implicit):
    server = MailServer(trusted, implicit=implicit)
    try:
        tls = "implicit" if implicit else "starttls"
        logging_in(server.port, tls=tls).deliver(ANNOUNCEMENT)
    finally:
        server.close()
    assert server.users == [b"kpi"]
    assert len(server.mails) == 1


def test_a_wrong_password_is_told_once_and_never_said(trusted):
    server = MailServer(trusted)
    try:
        with pytest.raises(OutputError) as caught:
            logging_in(server.port, smtp_password="wr0ng").deliver(ANNOUNCEMENT)
    finally:
        server.close()
    assert "does not let 'kpi' in: 535" in str(caught.value)
    assert "wr0ng" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert set(server.asked) == {"AUTH"}
    assert server.mails == []


def test_a_login_that_the_server_cannot_check_just_now_is_tried_again(trusted):
    server = MailServer(trusted)
    server.answers = {"AUTH": ["454 4.7.0 Temporary authentication failure"]}
    try:
        logging_in(server.port).deliver(ANNOUNCEMENT)
    finally:
        server.close()
    assert len(server.mails) == 1


def test_a_certificate_that_nobody_trusts_is_an_error_at_once(authority):
    server = MailServer(certified(authority))
    try:
        with pytest.raises(OutputError, match="certificate that this machine does not trust"):
            logging_in(server.port).deliver(ANNOUNCEMENT)
    finally:
        server.close()
    assert server.asked == []


def test_a_server_without_starttls_gets_nothing_unless_that_is_meant(server):
    with pytest.raises(OutputError, match="offers no STARTTLS"):
        driver(server.port, tls="starttls").deliver(ANNOUNCEMENT)
    assert server.asked == []


def test_a_server_that_speaks_no_tls_is_told(server):
    with pytest.raises(OutputError, match="speaks no TLS on this port"):
        driver(server.port, tls="implicit").deliver(ANNOUNCEMENT)


PASSING = [
    ("MAIL", "421 4.3.2 Shutting down"),
    ("MAIL", "451 4.3.0 Try later"),
    ("RCPT", "450 4.2.0 Greylisted"),
    ("DATA", "451 4.3.0 Try later"),
    ("DATA", "452 4.3.1 Insufficient system storage"),
    ("RCPT", "reset"),
]


@pytest.mark.parametrize(("command", "answer"), PASSING)
def test_what_may_pass_is_tried_again(server, command, answer):
    server.answers = {command: [answer, answer]}
    driver(server.port).deliver(ANNOUNCEMENT)
    assert len(server.mails) == 1
    assert len([one for one in server.asked if one.startswith(command)]) == 3


@pytest.mark.parametrize(("command", "answer"), PASSING)
def test_what_does_not_pass_is_given_up_and_did_not_arrive(server, command, answer):
    server.answers = {command: [answer] * 9}
    with pytest.raises(OutputError, match="asked 2 times") as caught:
        driver(server.port, attempts=2).deliver(ANNOUNCEMENT)
    assert not isinstance(caught.value, UnclearDeliveryError)
    assert server.mails == []


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("MAIL", "550 5.7.1 Who are you"),
        ("RCPT", "550 5.1.1 No such user"),
        ("DATA", "552 5.2.2 Mailbox full"),
        ("DATA", "554 5.6.0 Spam"),
    ],
)
def test_a_refusal_is_told_as_the_server_says_it_and_not_repeated(server, command, answer):
    server.answers = {command: [answer]}
    with pytest.raises(OutputError) as caught:
        driver(server.port).deliver(ANNOUNCEMENT)
    assert answer in str(caught.value)
    assert not isinstance(caught.value, UnclearDeliveryError)
    assert server.mails == []


def test_one_recipient_is_refused_and_the_others_have_it(server):
    server.answers = {"RCPT gone@example.org": ["550 5.1.1 No such user"]}
    mailer = driver(server.port, email_to=["gone@example.org", "here@example.org"])
    receipt = mailer.deliver(ANNOUNCEMENT)
    assert server.to == [["here@example.org"]]
    assert receipt.details["recipients"] == 1
    assert receipt.refused == "gone@example.org: 550 5.1.1 No such user"


def test_who_is_refused_for_now_is_asked_again_before_the_others_get_it_without(server):
    both = ["busy@example.org", "here@example.org"]
    server.answers = {"RCPT busy@example.org": ["450 Greylisted"]}
    driver(server.port, email_to=both).deliver(ANNOUNCEMENT)
    assert server.to == [both]
    server.answers = {"RCPT busy@example.org": ["450 Greylisted"] * 9}
    receipt = driver(server.port, email_to=both, attempts=2).deliver(ANNOUNCEMENT)
    assert server.to[1:] == [["here@example.org"]]
    assert receipt.refused == "busy@example.org: 450 Greylisted"


@pytest.mark.parametrize("answer", ["reset", "silent"])
def test_a_connection_that_breaks_after_the_mail_is_unclear_and_not_repeated(server, answer):
    server.answers = {"DATA": [answer]}
    with pytest.raises(UnclearDeliveryError, match="did not say whether it took the mail"):
        driver(server.port, timeout=3).deliver(ANNOUNCEMENT)
    assert server.asked.count("DATA") == 1


def test_a_server_that_falls_silent_before_the_mail_did_not_get_it(server):
    server.answers = {"RCPT": ["silent"]}
    driver(server.port, timeout=3).deliver(ANNOUNCEMENT)
    assert len(server.mails) == 1


def test_an_answer_that_is_none_is_unclear_and_not_repeated(server):
    server.answers = {"DATA": ["perhaps"]}
    with pytest.raises(UnclearDeliveryError, match="did not say whether it took the mail"):
        driver(server.port).deliver(ANNOUNCEMENT)
    assert server.asked.count("DATA") == 1


def test_another_yes_than_usual_is_a_yes(server):
    server.answers = {"DATA": ["251 Will forward"]}
    assert driver(server.port).deliver(ANNOUNCEMENT).details["recipients"] == 1


def test_nobody_listens():
    with pytest.raises(OutputError, match="cannot be reached: Connection refused, asked 3 times"):
        driver(refusing_port(), attempts=3).deliver(ANNOUNCEMENT)


@pytest.mark.parametrize("host", ["mail..example.org", f"{'m' * 64}.example.org"])
def test_a_name_that_no_server_can_have_is_told_at_once(host):
    with pytest.raises(OutputError, match="is no name of a server") as caught:
        driver(25, smtp_host=host).deliver(ANNOUNCEMENT)
    assert "asked" not in str(caught.value)


def test_a_password_that_a_login_cannot_carry_is_told_and_not_said(trusted):
    server = MailServer(trusted)
    try:
        with pytest.raises(OutputError, match="beyond ASCII") as caught:
            logging_in(server.port, smtp_password="geh€im").deliver(ANNOUNCEMENT)
    finally:
        server.close()
    assert "€" not in str(caught.value)
    assert (caught.value.__cause__, caught.value.__suppress_context__) == (None, True)
    assert server.mails == []


def test_a_connection_that_breaks_in_the_middle_of_the_mail_is_tried_again():
    calls = []

    def serve(listening: socket.socket) -> None:
        for _ in range(2):
            connection, _ = listening.accept()
            calls.append(1)
            lines = connection.makefile("rb")
            connection.sendall(b"220 here\r\n")
            for line in lines:
                if line.startswith(b"DATA"):
                    connection.sendall(b"354 go on\r\n")
                    break
                connection.sendall(b"250 OK\r\n")
            lines.read(1)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            lines.close()
            connection.close()

    large = replace(ANNOUNCEMENT, content=Content(text="0123456789\n" * 3_000_000))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, args=(listening,), daemon=True)
        thread.start()
        with pytest.raises(OutputError, match="while the mail was sent, asked 2") as caught:
            driver(listening.getsockname()[1], attempts=2).deliver(large)
        thread.join(30)
    assert not isinstance(caught.value, UnclearDeliveryError)
    assert len(calls) == 2


def test_a_plan_says_to_whom_what_goes_and_sends_nothing(server):
    plan = driver(server.port, attach=["csv"], email_bcc=["b@example.org"]).plan(ANNOUNCEMENT)
    assert plan[0].endswith(" B: Verkäufe, weekly, Week 6, 2024: Sold 1,204 pieces")
    assert plan[1] == "to sales@example.org, b@example.org"
    assert plan[2].endswith("of HTML, 2 pictures")
    assert plan[3:] == ["with sales-2024-W06-rows.csv"]
    assert server.asked == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"email_to": []}, "nobody gets it"),
        ({"email_to": ["nobody"]}, "'nobody' is no address"),
        ({"email_to": "a@example.org, b@example.org"}, "is no address"),
        ({"email_to": "a@example.org\nBcc: b@example.org"}, "is no address"),
        ({"email_from": "KPI"}, "'KPI' is no address"),
        ({"smtp_user": "kpi"}, "go together"),
        ({"smtp_user": "kpi", "smtp_password": "x"}, "could read the password"),
        ({"attach": ["doc"]}, "Input should be 'csv' or 'pdf'"),
    ],
)
def test_options_that_cannot_be_meant_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        driver(25, **options)


@pytest.mark.parametrize(
    ("given", "port", "tls"),
    [
        ({}, 587, "starttls"),
        ({"smtp_port": 465}, 465, "implicit"),
        ({"tls": "implicit"}, 465, "implicit"),
        ({"tls": "none"}, 25, "none"),
        ({"smtp_port": 2525}, 2525, "starttls"),
    ],
)
def test_without_a_word_the_connection_is_encrypted(given, port, tls):
    given |= {"email_from": "a@example.org", "email_to": "b@example.org", "smtp_host": "mx"}
    options = SMTP.Options.model_validate(given)
    assert (options.port, options.encryption) == (port, tls)


def test_an_announcement_without_its_pages_is_no_mail(server):
    with pytest.raises(OutputError, match="nothing is known of the pages"):
        driver(server.port).deliver(replace(ANNOUNCEMENT, content=None))
    receipt = Receipt(target="", digest="0")
    driver(server.port).deliver(replace(ANNOUNCEMENT, before=receipt, time=None))
    assert server.mails[0]["Date"] is None
    assert server.mails[0]["In-Reply-To"] is None


def test_owners_get_a_short_mail_and_nobody_else_does(server):
    owned = driver(server.port, notify_on_error=["Ops <ops@example.org>", "b@example.org"])
    receipt = owned.notify(NOTICE)
    assert server.to == [["ops@example.org", "b@example.org"]]
    [mail] = server.mails
    assert mail["Subject"] == "Failed: Verkäufe, Week 6, 2024"
    assert mail["To"] == "Ops <ops@example.org>, b@example.org"
    assert mail["Date"].datetime == NOTICE.time
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content().replace("\r\n", "\n") == NOTICE.text
    assert mail["Message-ID"] == receipt.details["message_id"]
    assert receipt.target == owned.owners == "ops@example.org, b@example.org"
    other = owned.notify(replace(NOTICE, digest="b" * 64))
    assert other.details["message_id"] != receipt.details["message_id"]
