"""Charts as a reader meets them: SVG at once, Bokeh in its place when it is wanted."""

from __future__ import annotations

import gzip
import io
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image, ImageChops

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

TEMPLATES = Path(__file__).parents[2] / "site_template"
CONFIG = f"""
site_name: Kinds
docs_dir: content
theme: {{name: material, custom_dir: {TEMPLATES}, font: false}}
plugins: [kpisite]
"""
REPORT = """\
title: Kinds
schedule: weekly
since: 2024-01-01
until: 2024-01-08
datasources:
  made: {plugin: duckdb}
views:
  hours:
    plugin: plot
    title: By hour and day
    args:
      datasource: made
      kind: heatmap
      query: |
        select hour, ['Mon', 'Tue', 'Wed', 'Thu', 'Fri'][day] as day,
          (hour * 7 + day * 13) % 50 as n
        from range(6, 22) hours(hour), range(1, 6) days(day) where hour + day <> 12
        order by day
      groupby: day
  days:
    plugin: plot
    title: By day
    cols: 3
    args:
      datasource: made
      kind: heatmap
      query: |
        select timestamp '2024-01-01' + to_days(day::int) as time, shop, day * 3.5 as n
        from range(7) days(day), (values ('east'), ('west')) shops(shop)
      groupby: shop
      precision: 1
  boxes:
    plugin: plot
    title: Boxes by name
    cols: 3
    args:
      datasource: made
      kind: box
      query: |
        select ['ann', 'bob', 'cy'][1 + n % 3] as name, (n * n) % 97 + (n % 3) * 20 as value
        from range(90) numbers(n) union all select 'bob', 300
        order by name
      lines: [{at: 100, label: limit}]
  marks:
    plugin: plot
    title: A line and bands
    cols: 3
    args:
      datasource: made
      query: |
        select timestamp '2024-01-01' + to_days(day::int) as time, 0.7 + day * 0.03 as share
        from range(7) days(day)
      format: percent
      lines: [{at: 0.8, label: target}]
      bands: [{low: 0.75, high: 0.8, label: nearly}, {high: 0.7}]
      annotations:
        - {x: 2024-01-03, label: "First, rather long"}
        - {x: 2024-01-04, label: "Second, rather long"}
        - {x: 2024-01-05T12:00, label: Third}
        - {x: 2025-01-01, label: Later}
  log:
    plugin: plot
    title: On a log scale
    cols: 3
    args:
      datasource: made
      scale: log
      query: select n as x, power(3, n) as growth, 40 + n as rest from range(1, 9) made(n)
      lines: [{at: 500, label: limit}]
  right:
    plugin: plot
    title: Two axes
    cols: 3
    args:
      datasource: made
      query: select n as x, n * n as area, 1 / (1 + n) as share from range(1, 9) made(n)
      secondary: {series: [share], format: percent}
  shares:
    plugin: plot
    title: Shares
    cols: 3
    args:
      datasource: made
      kind: bar
      stacked: percent
      annotations: [{x: 3, label: Begun}]
      query: select n as x, n as first, 9 - n as second from range(1, 9) made(n)
  lying:
    plugin: plot
    title: Lying bars
    cols: 3
    args:
      datasource: made
      kind: barh
      query: select name, n from (values ('ann', 10), ('bob', 20), ('cy', 30)) made(name, n)
      time_column: name
      lines: [{at: 15, label: target}]
      bands: [{low: 25, label: plenty}]
"""
"""A view of each kind of plot that the demo has not; its numbers are made up by its queries."""

pytestmark = pytest.mark.browser

EDITION = "flights/2013-W06/"
MONTH = "carriers/2013-02/"
NEVER_IDLE = "window.requestIdleCallback = () => 0"
SAVES_DATA = "Object.defineProperty(navigator, 'connection', {value: {saveData: true}})"
MOUNTED = "document.querySelectorAll('[data-kpi-mounted]').length"
SHIFTS = """() => new Promise((resolve) => {
  new PerformanceObserver((list) => resolve(
    list.getEntries().reduce((sum, entry) => sum + entry.value, 0)
  )).observe({type: "layout-shift", buffered: true});
  setTimeout(() => resolve(0), 1000);
})"""


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Any]:
    contexts = []

    def start(address: str, *scripts: str, **options: Any) -> Page:
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        for script in scripts:
            page.add_init_script(script)
        page.goto(address)
        return page

    yield start
    for context in contexts:
        context.close()


def touch(page: Page) -> None:
    charts = page.locator(".kpi-chart")
    for chart in charts.all():
        chart.dispatch_event("pointerenter")
    page.wait_for_function(f"{MOUNTED} === {charts.count()}")
    page.wait_for_timeout(300)  # for Bokeh to paint what it has laid out


def without_scripts(open_page: Any, address: str, **options: Any) -> Page:
    page: Page = open_page(address, java_script_enabled=False, **options)
    return page


