"""Slack against an HTTP server that answers as its Web API does, and checks its limits."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from cutting_proxy import refusing_port
from failure_notice import NOTICE
from posting_server import Answer
from slack_server import TOKEN, SlackServer

from kpisite.errors import OutputError, UnclearDeliveryError
from kpisite.model.metric import Metric
from kpisite.model.number import NumberFormat
from kpisite.outputs import _posting, _retries
from kpisite.outputs.slack import Slack
from kpisite.plugins import (
    Announcement,
    EditionContent,
    Mail,
    OutputContext,
    Picture,
    Receipt,
    ShownBlock,
)
from kpisite.site.documents import MetricDocument
from kpisite.testing import EditionDriverContract

if TYPE_CHECKING:
    from collections.abc import Iterator


FAILED_INSIDE = ("internal_error", "fatal_error")
"""Of these Slack says that a part of what was asked may have been done."""
NO_ANSWERS = ("<html>", [], {"ok": True})


def metric(number: int, **more: Any) -> dict[str, Any]:
    settings = {
        "name": f"m{number}",
        "title": f"On-time <{number}> *now*",
        "value": 0.798,
        "format": NumberFormat(style="percent", precision=1),
        "comparison": 0.757,
        "comparison_title": "2013-W05",
        "change_as": "raw",
        "target": 0.8,
        "good": "up",
        **more,
    }
    return MetricDocument.of(Metric(**settings)).model_dump()


def announcement(
    *metrics: dict[str, Any], document: dict[str, Any] | None = None, **more: Any
) -> Announcement:
    document = {
        "metrics": list(metrics),
        "period": {"span": "4 – 10 February 2013"},
        "data_until": "10 February 2013, 23:59",
        "zone": "New York time",
        "provenance": "Run on 12 February 2013, 06:00 · 1 query on flights (duckdb)",
        "description": "",
        "changed": [],
        "reason": "",
        "views": [],
        **(document or {}),
    }
    settings = {
        "key": "flights/2013-W06",
        "title": "Flights & more",
        "period": "Week 6, 2013",
        "status": "sealed",
        "revision": 1,
        "url": "https://kpi.example.org/flights/2013-W06/",
        "text": "Week 6, 2013: On-time 79.8 %",
        "document": document,
        **more,
    }
    return Announcement(**settings)


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[SlackServer]:
    monkeypatch.setattr(_posting, "_back_off", lambda state: 0.0)
    monkeypatch.setattr(_retries, "FIRST_PAUSE", 0.0)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    api = SlackServer()
    yield api
    api.close()


def slack(api: SlackServer, *channels: str, **options: Any) -> Slack:
    given = {"api_token": TOKEN, "channels": channels or ("#kpis",), "api_url": api.url, **options}
    return Slack(Slack.Options.model_validate(given), OutputContext("team", Path()))


class TestSlackContract(EditionDriverContract):
    secrets: ClassVar = (TOKEN,)
    revises_in_place = True

    @pytest.fixture(autouse=True)
    def _api(self, api: SlackServer) -> None:
        self.api = api

    def make(self, folder: Path) -> Slack:
        return slack(self.api)

    def make_unreachable(self, folder: Path) -> Slack:
        return slack(self.api, api_url=f"http://127.0.0.1:{refusing_port()}/api")

    def make_owned(self, folder: Path) -> Slack:
        return slack(self.api, notify_on_error=["C02"])

    def sent(self) -> int:
        return len(self.api.messages)


def test_a_message_says_what_the_page_says(api):
    receipt = slack(api).deliver(announcement(metric(1)))
    [(path, said)] = api.calls
    assert path == "/api/chat.postMessage"
    assert said["channel"] == "#kpis"
    assert said["text"] == "Flights &amp; more: Week 6, 2013: On-time 79.8 %"
    header, context, section, actions, provenance = said["blocks"]
    assert header["text"]["text"] == "Flights & more"
    assert context["elements"][0]["text"] == (
        "Week 6, 2013 · 4 – 10 February 2013 · sealed"
        " · data until 10 February 2013, 23:59 · New York time"
    )
    assert section["fields"][0]["text"].split("\n")[1:] == [
        "79.8 %",
        "▲ 4.1 points vs week 5, better",
        "✗ target 80 % missed by 0.2 points",
    ]
    assert actions["elements"][0]["url"] == "https://kpi.example.org/flights/2013-W06/"
    assert provenance["elements"][0]["text"] == (
        "Run on 12 February 2013, 06:00 · 1 query on flights (duckdb)"
    )
    assert receipt.details == {"#kpis": "C01 10.0"}
    assert receipt.target == "Slack #kpis"


def test_data_makes_no_links_no_mentions_and_no_formatting(api):
    bad = metric(1, title="<!channel> *all* _read_ `this`")
    slack(api).deliver(announcement(bad, title="<https://evil.example|here>"))
    [(_, said)] = api.calls
    assert "<" not in said["text"]
    field = said["blocks"][2]["fields"][0]["text"]
    assert "<!channel>" not in field
    assert "&lt;!channel&gt;" in field
    assert "*all*" not in field
    assert said["blocks"][0]["text"]["type"] == "plain_text"


def test_many_kpis_and_long_texts_keep_slacks_limits(api):
    many = [metric(number, title="x" * 3_000) for number in range(600)]
    slack(api).deliver(announcement(*many, title="t" * 400, text="w" * 9_000))
    [(_, said)] = api.calls
    assert 6 <= len(said["blocks"]) <= 50
    assert len(json.dumps(said)) < 20_000
    *_, others, actions, _provenance = said["blocks"]
    assert others["elements"][0]["text"].startswith("More on the page: xxx")
    assert actions["type"] == "actions"


def test_a_revision_changes_the_message_in_every_channel(api):
    driver = slack(api, "#kpis", "C02")
    first = driver.deliver(announcement(metric(1)))
    document = {"changed": [{"title": "On-time", "was": "79.8 %", "now": "81.0 %"}]}
    revised = announcement(metric(1, value=0.81), revision=2, before=first, document=document)
    second = driver.deliver(revised)
    assert [path for path, _ in api.calls] == ["/api/chat.postMessage"] * 2 + [
        "/api/chat.update"
    ] * 2
    assert len(api.messages) == 2
    for said in api.messages.values():
        assert said["blocks"][0]["text"]["text"] == "Revised: Flights & more"
        assert said["blocks"][2]["text"]["text"] == (
            "These numbers were revised. On-time: was 79.8 %, now 81.0 %."
        )
        assert "81.0 %" in said["blocks"][3]["fields"][0]["text"]
    assert second.details == first.details


def test_a_revision_is_posted_where_the_first_never_was(api):
    before = Receipt(target="Slack #kpis", digest="0", details={"#kpis": "C01 10.0"})
    api.messages["C01", "10.0"] = {}
    slack(api, "#kpis", "C02").deliver(announcement(metric(1), revision=2, before=before))
    assert [path for path, _ in api.calls] == ["/api/chat.update", "/api/chat.postMessage"]


def test_a_busy_slack_is_asked_again(api):
    limited = {"ok": False, "error": "ratelimited"}
    api.server.answers = [Answer(429, limited, (("Retry-After", "0"),)), Answer(503, "busy")]
    slack(api).deliver(announcement(metric(1)))
    assert len(api.messages) == 1


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        ("channel_not_found", "A private channel must have invited the app"),
        ("not_in_channel", "/invite"),
        ("missing_scope", "chat:write"),
        ("something_new", "chat.postMessage"),
    ],
)
def test_a_refusal_says_what_to_do(api, error, hint):
    api.refuse["#kpis"] = error
    with pytest.raises(OutputError) as caught:
        slack(api).deliver(announcement(metric(1)))
    assert f"Slack refuses the message to #kpis: {error}" in str(caught.value)
    assert hint in str(caught.value)
    assert not isinstance(caught.value, UnclearDeliveryError)


def test_a_wrong_token_is_told_and_not_said(api):
    with pytest.raises(OutputError) as caught:
        slack(api, api_token="xoxb-wrong").deliver(announcement(metric(1)))
    assert "Check 'api_token'" in str(caught.value)
    assert "xoxb" not in str(caught.value)


def test_where_some_channels_have_it_and_one_has_not_nobody_posts_it_again(api):
    api.refuse["C02"] = "is_archived"
    with pytest.raises(UnclearDeliveryError) as caught:
        slack(api, "#kpis", "C02").deliver(announcement(metric(1)))
    assert "#kpis has it, but Slack refuses the message to C02: is_archived" in str(caught.value)


@pytest.mark.parametrize(
    ("answer", "message"),
    [("reset", "broke the connection"), ("silent", "did not answer within 1 s")],
)
def test_a_connection_that_breaks_is_unclear_and_not_repeated(api, answer, message):
    api.server.answers = [answer]
    with pytest.raises(UnclearDeliveryError, match=message):
        slack(api, timeout=1).deliver(announcement(metric(1)))
    assert len(api.calls) == 1


@pytest.mark.parametrize(
    "answer", [*({"ok": False, "error": e} for e in FAILED_INSIDE), *NO_ANSWERS]
)
def test_an_answer_that_says_neither_yes_nor_no_is_unclear_and_not_repeated(api, answer):
    api.server.answers = [Answer(200, answer)]
    with pytest.raises(UnclearDeliveryError) as caught:
        slack(api).deliver(announcement(metric(1)))
    assert "Look into the channel." in str(caught.value)
    assert len(api.calls) == 1


@pytest.mark.parametrize("answer", [{"ok": False, "error": FAILED_INSIDE[0]}, *NO_ANSWERS])
def test_an_upload_that_is_answered_so_is_no_delivery(api, answer):
    api.server.answers = [Answer(200, answer)]
    with pytest.raises(OutputError, match="while a picture was uploaded") as caught:
        slack(api).deliver(announcement(metric(1), content=Shown(chart("delays"))))
    assert not isinstance(caught.value, UnclearDeliveryError)


def test_a_revision_of_a_message_that_cannot_be_changed_any_more_is_posted(api):
    first = slack(api, "#kpis", "C02").deliver(announcement(metric(1)))
    del api.messages["C01", str(first.details["#kpis"]).partition(" ")[2]]
    revised = announcement(metric(1, value=0.9), revision=2, before=first)
    slack(api, "#kpis", "C02").deliver(revised)
    assert sorted(channel for channel, _ in api.messages) == ["C01", "C02"]
    assert {said["blocks"][0]["text"]["text"] for said in api.messages.values()} == {
        "Revised: Flights & more"
    }


def test_a_plan_says_where_and_what_and_posts_nothing(api):
    before = Receipt(target="", digest="0", details={"C02": "C02 1.0"})
    lines = slack(api, "#kpis", "C02").plan(announcement(metric(1), before=before))
    assert lines[0].startswith("post to #kpis, ")
    assert lines[1].startswith("change the message in C02, ")
    assert api.calls == []


def test_a_site_without_an_address_has_no_button(api):
    slack(api).deliver(replace(announcement(metric(1)), url=""))
    [(_, said)] = api.calls
    assert [block["type"] for block in said["blocks"]] == [
        "header",
        "context",
        "section",
        "context",
    ]


def test_channels_must_be_named(api):
    with pytest.raises(ValueError, match="channels"):
        Slack.Options.model_validate({"api_token": TOKEN, "channels": []})


class Shown(EditionContent):
    """What pages show, made up."""

    def __init__(self, *blocks: ShownBlock) -> None:
        self._blocks = blocks

    def blocks(self):
        return self._blocks

    def mail(self) -> Mail:
        raise NotImplementedError

    def pdf(self):
        raise NotImplementedError

    def tables(self):
        raise NotImplementedError


def view(id_: str, text: str = "", *, html: str = "", **more: Any) -> ShownBlock:
    settings = {"title": id_.title(), "description": "", "url": "", "is_kpi": False, **more}
    return ShownBlock(id=id_, metrics=(), html=html or f"<p>{text}</p>", text=text, **settings)


def chart(id_: str, alt: str = "A line that rises", text: str = "") -> ShownBlock:
    picture = Picture(f"{id_}-chart-1.png", b"PNG of " + id_.encode(), "image/png", alt=alt)
    return view(id_, text, pictures=[picture], url=f"https://kpi.example.org/{id_}/")


def test_charts_are_uploaded_and_shown_below_their_titles(api):
    kpi = replace(view("kpi", is_kpi=True), metrics=[Metric(name="kpi", title="KPI", value=1)])
    content = Shown(kpi, chart("delays"), chart("carriers"))
    slack(api).deliver(announcement(metric(1), content=content))
    said = api.calls[-1][1]
    shown = said["blocks"][3:-2]
    assert [block["type"] for block in shown] == ["section", "image"] * 2
    assert shown[0]["text"]["text"] == "*<https://kpi.example.org/delays/|Delays>*"
    assert shown[1]["alt_text"] == "A line that rises"
    uploaded = [api.files[block["slack_file"]["id"]] for block in shown[1::2]]
    assert uploaded == [b"PNG of delays", b"PNG of carriers"]


def test_what_a_chart_says_stands_above_it(api):
    words = "Line chart of delays by day: 3 rose to 5.\n\nday  delay\nMon      3\n\n2 more rows"
    content = Shown(chart("delays", "Delays. Line chart of delays by day", words))
    slack(api).deliver(announcement(metric(1), content=content))
    section, image, _button, _provenance = api.calls[-1][1]["blocks"][3:]
    assert section["text"]["text"] == (
        "*<https://kpi.example.org/delays/|Delays>*\n"
        "Line chart of delays by day: 3 rose to 5.\n"
        "```\nday  delay\nMon      3\n```\n\n2 more rows"
    )
    assert image["alt_text"] == "Delays. Line chart of delays by day"


def test_a_kpi_without_a_value_has_no_data_and_one_with_a_label_is_in_it(api):
    first, second = metric(1, title="A", value=None), metric(2, title="B", label="{stat} of all")
    slack(api).deliver(announcement(first, second))
    fields = api.calls[-1][1]["blocks"][2]["fields"]
    assert [field["text"].split("\n")[:2] for field in fields] == [
        ["*A*", "no data"],
        ["*B*", "79.8 % of all"],
    ]


def test_what_the_page_says_above_its_views_stands_above_the_numbers(api):
    views = [
        {"id": "m1", "title": "On time", "description": "at all _gates_", "status": "ok"},
        {"id": "bad", "title": "Rows", "description": "", "status": "error"},
    ]
    document = {"description": "All <flights>.", "views": views}
    slack(api).deliver(announcement(metric(1, title="M"), status="preliminary", document=document))
    _header, context, description, failed, kpis, *_ = api.calls[-1][1]["blocks"]
    assert " · preliminary · " in context["elements"][0]["text"]
    assert description["text"]["text"] == "All &lt;flights&gt;."
    assert failed["text"]["text"] == "1 view could not be made: Rows"
    assert kpis["fields"][0]["text"].startswith("*M* at all \u200b_\u200bgates\u200b_\u200b\n")


@pytest.mark.parametrize("mark", ["&", "*", "x", "`", "a  b ", "\n\n"])
def test_no_text_is_longer_than_slack_takes(api, mark):
    content = Shown(view("v", mark * 4_000, title=mark * 900, description=mark * 900))
    slack(api).deliver(announcement(metric(1, title=mark * 900), content=content))
    assert len(api.messages) == 1


def test_tables_keep_their_columns_and_texts_are_text(api):
    table = view("rows", "carrier  flights\nUA           17 & `x`", html="<table></table>")
    content = Shown(table, view("words", "Read *this* <now>"), view("bad", error="no such table"))
    slack(api).deliver(announcement(metric(1), content=content))
    rows, words, bad = (block["text"]["text"] for block in api.calls[-1][1]["blocks"][3:-2])
    assert rows == "*Rows*\n```\ncarrier  flights\nUA           17 &amp; ˋxˋ\n```"
    assert words.startswith("*Words*\nRead \u200b*\u200bthis")
    assert "&lt;now&gt;" in words
    assert bad == "*Bad*\n✗ This view could not be made. no such table"


def test_long_views_are_cut_and_many_end_before_the_limits(api):
    long = "\n".join(f"line {number} {'x' * 300}" for number in range(90))
    content = Shown(*(view(f"v{number}", long) for number in range(60)))
    slack(api).deliver(announcement(metric(1), content=content))
    blocks = api.calls[-1][1]["blocks"]
    assert blocks[-2]["type"] == "actions"
    assert 4 < len(blocks) < 50
    assert blocks[3]["text"]["text"].endswith("… the rest is on the page")
    left_out = blocks[-3]["elements"][0]["text"]
    assert left_out.startswith(f"More on the page: V{len(blocks) - 6}, V{len(blocks) - 5}, ")


def test_a_message_is_posted_again_until_its_pictures_are_ready(api):
    api.not_ready = 3
    slack(api).deliver(announcement(metric(1), content=Shown(chart("delays"))))
    assert len(api.messages) == 1
    assert "image" in [block["type"] for block in api.calls[-1][1]["blocks"]]


def test_pictures_that_slack_never_takes_do_not_keep_the_numbers_back(api):
    api.not_ready = 99
    slack(api).deliver(announcement(metric(1), content=Shown(chart("delays"))))
    [said] = api.messages.values()
    assert "image" not in [block["type"] for block in said["blocks"]]
    assert "79.8 %" in json.dumps(said)


def test_a_revision_shows_its_own_pictures(api):
    first = slack(api).deliver(announcement(metric(1), content=Shown(chart("delays"))))
    revised = announcement(metric(1), content=Shown(chart("delays")), revision=2, before=first)
    slack(api).deliver(revised)
    [said] = api.messages.values()
    [image] = [block for block in said["blocks"] if block["type"] == "image"]
    assert image["slack_file"]["id"] == list(api.files)[1]


def test_a_token_that_may_not_upload_is_told_before_anything_is_posted(api):
    api.refuse["files"] = "missing_scope"
    with pytest.raises(OutputError) as caught:
        slack(api).deliver(announcement(metric(1), content=Shown(chart("delays"))))
    assert str(caught.value) == (
        "Slack refuses a picture: missing_scope\n"
        "  The app needs the scope files:write. Without it, set 'images: none'."
    )
    assert api.messages == {}


def test_a_connection_that_breaks_while_a_picture_is_uploaded_is_no_delivery(api):
    api.server.answers = ["reset"]
    with pytest.raises(OutputError) as caught:
        slack(api).deliver(announcement(metric(1), content=Shown(chart("delays"))))
    assert not isinstance(caught.value, UnclearDeliveryError)
    assert "broke the connection before it answered, while a picture was uploaded" in str(
        caught.value
    )
    assert "Nothing was posted. Publish again." in str(caught.value)


@pytest.mark.parametrize("images", ["preview", "none"])
def test_without_uploads_a_message_shows_the_preview_or_nothing(api, images):
    preview = "https://kpi.example.org/flights/2013-W06/preview.png"
    told = announcement(metric(1), content=Shown(chart("delays")), preview_url=preview)
    slack(api, images=images).deliver(told)
    [(_, said)] = api.calls
    shown = [block.get("image_url") for block in said["blocks"] if block["type"] == "image"]
    assert shown == ([preview] if images == "preview" else [])
    assert api.files == {}


def test_a_plan_names_the_pictures_that_would_be_uploaded(api):
    lines = slack(api).plan(announcement(metric(1), content=Shown(chart("delays"))))
    assert lines[1:] == ["upload delays-chart-1.png, 13 B"]
    assert api.calls == []


def test_owners_are_told_in_their_own_channels_and_as_it_is_written(api):
    owned = slack(api, "#kpis", notify_on_error=["C02"])
    receipt = owned.notify(replace(NOTICE, text=NOTICE.text + "x" * 9_000))
    [(path, said)] = api.calls
    assert (path, said["channel"]) == ("/api/chat.postMessage", "C02")
    assert said["blocks"][0]["text"]["text"] == said["text"] == NOTICE.subject
    section = said["blocks"][1]["text"]
    assert section["type"] == "plain_text"
    assert "rows: <no> *such* table _x_" in section["text"]
    assert len(section["text"]) <= 3_000
    assert receipt.target == owned.owners == "Slack C02"
