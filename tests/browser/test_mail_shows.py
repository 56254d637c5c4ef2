"""The mail of an edition of the demo in a browser: nothing overflows, charts show, axe agrees."""

from __future__ import annotations

import base64
import email
from datetime import UTC, datetime
from email.policy import default
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe

from kpisite.archive.store import Archive
from kpisite.outputs.smtp import SMTP
from kpisite.plugins import OutputContext
from kpisite.render.templates import Templates
from kpisite.site.announcing import announcement
from kpisite.site.archive_site import ArchiveSite
from kpisite.site.mail import MOST_BYTES, EditionContents
from kpisite.site.urls import Urls

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from kpisite.plugins import Announcement

pytestmark = pytest.mark.browser

KEY = "flights/2013-W06"
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


def announced(demo, key: str) -> Announcement:
    """Return an edition of the built site as people are told of it."""
    entries = Archive(str(demo.archive)).editions()
    contents = EditionContents(ArchiveSite(entries, Templates(), Urls(), "code"), demo.site)
    [entry] = [entry for entry in entries if entry.key == key]
    return announcement(
        entry,
        None,
        folder=demo.site,
        site_url=f"http://127.0.0.1:{demo.port}/",
        now=datetime(2026, 1, 15, 6, tzinfo=UTC),
        content=contents.of,
    )


@pytest.fixture(scope="module")
def told(demo) -> Announcement:
    return announced(demo, KEY)


@pytest.fixture(scope="module")
def mail(told) -> str:
    """What a mail program shows of the raw message: its HTML, with the pictures that it has."""
    given = {"email_from": "a@example.org", "email_to": "b@example.org", "smtp_host": "x"}
    driver = SMTP(SMTP.Options.model_validate(given), OutputContext("team", Path()))
    raw = driver.message(told).as_bytes()
    message = email.message_from_bytes(raw, policy=default)
    html = message.get_body(("html",)).get_content()
    assert len(html.encode()) < MOST_BYTES
    for part in message.walk():
        if part.get_content_maintype() == "image":
            data = base64.b64encode(part.get_content()).decode()
            html = html.replace(f"cid:{part['Content-ID'][1:-1]}", f"data:image/png;base64,{data}")
    assert "cid:" not in html
    return html


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 600])
def test_a_mail_shows_whole_on_a_phone_and_in_a_mail_program(
    browser: Browser, mail, told, artifacts, width, scheme
):
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.set_content(mail)
    page.screenshot(path=artifacts / f"mail-{width}-{scheme}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator(".spark img:visible").count() == (4 if width == 600 else 0)
    pictures = page.locator("img.chart")
    assert pictures.count() == 3
    for picture in pictures.all():
        drawn, wide = picture.evaluate("image => [image.naturalWidth, image.clientWidth]")
        assert drawn == 2 * 552
        assert width * 0.85 <= wide <= 552
    text = " ".join(page.locator("body").inner_text().split())
    for metric in told.document["metrics"]:
        assert metric["text"] in text
    found = Axe().run(page, options=RULES).response["violations"]
    page.close()
    assert [(one["id"], [node["html"][:160] for node in one["nodes"][:3]]) for one in found] == []


def test_a_wide_table_fits_a_phone(browser: Browser, demo):
    html = announced(demo, "carriers/2013-02").content.mail().html
    page = browser.new_page(viewport={"width": 360, "height": 800})
    page.set_content(html)
    for element in ("html", ".kpi-table"):
        wide, shown = page.locator(element).evaluate("one => [one.scrollWidth, one.clientWidth]")
        assert wide <= shown
    page.close()


def test_a_mail_and_the_page_say_the_same(browser: Browser, address, mail):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{address}{KEY}/")
    table = page.locator("#destinations .kpi-rows td").all_inner_texts()
    words = page.locator("#summary p").inner_text()
    page.set_content(mail)
    mailed = page.locator(".kpi-rows td").all_inner_texts()
    said = page.locator("body").inner_text()
    page.close()
    assert table
    assert [cell.strip() for cell in mailed] == [cell.strip() for cell in table]
    assert " ".join(words.split()) in " ".join(said.split())
