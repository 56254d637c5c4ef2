"""`kpisite publish` where a view fails: nobody is told but the owners, unless it may go out."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mail_server import MailServer
from posting_server import Answer, PostingServer

if TYPE_CHECKING:
    from collections.abc import Iterator

GOOD = "select * from sales where"
BAD = "select nope from sales where"


@pytest.fixture
def mails() -> Iterator[MailServer]:
    server = MailServer()
    yield server
    server.close()


@pytest.fixture
def chat() -> Iterator[PostingServer]:
    server = PostingServer(lambda post: Answer(200, {"ok": True, "channel": "C1", "ts": "1.0"}))
    yield server
    server.close()


@pytest.fixture
def owned(shop, mails, chat):
    """The shop, whose outputs have owners; its second view fails, and may be mended."""
    shop.report.write_text(
        shop.report.read_text() + "outputs:\n"
        "  web: {plugin: static, args: {output_dir: public}}\n"
        "  mail:\n"
        "    plugin: smtp\n"
        "    args:\n"
        "      email_from: kpi@example.org\n"
        "      email_to: team@example.org\n"
        "      notify_on_error: ops@example.org\n"
        "      smtp_host: 127.0.0.1\n"
        f"      smtp_port: {mails.port}\n"
        "      tls: none\n"
        "  slack:\n"
        "    plugin: slack\n"
        "    args:\n"
        "      api_token: xoxb-s3cret\n"
        "      channels: ['#kpis']\n"
        "      notify_on_error: ['#ops']\n"
        f"      api_url: {chat.url}\n"
        "  hook:\n"
        "    plugin: webhook\n"
        f"    args: {{url: '{chat.url}/people', notify_on_error: '{chat.url}/owners'}}\n"
    )
    shop.edit(GOOD, BAD)
    config = shop.folder / "mkdocs.yml"
    config.write_text(config.read_text() + "site_url: https://kpi.example.org/\n")
    return shop


def test_a_failed_view_stops_all_and_owners_are_told_why_once(owned, mails, chat):
    result = owned.call("publish")
    assert result.exit_code == 1
    assert not (owned.folder / "public").exists()
    assert "the site could not be built without a warning" in result.stderr
    assert "Error: sales/mail, 2024-02: people are not told of sales/2024-02, " in result.stderr
    assert "  ops@example.org was told\n" in result.stderr
    assert mails.to == [["ops@example.org"]]
    [mail] = mails.mails
    assert mail["Subject"] == "Failed: Sales, monthly, February 2024"
    text = mail.get_content()
    assert "rows: datasource 'shop': Binder Error: Referenced column \"nope\"" in text
    assert "kpisite publish --allow-errors --only mail --edition sales/2024-02" in text
    assert "https://" not in text  # the site does not have it
    assert sorted(post.path for post in chat.posts) == ["/chat.postMessage", "/owners"]
    told = {post.path: post.json for post in chat.posts}
    assert told["/chat.postMessage"]["channel"] == "#ops"
    assert [view["id"] for view in told["/owners"]["failed"]] == ["rows"]
    again = owned.call("publish", now="2024-03-02")
    assert again.exit_code == 1
    assert "ops@example.org was told on 2024-03-01 00:00 UTC" in again.stderr
    assert (len(mails.mails), len(chat.posts)) == (1, 2)


def test_when_it_is_mended_people_are_told_as_usual(owned, mails, chat):
    owned.call("publish")
    owned.edit(BAD, GOOD)
    result = owned.call("publish")
    assert result.exit_code == 0, result.stderr
    assert mails.to == [["ops@example.org"], ["team@example.org"]]
    assert [post.path for post in chat.posts].count("/people") == 1


def test_with_allow_errors_all_goes_out_with_what_there_is(owned, mails, chat):
    result = owned.call("publish", "--allow-errors")
    assert result.exit_code == 0, result.stderr
    assert "view 'rows'" in result.stderr  # it is said all the same
    assert (owned.folder / "public/sales/2024-02/index.html").exists()
    assert mails.to == [["team@example.org"]]
    assert {post.path for post in chat.posts} == {"/chat.postMessage", "/people"}
    assert owned.call("publish", "--allow-errors").exit_code == 0
    assert len(mails.mails) == 1


def test_an_output_may_allow_what_others_do_not(owned, mails, chat):
    owned.edit("/people', ", "/people', allow_errors: true, ")
    result = owned.call("publish", "--json")
    assert result.exit_code == 1
    statuses = {one["outputs"][0]: one["status"] for one in json.loads(result.stdout)}
    assert statuses == {
        "sales/web": "ok",
        "sales/mail": "failed",
        "sales/slack": "failed",
        "sales/hook": "ok",
    }
    assert mails.to == [["ops@example.org"]]
    assert "https://kpi.example.org/sales/2024-02/" in mails.mails[0].get_content()
    assert sorted(post.path for post in chat.posts) == ["/chat.postMessage", "/people"]


def test_other_warnings_stop_it_all_the_same(owned, mails):
    (owned.folder / "content" / "page.md").write_text("[nowhere](nowhere.md)")
    result = owned.call("publish", "--allow-errors")
    assert result.exit_code == 1
    assert "nowhere.md" in result.stderr
    assert not (owned.folder / "public").exists()
    assert mails.to == [["ops@example.org"]]


def test_a_dry_run_tells_nobody_and_says_who_would_be(owned, mails, chat):
    result = owned.call("publish", "--dry-run")
    assert result.exit_code == 1
    assert "ops@example.org would be told" in result.stderr
    assert (mails.mails, chat.posts) == ([], [])


def test_after_a_kill_while_owners_are_told_nobody_tells_them_again(owned, mails, chat):
    chat.may_answer.clear()
    process = subprocess.Popen(
        [Path(sys.executable).parent / "kpisite", "publish", "--only", "hook"],
        cwd=owned.folder,
        env={**os.environ, "KPISITE_NOW": "2024-03-01"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    assert chat.came.wait(120)
    process.send_signal(signal.SIGKILL)
    process.wait()
    chat.may_answer.set()
    result = owned.call("publish", "--only", "hook")
    assert result.exit_code == 1
    assert "was being told; nobody recorded whether that arrived" in result.stderr
    assert len(chat.posts) == 1
    owned.edit(BAD, GOOD)
    assert owned.call("publish").exit_code == 0
    assert [post.path for post in chat.posts].count("/people") == 1


def test_owners_read_the_language_of_the_site(owned, mails):
    config = owned.folder / "mkdocs.yml"
    config.write_text(config.read_text().replace("font: false", "font: false, language: de"))
    owned.call("publish", "--only", "mail")
    [mail] = mails.mails
    assert mail["Subject"] == "Fehlgeschlagen: Sales, monthly, Februar 2024"
    assert "diese Ansichten konnten nicht erstellt werden" in mail.get_content()
