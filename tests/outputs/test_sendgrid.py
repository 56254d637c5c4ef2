"""SendGrid against an HTTP server that answers as its v3 API does, and checks its limits."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from cutting_proxy import refusing_port
from failure_notice import NOTICE
from mailed_edition import ANNOUNCEMENT, PICTURES, URL, Content
from posting_server import Answer
from sendgrid_server import KEY, SendGridServer, refusal

from kpisite.errors import DefinitionError, OutputError, UnclearDeliveryError
from kpisite.outputs import _posting
from kpisite.outputs.sendgrid import SendGrid
from kpisite.pipeline.loading import load_report
from kpisite.plugins import OutputContext
from kpisite.testing import EditionDriverContract

if TYPE_CHECKING:
    from collections.abc import Iterator

REPORT = """\
title: Sales
schedule: weekly
views: {note: {plugin: text, args: {text: Hello}}}
outputs:
  team:
    plugin: sendgrid
    args: {email_from: a@example.org, email_to: b@example.org}
"""


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[SendGridServer]:
    monkeypatch.setattr(_posting, "_back_off", lambda state: 0.0)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    api = SendGridServer()
    yield api
    api.close()


def driver(url: str, **options: Any) -> SendGrid:
    given = {
        "email_from": "KPI Berichte ä <kpi@example.org>",
        "email_to": "Sales team <sales@example.org>",
        "api_key": KEY,
        "api_url": url,
        **options,
    }
    return SendGrid(SendGrid.Options.model_validate(given), OutputContext("team", Path()))


class TestSendGridContract(EditionDriverContract):
    secrets: ClassVar = (KEY,)

    @pytest.fixture(autouse=True)
    def _api(self, api: SendGridServer) -> None:
        self.api = api

    def make(self, folder: Path) -> SendGrid:
        return driver(self.api.url, attach=["csv", "pdf"])

    def make_unreachable(self, folder: Path) -> SendGrid:
        return driver(f"http://127.0.0.1:{refusing_port()}")

    def make_owned(self, folder: Path) -> SendGrid:
        return driver(self.api.url, notify_on_error="ops@example.org")

    def sent(self) -> int:
        return len(self.api.mails)


def test_a_mail_has_text_html_pictures_and_the_headers_that_mail_programs_need(api):
    receipt = driver(api.url, attach="csv").deliver(ANNOUNCEMENT)
    [said] = api.mails
    assert said["from"] == {"email": "kpi@example.org", "name": "KPI Berichte ä"}
    assert said["personalizations"] == [
        {"to": [{"email": "sales@example.org", "name": "Sales team"}]}
    ]
    assert said["subject"] == "Verkäufe, weekly, Week 6, 2024: Sold 1,204 pieces"
    assert [part["value"] for part in said["content"]] == [Content().text, Content().html]
    *pictures, table = said["attachments"]
    assert [file["content_id"] for file in pictures] == [picture.name for picture in PICTURES]
    assert {file["disposition"] for file in pictures} == {"inline"}
    assert [base64.b64decode(f["content"]) for f in pictures] == [p.data for p in PICTURES]
    assert (table["filename"], table["disposition"]) == ("sales-2024-W06-rows.csv", "attachment")
    assert said["headers"]["List-Id"] == "sales <sales.team.example.org>"
    assert said["custom_args"]["kpisite_edition"] == "sales/2024-W06"
    assert receipt.target == "sales@example.org through SendGrid"
    assert receipt.digest == hashlib.sha256(api.posts[0].body).hexdigest()
    assert receipt.details["message_id"] == said["headers"]["Message-ID"]
    assert receipt.details["sendgrid_id"] == "id-1"
    assert receipt.details["recipients"] == 1


def test_the_same_edition_is_the_same_bytes_and_a_revision_refers_to_what_it_revises(api):
    mailer = driver(api.url)
    first = mailer.deliver(ANNOUNCEMENT)
    mailer.deliver(ANNOUNCEMENT)
    assert api.posts[0].body == api.posts[1].body
    mailer.deliver(replace(ANNOUNCEMENT, revision=2, before=first))
    headers = api.mails[2]["headers"]
    assert headers["In-Reply-To"] == headers["References"] == first.details["message_id"]
    assert "(revised)" in api.mails[2]["subject"]


def test_everybody_gets_it_once_and_answers_go_where_they_should(api):
    mailer = driver(
        api.url,
        email_to=["a@example.org", "A@example.org"],
        email_cc=["B <b@example.org>", "a@example.org"],
        email_bcc=["secret@example.org", "b@example.org"],
        reply_to=["Help <help@example.org>", "desk@example.org"],
    )
    receipt = mailer.deliver(ANNOUNCEMENT)
    [said] = api.mails
    assert said["personalizations"] == [
        {
            "to": [{"email": "a@example.org"}],
            "cc": [{"email": "b@example.org", "name": "B"}],
            "bcc": [{"email": "secret@example.org"}],
        }
    ]
    assert [one["email"] for one in said["reply_to_list"]] == [
        "help@example.org",
        "desk@example.org",
    ]
    assert receipt.target == "a@example.org and 2 more through SendGrid"
    assert receipt.details["recipients"] == 3


def test_pictures_that_the_site_has_may_stay_there(api):
    driver(api.url, image_strategy="remote").deliver(ANNOUNCEMENT)
    [said] = api.mails
    assert f'src="{URL}shop/map.png"' in said["content"][1]["value"]
    assert [file["content_id"] for file in said["attachments"]] == ["rows-chart-1.png"]


def test_in_the_sandbox_a_mail_is_checked_and_nobody_gets_it(api):
    mailer = driver(api.url, sandbox=True)
    assert mailer.is_rehearsal
    assert not driver(api.url).is_rehearsal
    receipt = mailer.deliver(ANNOUNCEMENT)
    assert api.mails == []
    assert receipt.target == "sales@example.org through SendGrid, which only checks it"
    assert ", which only checks it: " in mailer.plan(ANNOUNCEMENT)[0]


def test_200_is_no_delivery(api):
    api.answers = [Answer(200, "")]
    with pytest.raises(OutputError, match="checked the mail and did not send it") as caught:
        driver(api.url).deliver(ANNOUNCEMENT)
    assert not isinstance(caught.value, UnclearDeliveryError)


@pytest.mark.parametrize(("status", "sandbox"), [(201, False), (204, False), (202, True)])
def test_an_answer_that_is_not_documented_is_unclear(api, status, sandbox):
    api.answers = [Answer(status, "")]
    with pytest.raises(UnclearDeliveryError, match=f"answered {status}, which says neither"):
        driver(api.url, sandbox=sandbox).deliver(ANNOUNCEMENT)
    assert len(api.posts) == 1


@pytest.mark.parametrize(
    ("options", "status", "message", "hint"),
    [
        ({"api_key": "SG.wrong"}, 401, "authorization grant is invalid", "Check 'api_key'"),
        ({"email_from": "x@example.org"}, 403, "verified Sender Identity", "Mail Send"),
    ],
)
def test_a_refusal_says_what_to_do_and_is_not_repeated(api, options, status, message, hint):
    with pytest.raises(OutputError) as caught:
        driver(api.url, **options).deliver(ANNOUNCEMENT)
    assert f"{api.url} answered {status}: " in str(caught.value)
    assert message in str(caught.value)
    assert hint in str(caught.value)
    assert "SG." not in str(caught.value)
    assert not isinstance(caught.value, UnclearDeliveryError)
    assert len(api.posts) == 1


def test_a_refusal_that_is_no_json_is_told_as_it_is(api):
    api.answers = [Answer(400, "<h1>Bad</h1>")]
    with pytest.raises(OutputError, match="answered 400: <h1>Bad</h1>") as caught:
        driver(api.url).deliver(ANNOUNCEMENT)
    assert "See SendGrid's page" in str(caught.value)


def test_a_mail_that_is_too_large_is_refused_and_the_next_one_may_be_smaller(api):
    api.largest = 1_000
    large = replace(ANNOUNCEMENT, content=Content(text="0123456789\n" * 100))
    with pytest.raises(OutputError, match="413: request entity too large") as caught:
        driver(api.url).deliver(large)
    assert "30 MB" in str(caught.value)
    assert api.mails == []


def test_more_recipients_than_sendgrid_takes_are_told_as_it_says(api):
    many = [f"p{number}@example.org" for number in range(1001)]
    with pytest.raises(OutputError, match="limit of 1000 total recipients"):
        driver(api.url, email_to=many).deliver(ANNOUNCEMENT)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_may_pass_is_tried_again(api, status):
    api.answers = [refusal(status, "too many requests")] * 2
    driver(api.url).deliver(ANNOUNCEMENT)
    assert len(api.mails) == 1
    assert len({post.body for post in api.posts}) == 1


def test_what_does_not_pass_is_given_up_and_did_not_arrive(api):
    api.answers = [refusal(503, "unavailable")] * 9
    with pytest.raises(OutputError, match="answered 503, asked 2 times") as caught:
        driver(api.url, attempts=2).deliver(ANNOUNCEMENT)
    assert not isinstance(caught.value, UnclearDeliveryError)


@pytest.mark.parametrize(
    ("headers", "waits"),
    [
        ({"X-RateLimit-Reset": "1700000007", "Date": formatdate(1700000000, usegmt=True)}, 7.0),
        ({"X-RateLimit-Reset": "1700009999", "Date": formatdate(1700000000, usegmt=True)}, 60.0),
        ({"X-RateLimit-Reset": "1699999999", "Date": formatdate(1700000000, usegmt=True)}, 0.25),
        ({"X-RateLimit-Reset": "soon", "Date": "today"}, 0.25),
        ({}, 0.25),
    ],
)
def test_a_limit_is_waited_for_until_its_reset(api, monkeypatch, headers, waits):
    waited: list[float] = []
    monkeypatch.setattr("tenacity.nap.time.sleep", waited.append)
    monkeypatch.setattr(_posting, "_back_off", lambda state: 0.25)
    api.answers = [Answer(429, "", tuple(headers.items()))]
    driver(api.url).deliver(ANNOUNCEMENT)
    assert waited == [waits]


def test_nobody_listens(api):
    with pytest.raises(OutputError, match="cannot be reached: Connection refused, asked 2"):
        driver(f"http://127.0.0.1:{refusing_port()}", attempts=2).deliver(ANNOUNCEMENT)


@pytest.mark.parametrize("answer", ["reset", "silent"])
def test_a_connection_that_breaks_after_the_mail_is_unclear_and_not_repeated(api, answer):
    api.answers = [answer]
    with pytest.raises(UnclearDeliveryError, match="it may have the edition, or not"):
        driver(api.url, timeout=0.5).deliver(ANNOUNCEMENT)
    assert len(api.posts) == 1


def test_a_plan_says_to_whom_what_goes_and_sends_nothing(api):
    plan = driver(api.url, attach="csv", email_bcc="b@example.org").plan(ANNOUNCEMENT)
    assert plan[0].endswith(" B: Verkäufe, weekly, Week 6, 2024: Sold 1,204 pieces")
    assert plan[1] == "to sales@example.org, b@example.org"
    assert plan[2].endswith("of HTML, 2 pictures")
    assert plan[3:] == ["with sales-2024-W06-rows.csv"]
    assert api.posts == []


def test_the_key_and_the_sandbox_may_come_from_the_environment(tmp_path):
    file = tmp_path / "report.yml"
    file.write_text(REPORT)
    given = {"SENDGRID_API_KEY": KEY, "SENDGRID_SANDBOX_ENABLED": "1"}
    report = load_report("sales", [file], given)
    options = report.outputs["team"].options
    assert isinstance(options, SendGrid.Options)
    assert (options.api_key.get_secret_value(), options.sandbox) == (KEY, True)
    assert KEY in report.secrets
    with pytest.raises(DefinitionError) as caught:
        load_report("sales", [file], {"SENDGRID_API_KEY": ""})
    assert "report.yml:7: outputs.team.args.api_key: 'api_key' is missing" in str(caught.value)
    assert "Or set the environment variable SENDGRID_API_KEY." in str(caught.value)


def test_somebody_must_be_in_to(api):
    with pytest.raises(ValueError, match="without somebody in 'email_to'"):
        driver(api.url, email_to=[], email_bcc="b@example.org")


def test_owners_get_a_short_mail_and_nobody_else_does(api):
    owned = driver(api.url, notify_on_error="Ops <ops@example.org>", email_cc="c@example.org")
    receipt = owned.notify(NOTICE)
    [said] = api.mails
    assert said["personalizations"] == [{"to": [{"email": "ops@example.org", "name": "Ops"}]}]
    assert said["subject"] == NOTICE.subject
    assert said["content"] == [{"type": "text/plain", "value": NOTICE.text}]
    assert receipt.target == owned.owners == "ops@example.org"
    driver(api.url, notify_on_error="ops@example.org", sandbox=True).notify(NOTICE)
    assert len(api.mails) == 1
