"""No page has a mistake that axe-core finds, in either palette, on a phone or on a desk."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

PAGES = (
    "",
    "flights/",
    "flights/2013-W06/",
    "flights/2013-W06/on_time/",
    "flights/2013-W06/delay_by_carrier/",
    "flights/archive/",
    "flights/archive/?kpi=on_time",
    "flights/kpis/on_time/",
    "flights/compare/?a=2013-W05&b=2013-W06",
    "guide/embed/",
    "carriers/2013-02/",
)
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
EXCEPT = {"exclude": [[".md-progress[aria-label]"]]}
"""Material's line for the time that a page loads stands outside of all landmarks."""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing(browser: Browser, address: str, width, scheme):
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    found = {}
    for path in PAGES:
        page.goto(address + path)
        page.wait_for_timeout(300)
        for violation in Axe().run(page, context=EXCEPT, options=RULES).response["violations"]:
            nodes = [node["html"][:160] for node in violation["nodes"][:3]]
            found[f"{path}: {violation['id']}"] = nodes
    context.close()
    assert found == {}


@pytest.fixture(scope="module")
def revised(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of an archive with a revised edition, which the demo does not have."""
    folder = tmp_path_factory.mktemp("revised")
    archive = Path(__file__).parent.parent / "goldens" / "archive_of_format_1"
    shutil.copytree(archive, folder / "archive")
    (folder / "docs").mkdir()
    (folder / "mkdocs.yml").write_text(
        "site_name: Small\ntheme: {name: material, font: false, language: en}\n"
        "plugins: [kpisite: {run: none}]\n"
    )
    build = [sys.executable, "-m", "mkdocs", "build", "--quiet"]
    subprocess.run(build, cwd=folder, check=True)
    return folder / "site"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_a_revised_edition_and_the_older_revision(
    browser: Browser, revised: Path, scheme
):
    context = browser.new_context(viewport={"width": 360, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    found = {}
    for path in ("sales/2024-02", "sales/revisions/2024-02/1"):
        page.goto((revised / path / "index.html").as_uri())
        assert page.get_by_role("link", name="revision").count() == 1
        for violation in Axe().run(page, context=EXCEPT, options=RULES).response["violations"]:
            found[f"{path}: {violation['id']}"] = [node["html"] for node in violation["nodes"]]
    context.close()
    assert found == {}
