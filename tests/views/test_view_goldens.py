"""Every built-in view as people see it: on a page, in a mail, in Slack; compared with goldens."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, get_args

import css_inline
import pytest
import yaml
from golden import GOLDENS, check, strays

from kpisite.archive.store import Archive
from kpisite.mkdocs_plugin.build import build_site
from kpisite.outputs._slack_message import message
from kpisite.outputs.slack import _views
from kpisite.site.announcing import announcement
from kpisite.site.mail import EditionContents
from kpisite.views.plot import Plot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kpisite.plugins import Announcement, ShownBlock

FOLDER = GOLDENS / "views"
INPUT = ("report.yml", "sales.csv", "services.py")
FORMS = ("page.html", "mail.html", "mail.txt", "slack.json")
VIEWS: dict[str, Any] = yaml.safe_load((FOLDER / "report.yml").read_text(encoding="utf-8"))["views"]
EDITION = "goldens/2024-W03"
MKDOCS = """\
site_name: Goldens
site_url: https://kpi.example.org/
theme: {name: material, font: false}
plugins: [kpisite]
"""


@pytest.fixture(scope="module")
def forms(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """Return for each view its forms, from the archive and the site of the goldens' report."""
    folder = tmp_path_factory.mktemp("goldens")
    report = folder / "docs" / "goldens"
    report.mkdir(parents=True)
    for name in INPUT:
        shutil.copy(FOLDER / name, report)
    (folder / "mkdocs.yml").write_text(MKDOCS)
    now = datetime(2024, 2, 1, 12, tzinfo=UTC)
    built = build_site(
        str(folder / "mkdocs.yml"), now=now, log=lambda line: None, allowed=["goldens"]
    )
    assert len(built.failures) == 3  # the view `failed`, in each edition
    entries = Archive(str(folder / "archive")).editions()
    [entry] = [entry for entry in entries if entry.key == EDITION]
    contents = EditionContents(built.archive, built.folder)
    told = announcement(entry, None, folder=built.folder, site_url=built.url, content=contents.of)
    assert told.content is not None
    blocks = {block.id: block for block in told.content.blocks()}
    page = (built.folder / EDITION / "index.html").read_text(encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(css_inline.CSSInliner, "inline", lambda self, html: html)
        mail = told.content.mail()
    in_slack = _views(told)
    mails = re.finditer(r'<td class="(?:card|block)"', mail.html)
    mail_html = dict(zip(blocks, (element(mail.html, at.start()) for at in mails), strict=True))
    mail_txt = dict(zip(blocks, mail_parts(mail.text, list(blocks.values())), strict=True))
    return {
        id_: {
            "page.html": lines(without_bokeh(element(page, section(page, id_)))),
            "mail.html": lines(mail_html[id_]),
            "mail.txt": mail_txt[id_],
            "slack.json": slack_blocks(told, id_, in_slack),
        }
        for id_ in blocks
    }


def section(page: str, id_: str) -> int:
    """Return where the block of a view begins on the edition's page."""
    [found] = re.finditer(rf'<section [^>]*id="{id_}"', page)
    return found.start()


def element(html: str, start: int) -> str:
    """Return the element that begins there, as it is."""
    name, depth = html[start + 1 :].split(maxsplit=1)[0], 0
    for tag in re.compile(rf"<(/?){name}\b").finditer(html, start):
        depth += -1 if tag[1] else 1
        if not depth:
            return html[start : html.index(">", tag.start()) + 1]
    raise AssertionError(f"<{name}> has no end")


def without_bokeh(html: str) -> str:
    """Return a page's HTML without the JSON of charts, which is of one version of Bokeh."""
    html = re.sub(r"<template>.*?</template>", "<template></template>", html, flags=re.DOTALL)
    return re.sub(r'data-kpi-bokeh="[^"]*"', 'data-kpi-bokeh=""', html)


def lines(html: str) -> str:
    """Return HTML with an element on each line, so that a difference can be read."""
    broken = (line.strip() for line in html.replace("><", ">\n<").splitlines())
    return "\n".join(filter(None, broken)) + "\n"


def mail_parts(text: str, blocks: Sequence[ShownBlock]) -> list[str]:
    """Return what a mail's text says of each view: from its title to that of the next."""
    starts = []
    for block in blocks:
        starts.append(text.index(f"\n{block.title}", starts[-1] + 1 if starts else 0))
    ends = [*starts[1:], text.index("\n-- \n")]
    return [text[a:b].strip() + "\n" for a, b in zip(starts, ends, strict=True)]


def slack_blocks(told: Announcement, id_: str, shown: Sequence[ShownBlock]) -> str:
    """Return the blocks of a message on one view, as JSON; of KPIs only their numbers are shown."""
    metrics = [metric for metric in told.document["metrics"] if metric["name"].split("/")[0] == id_]
    views = [view for view in shown if view.id == id_]
    files = {picture.name: f"id of {picture.name}" for view in views for picture in view.pictures}
    own = [view for view in told.document["views"] if view["id"] == id_]
    told = replace(told, document={**told.document, "metrics": metrics, "views": own})
    [_header, _period, *blocks, _button, _provenance] = message(told, views, files, "")["blocks"]
    return json.dumps(blocks, ensure_ascii=False, indent=1) + "\n"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("view", VIEWS)
def test_a_view_is_shown_as_its_golden_says(
    forms: dict[str, dict[str, str]], view: str, form: str
) -> None:
    check(f"views/{view}/{form}", forms[view][form])


def test_every_golden_belongs_to_a_view() -> None:
    made = {f"{view}/{form}" for view in VIEWS for form in FORMS}
    assert strays("views", {*made, *INPUT}) == set()


def test_every_built_in_view_and_every_kind_of_plot_has_goldens() -> None:
    points = entry_points(group="kpisite.views")
    built_in = {point.name for point in points if point.value.startswith("kpisite.")}
    assert built_in <= {view["plugin"] for view in VIEWS.values()}
    kinds = {
        view["args"].get("kind", "line") for view in VIEWS.values() if view["plugin"] == "plot"
    }
    assert kinds == set(get_args(Plot.Options.model_fields["kind"].annotation))
