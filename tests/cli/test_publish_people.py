"""`kpisite publish` tells people: through a real HTTP server, once, also after a crash."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from docs_examples import GUIDE
from posting_server import Answer, PostingServer
from small_sites import mkdocs_build

from kpisite.outputs.webhook import DELIVERY, Webhook
from kpisite.pipeline.publish import OutputResult
from kpisite.plugins import Receipt

if TYPE_CHECKING:
    from collections.abc import Iterator


class Chat(PostingServer):
    """A chat's webhook."""

    def __init__(self) -> None:
        super().__init__(lambda post: Answer(204, ""))

    @property
    def said(self) -> list[dict[str, str]]:
        return [post.json for post in self.posts]


@pytest.fixture
def chat() -> Iterator[Chat]:
    chat = Chat()
    yield chat
    chat.close()


@pytest.fixture
def telling(shop, chat):
    """The shop, with a site and a chat."""
    text = shop.report.read_text() + (
        "outputs:\n"
        "  web: {plugin: static, args: {output_dir: public}}\n"
        "  team:\n"
        "    plugin: webhook\n"
        f"    args: {{url: '{chat.url}/t0ken', body: {{text: '{{{{ text }}}} {{{{ url }}}}'}}}}\n"
    )
    shop.report.write_text(text)
    config = shop.folder / "mkdocs.yml"
    config.write_text(config.read_text() + "site_url: https://kpi.example.org/\n")
    return shop


def test_people_are_told_what_the_page_says_and_once(telling, chat):
    result = telling.call("publish")
    assert result.exit_code == 0, result.stderr
    _heading, web, team = result.stdout.splitlines()
    assert web.split()[:2] == ["sales/web", "static"]
    assert team.split()[:4] == ["sales/team,", "2024-02", "webhook", chat.url]
    assert "204 status" in team
    (said,) = chat.said
    assert said["text"].endswith("https://kpi.example.org/sales/2024-02/")
    document = json.loads((telling.folder / "public/sales/2024-02/edition.json").read_text())
    assert all(metric["text"] in said["text"] for metric in document["metrics"])
    assert document["metrics"]
    assert telling.call("publish").exit_code == 0
    assert len(chat.said) == 1


def test_a_build_tells_nobody(telling, chat):
    assert mkdocs_build(telling.folder, "--strict", now="2024-03-01").returncode == 0
    telling.call("run")
    telling.call("publish", "--dry-run")
    assert chat.said == []


def test_a_dry_run_says_whom_it_would_tell_of_what(telling):
    result = telling.call("publish", "--dry-run")
    assert result.exit_code == 0, result.stderr
    assert "sales/team, 2024-02 (webhook) to http://127.0.0.1:" in result.stdout
    assert '  post ' in result.stdout  # fmt: skip
    assert "t0ken" not in result.stdout


def test_people_are_not_told_of_a_site_that_did_not_arrive(telling, chat):
    north = telling.folder / "content" / "shops" / "north" / "report.yml"
    north.parent.mkdir(parents=True)
    text = telling.report.read_text().replace("../../sales.csv", "../../../sales.csv")
    north.write_text(text)  # it shares the site
    (telling.folder / "public").write_text("in the way")
    result = telling.call("publish")
    assert result.exit_code == 1
    assert chat.said == []
    assert "Error: sales/web, shops/north/web:" in result.stderr
    for report in ("sales", "shops/north"):
        held = f"Error: {report}/team, 2024-02: people are told when {report}/web has the site"
        assert held in result.stderr
    (telling.folder / "public").unlink()
    assert telling.call("publish").exit_code == 0
    assert len(chat.said) == 2


def test_the_result_as_json_is_all_that_stdout_has(telling):
    results = json.loads(telling.call("publish", "--json").stdout)
    assert [(one["outputs"], one["status"], one["edition"]) for one in results] == [
        (["sales/web"], "ok", ""),
        (["sales/team"], "ok", "sales/2024-02"),
    ]


def test_the_guide_names_each_field_of_the_json():
    said = (GUIDE / "cli.md").read_text().partition("`--json` prints a list")[2]
    rows = [line for line in said.partition("\n\nA build")[0].splitlines() if "| `" in line]
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert named == {field.name for field in dataclasses.fields(OutputResult)}


