"""What a page says to other programs, after Material has changed pages without loading one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

NAMES = ("meta[property]", "meta[name=description]", "link[rel~=alternate]")
LINKS = ("link[rel=canonical]", "link[rel=prev]", "link[rel=next]")
TAGS = f"""() => [...document.head.querySelectorAll('{", ".join([*NAMES, *LINKS])}')].map(
  tag => [tag.rel, tag.getAttribute('property'), tag.type, tag.href ?? tag.content].join(' ')
).sort()"""


def test_after_instant_navigation_a_page_has_the_head_that_it_has_when_loaded(
    browser: Browser, address: str
) -> None:
    page = browser.new_page()
    page.goto(f"{address}flights/2013-W05/")
    page.wait_for_load_state("networkidle")
    page.evaluate("window.stayed = true")
    go_to_next(page)
    assert page.evaluate("window.stayed"), "the page was loaded after all"
    tags = page.evaluate(TAGS)
    assert f"alternate describedby  application/json {address}flights/2013-W06/edition.json" in tags
    loaded = browser.new_page()
    loaded.goto(f"{address}flights/2013-W06/")
    assert tags == loaded.evaluate(TAGS)
    page.close()
    loaded.close()


def go_to_next(page: Page) -> None:
    page.click(".kpi-pager a[rel=next]")
    page.wait_for_function("document.querySelector('h1').textContent.includes('Week 6, 2013')")
    page.wait_for_function("document.querySelector('link[rel=next]').href.endsWith('2013-W07/')")
