"""What outputs of KPI Reporter's configurations do, from the files to what arrives."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result
from configurations import SHOP, loaded, make_shop, mistakes
from mail_server import MailServer
from required import needs
from s3fs import S3FileSystem
from sendgrid_server import KEY, SendGridServer
from slack_server import TOKEN, SlackServer
from ssh_server import SSHD, SSHServer

from kpisite.archive.store import Archive
from kpisite.cli import configured
from kpisite.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from s3_server import S3Server

NOW = "2024-02-12T12:00"
REPORT = f"""\
title: Sales
{SHOP}views:
  sold:
    plugin: single_stat
    args:
      datasource: shop
      query: select sum(amount) from sales where day >= {{from}} and day < {{to}}
  a_day:
    title: Sold a day
    description: in pieces
    plugin: plot
    args:
      datasource: shop
      query: select day as time, amount from sales where day >= {{from}} and day < {{to}}
      query_args: {{parse_dates: [time]}}
  shops:
    plugin: table
    args:
      datasource: shop
      query: select shop, sum(amount) as sold from sales group by shop
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    make_shop(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(configured.tzlocal, "get_localzone_name", lambda: "America/New_York")
    return tmp_path


@pytest.fixture
def mail() -> Iterator[MailServer]:
    server = MailServer()
    yield server
    server.close()


@pytest.fixture
def slack(monkeypatch: pytest.MonkeyPatch) -> Iterator[SlackServer]:
    monkeypatch.setenv("SLACK_API_TOKEN", TOKEN)
    server = SlackServer()
    yield server
    server.close()


@pytest.fixture
def sendgrid(monkeypatch: pytest.MonkeyPatch) -> Iterator[SendGridServer]:
    monkeypatch.setenv("SENDGRID_API_KEY", KEY)
    server = SendGridServer()
    yield server
    server.close()


def call(*arguments: str, now: str = NOW) -> Result:
    return CliRunner().invoke(main, ["--now", now, *arguments], catch_exceptions=False)


def write(here: Path, outputs: dict[str, Any], text: str = REPORT) -> None:
    (here / "config.yaml").write_text(f"{text}outputs: {json.dumps(outputs)}\n")


def test_static_writes_a_folder_a_period_and_latest_which_never_goes_back(here: Path):
    write(here, {"html": {"plugin": "static", "args": {"output_dir": "_build/examples"}}})
    assert call("run", "-c", "config.yaml").exit_code == 0
    assert call("run", "-c", "config.yaml", "-e", "2024-01-20").exit_code == 0
    folder = here / "_build" / "examples"
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["latest-sales", "sales-2024-01-13_2024-01-20", "sales-2024-02-05_2024-02-12"]
    latest = (folder / "latest-sales" / "index.html").read_text()
    assert "273" in latest
    assert "112" in (folder / names[1] / "index.html").read_text()


def test_mail_goes_out_by_the_arguments_that_there_were_and_once(here: Path, mail: MailServer):
    smtp = {
        "smtp_host": "127.0.0.1",
        "smtp_port": mail.port,
        "image_strategy": "remote",
        "image_remote_base_url": "http://files.example.org/latest-{title_slug}",
        "email_from": "kpi@example.org",
        "email_to": ["a@example.org", "b@example.org"],
    }
    write(here, {"mail": {"plugin": "smtp", "args": smtp}})
    for _ in range(2):
        result = call("publish", "-c", "config.yaml")
        assert result.exit_code == 0, result.output
    [message] = mail.mails
    assert mail.to == [["a@example.org", "b@example.org"]]
    assert "Feb" in message["Subject"]
    assert message["Message-ID"]
    assert message["Date"]
    text, html = (message.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert "273" in text
    assert "273" in html
    assert "in pieces" in text
    assert "in pieces" in html
    assert "style=" in html
    pictures = [part for part in message.walk() if part.get_content_maintype() == "image"]
    assert pictures
    assert all(f"cid:{p['Content-ID'].strip('<>')}" in html for p in pictures)


@pytest.mark.parametrize(
    ("given", "tls", "port"),
    [
        ({}, "none", 25),
        ({"smtp_port": 1025}, "none", 1025),
        ({"smtp_port": 587}, "starttls", 587),
        ({"smtp_port": "587"}, "starttls", 587),
        ({"smtp_port": 465}, "implicit", 465),
        ({"smtp_user": "u", "smtp_password": "p"}, "starttls", 587),
        ({"tls": "starttls"}, "starttls", 587),
    ],
)
def test_mail_is_encrypted_where_the_arguments_hint_at_it_and_else_as_it_was(given, tls, port):
    args = {"email_from": "a@example.org", "email_to": "b@example.org", **given}
    outputs = {"mail": {"plugin": "smtp", "args": args}}
    options: Any = loaded(f"{REPORT}outputs: {json.dumps(outputs)}\n").outputs["mail"].options
    assert (options.smtp_host, options.encryption, options.port) == ("localhost", tls, port)


def test_mail_without_somebody_to_send_it_to_is_a_mistake():
    said = mistakes(f"{REPORT}outputs: {{mail: {{plugin: smtp, args: {{smtp_host: m}}}}}}\n")
    assert "email_from" in said
    outputs = "{mail: {plugin: smtp, args: {smtp_host: m, email_from: a@example.org}}}"
    assert "nobody gets it" in mistakes(f"{REPORT}outputs: {outputs}\n")


def test_sendgrid_takes_its_key_from_the_environment_and_sends_text_too(
    here: Path, sendgrid: SendGridServer
):
    args = {
        "email_from": "kpi@example.org",
        "email_to": "a@example.org",
        "api_url": sendgrid.url,
    }
    write(here, {"mail": {"plugin": "sendgrid", "args": args}})
    result = call("publish", "-c", "config.yaml")
    assert result.exit_code == 0, result.output
    [said] = sendgrid.mails
    assert [part["type"] for part in said["content"]] == ["text/plain", "text/html"]
    assert all("273" in part["value"] for part in said["content"])


def test_sendgrids_sandbox_is_switched_on_by_its_variable(
    here: Path, sendgrid: SendGridServer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SENDGRID_SANDBOX_ENABLED", "1")
    args = {"email_from": "kpi@example.org", "email_to": "b@example.org", "api_url": sendgrid.url}
    write(here, {"mail": {"plugin": "sendgrid", "args": args}})
    result = call("publish", "-c", "config.yaml")
    assert result.exit_code == 0, result.output
    assert not list((here / "archive").rglob("deliveries/*"))


def test_slack_gets_a_header_with_the_period_a_section_a_view_and_pictures(
    here: Path, slack: SlackServer
):
    args = {
        "channels": ["#kpis"],
        "image_remote_base_url": "http://files.example.org/latest-{title_slug}",
        "api_url": slack.url,
    }
    write(here, {"chat": {"plugin": "slack", "args": args}})
    result = call("publish", "-c", "config.yaml")
    assert result.exit_code == 0, result.output
    [message] = slack.messages.values()
    kinds = [block["type"] for block in message["blocks"]]
    said = json.dumps(message["blocks"], ensure_ascii=False)
    assert kinds[0] == "header"
    assert "image" in kinds
    assert len(kinds) <= 50
    for words in (
        "Sales",
        "February 2024",
        "273",
        "Sold a day",
        "in pieces",
        "Shops",
        "east",
        "west",
    ):
        assert words in said


def test_where_the_variables_of_keys_are_not_set_that_is_a_mistake():
    for plugin, args, variable in (
        ("slack", {"channels": ["#kpis"]}, "SLACK_API_TOKEN"),
        ("sendgrid", {"email_from": "a@x.org", "email_to": "b@x.org"}, "SENDGRID_API_KEY"),
    ):
        outputs = {"out": {"plugin": plugin, "args": args}}
        assert variable in mistakes(f"{REPORT}outputs: {json.dumps(outputs)}\n")


def test_an_edition_with_a_failed_view_is_not_sent_and_the_exit_status_tells(
    here: Path, mail: MailServer
):
    args = {
        "smtp_host": "127.0.0.1",
        "smtp_port": mail.port,
        "email_from": "a@example.org",
        "email_to": "b@example.org",
    }
    broken = REPORT.replace("select shop, sum", "select shp, sum")
    write(here, {"mail": {"plugin": "smtp", "args": args}}, broken)
    assert call("run", "-c", "config.yaml").exit_code == 1
    assert CliRunner().invoke(main, ["--now", NOW, "publish", "-c", "config.yaml"]).exit_code == 1
    assert mail.mails == []
    editions = Archive(str(here / "archive")).editions()
    assert [str(one.status) for one in editions] == ["preliminary"]
    write(here, {"mail": {"plugin": "smtp", "args": args}})
    assert call("publish", "-c", "config.yaml").exit_code == 0
    assert len(mail.mails) == 1


def test_with_allow_errors_an_edition_with_a_failed_view_is_sent(here: Path, mail: MailServer):
    args = {
        "smtp_host": "127.0.0.1",
        "smtp_port": mail.port,
        "email_from": "a@example.org",
        "email_to": "b@example.org",
        "when": "preliminary",
    }
    broken = REPORT.replace("select shop, sum", "select shp, sum")
    write(here, {"mail": {"plugin": "smtp", "args": args}}, broken)
    call("publish", "-c", "config.yaml", "--allow-errors")
    [message] = mail.mails
    html = message.get_body(("html",)).get_content()
    assert "273" in html
    assert "no such column: shp" in html


def test_html_is_static(here: Path):
    write(here, {"page": {"plugin": "html", "args": {"output_dir": "out"}}})
    result = call("publish", "-c", "config.yaml")
    assert result.exit_code == 0, result.output
    assert "273" in (here / "out" / "sales-2024-02-05_2024-02-12" / "index.html").read_text()


def test_s3_gets_the_tree_below_its_prefix_and_what_boto3_was_told_does_no_harm(
    here: Path, s3: S3Server
):
    bucket = s3.bucket()
    args = {
        "bucket": bucket,
        "prefix": "reports/",
        "endpoint_url": s3.address,
        "region_name": "us-east-1",
        "aws_access_key_id": s3.options["key"],
        "aws_secret_access_key": s3.options["secret"],
        "api_version": "2006-03-01",
        "config": {"retries": {"max_attempts": 3}},
    }
    write(here, {"store": {"plugin": "s3", "args": args}})
    result = call("publish", "-c", "config.yaml")
    assert result.exit_code == 0, result.output
    store = S3FileSystem(**s3.options, skip_instance_cache=True)
    paths = [path.removeprefix(f"{bucket}/") for path in store.find(bucket)]
    assert all(path.startswith("reports/") for path in paths)
    page = "reports/sales/2024-02-05_2024-02-12/index.html"
    assert page in paths
    assert b"273" in store.cat(f"{bucket}/{page}")


@needs(SSHD, "no OpenSSH server is installed")
def test_scp_takes_the_arguments_of_fabric_and_the_tree_appears_whole(here: Path, tmp_path: Path):
    gateway = SSHServer(tmp_path / "gateway")
    server = SSHServer(tmp_path / "server")
    shutil.copy(f"{server.key_file}.pub", tmp_path / "gateway" / "authorized_keys")
    (here / "known").write_text(gateway.known_hosts.read_text() + server.known_hosts.read_text())
    args = {
        "host": f"{server.user}@127.0.0.1:{server.port}",
        "gateway": f"127.0.0.1:{gateway.port}",
        "forward_agent": True,
        "inline_ssh_env": True,
        "connect_timeout": 30,
        "connect_kwargs": {"key_filename": str(server.key_file)},
        "known_hosts": "known",
        "remote_path": str(tmp_path / "srv" / "kpis"),
    }
    write(here, {"web": {"plugin": "scp", "args": args}})
    try:
        result = call("publish", "-c", "config.yaml")
        assert result.exit_code == 0, result.output
        (here / "known").write_text(server.known_hosts.read_text())
        refused = CliRunner().invoke(
            main, ["--now", NOW, "publish", "-c", "config.yaml", "-e", "2024-01-20"]
        )
    finally:
        server.close()
        gateway.close()
    tree = tmp_path / "srv" / "kpis"
    assert "273" in (tree / "sales" / "2024-02-05_2024-02-12" / "index.html").read_text()
    assert refused.exit_code == 1
    assert "the gateway to" in refused.output
    assert "nobody has said which key it has" in refused.output


def test_one_output_that_fails_does_not_stop_the_others_and_the_exit_status_tells(
    here: Path, mail: MailServer, slack: SlackServer
):
    slack.refuse["#kpis"] = "channel_not_found"
    smtp = {
        "smtp_host": "127.0.0.1",
        "smtp_port": mail.port,
        "email_from": "a@example.org",
        "email_to": "b@example.org",
    }
    chat = {"channels": ["#kpis"], "api_url": slack.url}
    write(
        here,
        {"chat": {"plugin": "slack", "args": chat}, "mail": {"plugin": "smtp", "args": smtp}},
    )
    result = CliRunner().invoke(main, ["--now", NOW, "publish", "-c", "config.yaml"])
    assert result.exit_code == 1
    assert "channel_not_found" in result.output
    assert len(mail.mails) == 1
    slack.refuse.clear()
    assert call("publish", "-c", "config.yaml").exit_code == 0
    assert (len(slack.messages), len(mail.mails)) == (1, 1)