def test_only_one_output_and_one_edition(telling, chat):
    assert telling.call("publish", "--only", "web").exit_code == 0
    (telling.folder / "public").rename(telling.folder / "published")
    assert chat.said == []
    result = telling.call("publish", "--only", "team", "--edition", "sales/2024-01")
    assert result.exit_code == 0, result.stderr
    assert not (telling.folder / "public").exists()
    assert "2024-01" in chat.said[0]["text"] or "January 2024" in chat.said[0]["text"]


def test_people_are_not_told_of_a_page_that_an_output_left_out_has_not_published(telling, chat):
    result = telling.call("publish", "--only", "team")
    assert result.exit_code == 1
    assert (
        "Error: sales/team, 2024-02: people are told when sales/web has published sales/2024-02, "
        "revision 1\n  Publish without --only, or add --only web.\n"
    ) in result.stderr
    assert chat.said == []
    assert telling.call("publish", "--only", "team", "--only", "web").exit_code == 0
    assert len(chat.said) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--only", "tema"], "no report has an output 'tema'\n  Did you mean 'team'?"),
        (["--resend"], "--resend needs an edition\n  Add --edition flights/2013-W06."),
        (["--arrived"], "--arrived needs an edition"),
        (["--edition", "sales/2024-20"], "there is no edition 'sales/2024-20'"),
        (
            ["--edition", "sales/2024-01", "--resend", "--arrived"],
            "--resend and --arrived exclude each other",
        ),
    ],
)
def test_what_cannot_be_meant_is_told_before_anybody_else_is(telling, chat, arguments, message):
    result = telling.call("publish", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert chat.said == []
    assert not (telling.folder / "public").exists()


def test_where_nothing_is_new_it_says_so(telling, chat):
    telling.call("publish")
    only = ("publish", "--only", "team")
    assert telling.call(*only).stdout == "There is nothing new to tell people.\n"
    again = telling.call(*only, "--edition", "sales/2024-02").stdout
    assert again == "People know of sales/2024-02. Add --resend to tell them again.\n"
    assert json.loads(telling.call(*only, "--json").stdout) == []
    [*_, last] = telling.call("publish", "--edition", "sales/2024-02").stdout.splitlines()
    assert last == again.strip()
    site = telling.call("publish", "--only", "web", "--edition", "sales/2024-02").stdout
    assert site.endswith("\nNo output that is asked for tells people of sales/2024-02.\n")
    assert len(chat.said) == 1


def test_an_output_of_another_report_is_refused_for_an_edition(telling, chat):
    other = telling.folder / "content" / "staff" / "report.yml"
    other.parent.mkdir()
    other.write_text(
        "title: Staff\nschedule: monthly\nsince: 2024-01-01\n"
        "views: {note: {plugin: text, args: {text: Nothing.}}}\n"
        "outputs: {web: {plugin: static, args: {output_dir: public}}}\n"
    )
    result = telling.call("publish", "--only", "team", "--edition", "staff/2024-02")
    assert result.exit_code == 2
    assert "the report of staff/2024-02 has no output 'team'\n  It has: web." in result.stderr


def test_the_table_says_what_each_number_and_text_is(telling, monkeypatch):
    details = {"commit": "49873c9", "message_id": "<a@b>", "files": 12, "recipients": 1}
    receipt = Receipt(target="team", digest="0", details=details)
    monkeypatch.setattr(Webhook, "deliver", lambda driver, announcement: receipt)
    line = telling.call("publish").stdout.splitlines()[-1]
    assert line.endswith("  commit: 49873c9, message id: <a@b>, 12 files, 1 recipient")


def test_after_a_kill_while_it_is_sent_nothing_goes_out_twice(telling, chat):
    chat.may_answer.clear()
    command = [Path(sys.executable).parent / "kpisite", "publish"]
    environment = {**os.environ, "KPISITE_NOW": "2024-03-01"}
    process = subprocess.Popen(
        command, cwd=telling.folder, env=environment, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert chat.came.wait(60)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    chat.may_answer.set()
    result = telling.call("publish")
    assert result.exit_code == 1
    assert "nobody recorded whether it arrived" in result.stderr
    assert "kpisite publish --only team --edition sales/2024-02 --arrived" in result.stderr
    assert len(chat.said) == 1
    arguments = ("--only", "team", "--edition", "sales/2024-02", "--arrived")
    assert telling.call("publish", *arguments).exit_code == 0
    assert telling.call("publish").exit_code == 0
    assert len(chat.said) == 1


@pytest.mark.parametrize("abandoned", [False, True])
def test_ctrl_c_ends_what_is_in_flight_and_a_second_one_abandons_it(telling, chat, abandoned):
    assert telling.call("publish", now="2024-02-01").exit_code == 0
    chat.came.clear()
    chat.may_answer.clear()
    process = subprocess.Popen(
        [Path(sys.executable).parent / "kpisite", "publish"], cwd=telling.folder,
        env={**os.environ, "KPISITE_NOW": "2024-05-01"}, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert chat.came.wait(60)
    for said in ("Stopping when what is in flight is done", *(["Abandoned"] if abandoned else [])):
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        while said not in (line := process.stderr.readline()):
            assert line
    chat.may_answer.set()
    out, err = process.communicate(timeout=60)
    assert (process.returncode, "Traceback" in err) == (130, False)
    assert len([line for line in out.splitlines() if "2024-02" in line]) == (not abandoned)
    assert len(chat.said) == 2
    left = telling.call("publish", now="2024-05-01")
    assert left.exit_code == (1 if abandoned else 0)
    assert len(chat.said) == (2 if abandoned else 4)


def test_what_could_not_be_sent_is_sent_by_the_next_publish(telling, chat):
    with socket.socket() as closed:  # nobody listens: the first publish cannot tell anybody
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    good = telling.report.read_text()
    bad = good.replace(chat.url, f"http://127.0.0.1:{port}").replace("body:", "attempts: 1, body:")
    telling.report.write_text(bad)
    result = telling.call("publish")
    assert result.exit_code == 1
    assert f"http://127.0.0.1:{port} cannot be reached" in result.stderr
    telling.report.write_text(good)
    assert telling.call("publish").exit_code == 0
    assert len(chat.said) == 1


def test_a_command_runs_when_the_intent_is_recorded_and_before_anybody_is_told(telling, chat):
    log = telling.folder / "archive/sales/2024-02/deliveries/team.json"
    saved = telling.folder / "saved.json"
    result = telling.call("publish", "--before", f"cp {log} {saved}", "--json")
    assert result.exit_code == 0, result.stderr
    assert json.loads(saved.read_text())["intents"][0]["output"] == "team"
    assert len(json.loads(result.stdout)) == 2
    saved.unlink()
    assert telling.call("publish", "--before", f"cp {log} {saved}").exit_code == 0
    assert not saved.exists()  # nobody was told


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("false", "failed: exit status 1\n  What it said stands above."),
        ("no-such-command", "cannot be run: No such file or directory\n  It is run without"),
    ],
)
def test_nobody_is_told_where_that_command_fails_and_the_next_publish_tells(
    telling, chat, command, why
):
    result = telling.call("publish", "--before", command)
    assert result.exit_code == 1
    said = f"{command}: nobody was told, since the command of --before {why}"
    assert said in result.stderr
    assert chat.said == []
    assert telling.call("publish", "--before", "true").exit_code == 0
    assert len(chat.said) == 1


@pytest.mark.parametrize("folder", ["verkäufe nord", "売上"])
def test_a_report_in_a_folder_of_any_name_is_told_of_with_an_address_that_leads_to_it(
    telling, chat, folder
):
    telling.report.parent.rename(telling.report.parent.with_name(folder))
    result = telling.call("publish")
    assert result.exit_code == 0, result.stderr
    (post,) = chat.posts
    page = f"{quote(folder)}/2024-02"
    assert post.json["text"].endswith(f" https://kpi.example.org/{page}/")
    assert post.headers[DELIVERY] == f"{page}/1"