@pytest.mark.parametrize("path", [EDITION, MONTH])
def test_without_scripting_numbers_charts_tables_and_texts_are_there(open_page, address, path):
    page = without_scripts(open_page, address + path)
    assert page.locator(".kpi-value").first.is_visible()
    assert page.locator(".kpi-rows:visible").count() > 0
    page.locator("summary", has_text="Data").first.click()
    assert page.locator(".kpi-data .kpi-rows").first.is_visible()
    for still in page.locator(".kpi-still").all():
        assert still.is_visible()
        assert still.locator("text").count() > 3
        assert still.locator("path, rect, circle").count() > 3


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("path", [EDITION, MONTH])
def test_a_chart_stays_where_it_is_when_bokeh_takes_its_place(
    open_page, address, artifacts: Path, path, width
):
    page = open_page(address + path, NEVER_IDLE, viewport={"width": width, "height": 900})
    before = page.screenshot(full_page=True)
    assert page.evaluate(MOUNTED) == 0
    touch(page)
    after = page.screenshot(full_page=True)
    name = path.replace("/", "-")
    (artifacts / f"still-{name}{width}.png").write_bytes(before)
    (artifacts / f"live-{name}{width}.png").write_bytes(after)
    assert _different(before, after) < 0.004


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an edition with a view of each kind that the demo has not."""
    folder = tmp_path_factory.mktemp("kinds")
    report = folder / "content" / "kinds" / "report.yml"
    report.parent.mkdir(parents=True)
    report.write_text(REPORT, encoding="utf-8")
    (folder / "mkdocs.yml").write_text(CONFIG, encoding="utf-8")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict"]
    built = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    handler = partial(_Quiet, directory=str(folder / "site"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/kinds/2024-W01/"
    server.shutdown()
    server.server_close()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        pass


@pytest.mark.parametrize("palette", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_each_kind_stays_where_it_is_when_bokeh_takes_its_place(
    open_page, kinds, artifacts: Path, width, palette
):
    view = {"viewport": {"width": width, "height": 900}}
    page = open_page(kinds, NEVER_IDLE, **view)
    scheme = "slate" if palette == "dark" else "default"
    page.evaluate(f"document.body.setAttribute('data-md-color-scheme', '{scheme}')")
    before = page.screenshot(full_page=True)
    touch(page)
    after = page.screenshot(full_page=True)
    (artifacts / f"still-kinds-{width}-{palette}.png").write_bytes(before)
    (artifacts / f"live-kinds-{width}-{palette}.png").write_bytes(after)
    assert _different(before, after) < 0.004


def _different(before: bytes, after: bytes) -> float:
    """Return the share of places that look different; a place is 4 pixels wide and high."""
    pictures = [Image.open(io.BytesIO(data)).convert("L") for data in (before, after)]
    assert pictures[0].size == pictures[1].size
    small = [picture.reduce(4) for picture in pictures]
    difference = ImageChops.difference(*small).histogram()
    return sum(difference[48:]) / sum(difference)


def test_where_data_is_saved_a_chart_waits_for_a_touch(open_page, address):
    page = open_page(address + EDITION, SAVES_DATA)
    page.locator("#kpi-flights_a_day").scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    assert page.evaluate(MOUNTED) == 0
    page.locator("#kpi-flights_a_day").hover()
    page.wait_for_function(f"{MOUNTED} === 1")


def test_the_keyboard_brings_a_chart_to_life(open_page, address):
    page = open_page(address + EDITION, NEVER_IDLE)
    page.locator("#kpi-flights_a_day").focus()
    page.wait_for_function(f"{MOUNTED} === 1")


def test_the_browsers_idle_moments_bring_charts_near_the_viewport_to_life(open_page, address):
    page = open_page(address + EDITION, viewport={"width": 1280, "height": 900})
    page.wait_for_function(f"{MOUNTED} >= 2")


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_shifts_while_a_page_loads(open_page, address, width):
    page = open_page(address + EDITION, viewport={"width": width, "height": 900})
    page.wait_for_function(f"{MOUNTED} >= 1")
    assert page.evaluate(SHIFTS) < 0.02


def test_an_edition_shows_after_few_requests_and_bytes(open_page, browser, address, demo):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    answers: list[Any] = []
    page.on("response", lambda answer: answers.append(answer))
    page.add_init_script(SAVES_DATA)  # what comes after the charts are seen does not count,
    page.route("**/search_index.json", lambda route: route.abort())  # and that grows with the guide
    page.goto(address + EDITION, wait_until="networkidle")
    sizes = {answer.url: len(gzip.compress(answer.body())) for answer in answers}
    stills = page.locator(".kpi-still").all()
    assert len(stills) == 3
    assert all(still.is_visible() for still in stills)
    context.close()
    assert len(answers) < 25
    assert sum(sizes.values()) < 120_000, sizes


def test_the_pages_own_html_and_style_are_small(demo):
    own = [demo.site / EDITION / "index.html", demo.site / "assets/kpisite/kpisite.css"]
    assert sum(path.stat().st_size for path in own) < 150_000


def test_the_palette_changes_the_svg_at_once(open_page, address):
    page = open_page(address + EDITION, NEVER_IDLE)
    stroke = "getComputedStyle(document.querySelector('.kpi-still path[stroke*=series-1]')).stroke"
    assert page.evaluate(stroke) == "rgb(37, 99, 201)"
    page.get_by_title("Switch to dark").click()
    assert page.evaluate(stroke) == "rgb(106, 162, 255)"
