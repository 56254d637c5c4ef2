"""`kpisite publish` mails an edition: once, what the site says, in the site's language."""

from __future__ import annotations

import email
import json
import re
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from mail_server import MailServer

from kpisite.render.templates import template_folder

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def server() -> Iterator[MailServer]:
    server = MailServer()
    yield server
    server.close()


@pytest.fixture
def mailing(shop, server):
    """The shop, with a site and a mail server."""
    shop.report.write_text(
        shop.report.read_text() + "outputs:\n"
        "  web: {plugin: static, args: {output_dir: public}}\n"
        "  team:\n"
        "    plugin: smtp\n"
        "    args:\n"
        "      email_from: KPIs <kpi@example.org>\n"
        "      email_to: team@example.org\n"
        "      smtp_host: 127.0.0.1\n"
        f"      smtp_port: {server.port}\n"
        "      tls: none\n"
        "      attach: [csv]\n"
    )
    config = shop.folder / "mkdocs.yml"
    config.write_text(config.read_text() + "site_url: https://kpi.example.org/kpis/\n")
    return shop


def shown(html: str) -> str:
    """Return the text of HTML on one line."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def test_an_edition_is_mailed_once_and_says_what_the_site_says(mailing, server):
    result = mailing.call("publish")
    assert result.exit_code == 0, result.stderr
    assert "1 recipient" in result.stdout
    (mail,) = server.mails
    page = "https://kpi.example.org/kpis/sales/2024-02/"
    document = json.loads((mailing.folder / "public/sales/2024-02/edition.json").read_text())
    html = mail.get_body(("html",)).get_content()
    text = mail.get_body(("plain",)).get_content()
    assert document["metrics"]
    for metric in document["metrics"]:
        assert metric["text"] in shown(html)
        assert metric["text"] in text
        assert metric["text"] in mail["Subject"]
    assert f'href="{page}"' in html
    assert page in text
    assert mail["Date"].datetime.isoformat() == "2024-03-01T00:00:00+00:00"
    files = [part.get_filename() for part in mail.walk() if part.get_content_type() == "text/csv"]
    assert files == ["sales-2024-02-rows.csv"]
    delivery = mailing.folder / "archive/sales/2024-02/deliveries/team.json"
    assert mail["Message-ID"] in delivery.read_text()
    assert mailing.call("publish").exit_code == 0
    assert len(server.mails) == 1


def test_a_mail_of_a_german_site_is_german(mailing, server):
    config = mailing.folder / "mkdocs.yml"
    config.write_text(config.read_text().replace("font: false", "font: false, language: de"))
    assert mailing.call("publish").exit_code == 0
    (mail,) = server.mails
    assert "Februar 2024" in mail["Subject"]
    assert "Bericht öffnen" in mail.get_body(("html",)).get_content()


def test_a_mail_that_may_have_arrived_is_not_sent_again(mailing, server):
    server.answers = {"DATA": ["reset"]}
    result = mailing.call("publish")
    assert result.exit_code == 1
    assert "did not say whether it took the mail" in result.stderr
    result = mailing.call("publish")
    assert result.exit_code == 1
    assert "--resend" in result.stderr
    assert server.asked.count("DATA") == 1


def test_where_one_of_two_is_refused_the_exit_status_tells_and_nobody_gets_it_twice(
    mailing, server
):
    mailing.edit("email_to: team@", "email_cc: gone@example.org\n      email_to: team@")
    server.answers = {"RCPT gone@example.org": ["550 5.1.1 No such user"]}
    result = mailing.call("publish")
    assert result.exit_code == 1
    assert "Error: sales/team, 2024-02: others have it, but it was refused: gone@" in result.stderr
    assert "  partly  " in result.stdout
    assert mailing.call("publish").exit_code == 0
    assert len(server.mails) == 1


def test_a_dry_run_says_who_would_get_what(mailing, server):
    result = mailing.call("publish", "--dry-run")
    assert result.exit_code == 0, result.stderr
    assert "  to team@example.org\n" in result.stdout
    assert "  with sales-2024-02-rows.csv\n" in result.stdout
    assert server.asked == []


def test_a_project_may_override_the_templates_of_a_mail_by_their_paths(mailing, server):
    config = mailing.folder / "mkdocs.yml"
    config.write_text(config.read_text().replace("font: false", "font: false, custom_dir: look"))
    shipped, look = template_folder() / "mail", mailing.folder / "look" / "mail"
    look.mkdir(parents=True)
    for name in ("edition.html", "edition.txt"):
        text = (shipped / name).read_text(encoding="utf-8")
        own = text.replace("</body>", "<p>Ours: page</p></body>") if "html" in name else text
        (look / name).write_text(own if own != text else f"{text}\nOurs: text\n")
    (look / "edition.css").write_text("p { color: #123456; }\n")
    assert mailing.call("publish").exit_code == 0
    (mail,) = server.mails
    html = mail.get_body(("html",)).get_content()
    assert "Ours: page</p>" in html
    assert "color: #123456" in html
    assert "Ours: text" in mail.get_body(("plain",)).get_content()


@pytest.mark.parametrize("folder", ["verkäufe nord", "売上"])
def test_a_report_in_a_folder_of_any_name_is_mailed_with_an_address_that_leads_to_it(
    mailing, server, folder
):
    mailing.report.parent.rename(mailing.report.parent.with_name(folder))
    result = mailing.call("publish")
    assert result.exit_code == 0, result.stderr
    page = f"https://kpi.example.org/kpis/{quote(folder)}/2024-02/"
    assert f'href="{page}"' in server.mails[0].get_body(("html",)).get_content()
    assert page in server.mails[0].get_body(("plain",)).get_content()
    headers = email.message_from_bytes(server.raw[0])
    ids = headers["Message-ID"], headers["List-Id"]
    assert re.fullmatch(r"<[0-9a-z][0-9a-z.-]*@example\.org>", ids[0])
    assert re.fullmatch(r"\S+ <[0-9a-z][0-9a-z.-]*\.team\.example\.org>", ids[1])
    files = [p.get_filename() for p in server.mails[0].walk() if p.get_content_type() == "text/csv"]
    assert files == [f"{folder}-2024-02-rows.csv"]
    assert mailing.call("publish").exit_code == 0
    assert len(server.mails) == 1
