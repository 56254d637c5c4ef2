"""An edition as a mail: the page's numbers, nothing that mail programs cannot show, small."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html import unescape
from typing import TYPE_CHECKING

import pytest
from markupsafe import Markup

from kpisite.errors import KpisiteError, OutputError
from kpisite.model.language import read_language, speaking
from kpisite.outputs._slack_message import message
from kpisite.pipeline.plan import Task
from kpisite.pipeline.run import run_tasks
from kpisite.plugins import Blob, PluginOptions, View
from kpisite.render.templates import Templates, template_folder
from kpisite.site import mail as mail_module
from kpisite.site.announcing import announcement
from kpisite.site.archive_site import ArchiveSite
from kpisite.site.mail import MOST_BYTES, EditionContents
from kpisite.site.urls import Urls

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conftest import ProjectFiles

    from kpisite.plugins import Announcement, ShownBlock

URL = "https://kpi.example.org/"
REPORT = """\
title: Sales & co, weekly
description: What <both> shops sell.
schedule: weekly
since: 2024-01-01
until: 2024-01-15
datasources:
  shop:
    plugin: duckdb
    args: {files: {sales: sales.csv}}
views:
  total:
    plugin: single_stat
    title: Total
    args:
      datasource: shop
      query: select sum(amount) from sales where day >= {from} and day < {to}
      compare: previous
      target: 900
      good: up
  east:
    plugin: single_stat
    title: East
    args:
      datasource: shop
      query: select sum(amount) from sales where shop = 'east' and day >= {from} and day < {to}
      format: currency
      currency: EUR
  words:
    plugin: text
    args: {text: "Sold **{{ metrics.total }}**, see [the archive](../archive/)."}
  a_day:
    plugin: plot
    title: A day <b>
    args:
      datasource: shop
      query: |
        select day, shop, amount from sales where day >= {from} and day < {to} order by day, shop
      groupby: shop
  shops:
    plugin: table
    args:
      datasource: shop
      bars: [amount]
      query: |
        select shop, sum(amount) as amount from sales
        where day >= {from} and day < {to} group by shop order by shop
"""


def announced(
    project: ProjectFiles, key: str = "sales/2024-W02", look: Sequence = (), url: str = URL
) -> Announcement:
    """Return an edition as people are told of it, of a site that was built without MkDocs."""
    entries = project.archive.editions()
    site = ArchiveSite(entries, Templates(look), Urls(), "code")
    folder = project.folder / "site"
    for planned in site.editions():
        for asset in planned.content().assets:
            path = folder / asset.uri
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(asset.content)
    [entry] = [entry for entry in entries if entry.key == key]
    contents = EditionContents(site, folder)
    return announcement(entry, None, folder=folder, site_url=url, content=contents.of)


@pytest.fixture
def sold(project: ProjectFiles) -> ProjectFiles:
    project.write(REPORT)
    project.run()
    return project


def block(told: Announcement, id_: str) -> ShownBlock:
    [found] = [block for block in told.content.blocks() if block.id == id_]
    return found


def shown(html: str) -> str:
    """Return the text of HTML on one line."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def test_mail_text_and_page_say_the_same_numbers(sold):
    told = announced(sold)
    mail = told.content.mail()
    assert len(told.document["metrics"]) == 2
    for metric in told.document["metrics"]:
        for text in (metric["text"], metric["title"]):
            assert text in shown(mail.html)
            assert text in mail.text
    assert "▲ up 539" in shown(mail.html)
    assert "up 539 vs week 1" in mail.text
    assert "✗ target 900 missed by 53" in shown(mail.html)
    assert [metric.name for metric in told.metrics] == ["total", "east"]


def test_a_number_is_in_its_label_wherever_it_stands_for_itself(project):
    project.write(REPORT.replace("      target: 900\n", "      label: some {stat} <pieces>\n", 1))
    project.run()
    told = announced(project)
    mail, slack = told.content.mail(), message(told, [], {}, "")
    assert "some 847 &lt;pieces&gt;" in mail.html
    assert "Total: some 847 <pieces>\n" in mail.text
    assert "some 847 &lt;pieces&gt;\n" in slack["blocks"][3]["fields"][0]["text"]
    assert "Total some 847 <pieces>, up 539" in told.text
    assert told.document["metrics"][0]["text"] == "some 847 <pieces>"
    assert "Sold <strong>847</strong>" in mail.html


def test_a_mail_says_whose_and_of_when_it_is_and_leads_to_the_page(sold):
    mail = announced(sold).content.mail()
    for text in ("Sales & co, weekly", "Week 2, 2024", "8 – 14 January 2024", "sealed"):
        assert text in shown(mail.html)
        assert text in mail.text
    assert f'href="{URL}sales/2024-W02/"' in mail.html
    assert f"{URL}sales/2024-W02/\n" in mail.text
    assert "What &lt;both&gt; shops sell." in mail.html
    assert "What <both> shops sell." in mail.text


def test_a_chart_is_a_sharp_picture_with_its_size_and_words(sold):
    told = announced(sold)
    *_, picture = told.content.mail().pictures
    assert picture.name == "a_day-chart-1.png"
    assert picture.width == 552
    width, height = (int.from_bytes(picture.data[at : at + 4]) for at in (16, 20))
    assert (width, height) == (2 * picture.width, pytest.approx(2 * picture.height, abs=2))
    assert picture.alt.startswith("A day <b>. Line chart of east and west")
    html = told.content.mail().html
    assert 'src="cid:a_day-chart-1.png"' in html
    assert f'width="552" height="{picture.height}"' in html
    assert f'alt="{picture.alt}"' in html
    words = picture.alt.removeprefix("A day <b>. ")
    assert words in " ".join(told.content.mail().text.split())
    assert "kpi-rows" not in block(told, "a_day").html


def test_a_kpi_shows_its_last_editions(sold):
    pictures = announced(sold).content.mail().pictures
    names = ["total-spark.png", "east-spark.png", "a_day-chart-1.png"]
    assert sorted(picture.name for picture in pictures) == sorted(names)
    assert announced(sold, "sales/2024-W01").content.mail().html.count("spark.png") == 0


def test_without_what_draws_pictures_a_chart_is_its_data(sold, monkeypatch):
    monkeypatch.setattr(mail_module, "can_draw", lambda: False)
    told = announced(sold)
    assert told.content.mail().pictures == []
    assert "cid:" not in told.content.mail().html
    text = block(told, "a_day").text
    assert re.search(r"2024-01-08 +west +80", text)
    assert "kpi-rows" in block(told, "a_day").html
    assert "Line chart of east and west" in shown(block(told, "a_day").html)


def test_tables_and_texts_are_what_the_page_shows(sold):
    told = announced(sold)
    assert block(told, "shops").text == "Shop  Amount\neast      77\nwest     770"
    assert "kpi-bar" not in block(told, "shops").html
    assert block(told, "words").html == (
        f'<p>Sold <strong>847</strong>, see <a href="{URL}sales/archive/">the archive</a>.</p>'
    )


def test_plain_text_fits_a_terminal_and_parts_no_number_from_its_unit(project):
    words = " ".join(f"{number} min" for number in range(1_000, 1_100))
    project.write(REPORT.replace("Sold **{{ metrics.total }}**", f"{words}\\n\\n- {words}"))
    project.run()
    mail = announced(project).content.mail()
    lines = mail.text.splitlines()
    assert max(len(line) for line in lines) <= 78
    assert not [line for line in lines if re.search(r" 10\d\d$", line)]
    assert "\n- 1000 min 1001 min" in mail.text
    assert re.search(r"\n  \d+ min", mail.text)
    assert "\n-- \nRun on" in mail.text


def test_plain_text_says_where_links_lead_numbers_items_and_leaves_out_colours(project):
    words = "Sold **{{ metrics.total }}**, see [the archive](../archive/)."
    text = rf"1. [All](../archive/)\n2. *That*\n\nSee\n\n- <{URL}>"
    project.write(REPORT.replace(words, text))
    project.run()
    told = announced(project)
    assert block(told, "words").text == f"1. All ({URL}sales/archive/)\n2. That\n\nSee\n\n- {URL}"
    assert block(told, "a_day").text.startswith("Line chart of east and west by day")


def test_a_mail_has_nothing_that_mail_programs_cannot_show(sold):
    html = announced(sold).content.mail().html
    for wrong in ("<script", "<svg", "<template", "<details", "var(--", "kpi-hidden", "position:"):
        assert wrong not in html
    inlined, _, rest = html.partition("</head>")
    assert inlined.count("<style") == 1
    assert "@media" in inlined
    assert rest.count('style="') > 30
    assert not re.search(r'\b(?:src|href)="(?!https://kpi\.example\.org/|cid:)', rest)


def test_cards_are_cells_of_tables_that_outlook_lays_out(sold):
    """Outlook on Windows lays out as Word does: by tables and their attributes."""
    html = announced(sold).content.mail().html
    laid_out = r"(?:display:\s*(?:flex|grid)|float:|position:|transform:|calc\()"
    assert re.search(laid_out, html.partition("<body")[2]) is None
    [deck] = re.findall(r'<table class="deck"[^>]*>.*?</table></td></tr>', html, re.DOTALL)
    for attribute in ('role="presentation"', 'width="100%"', 'border="0"', 'cellspacing="10"'):
        assert attribute in deck.partition(">")[0]
    cards = re.findall(r'<td class="card"([^>]*)>(.*?)(?=<td class="card"|\Z)', deck, re.DOTALL)
    assert [shown(text).split()[0] for _, text in cards] == ["Total", "East"]
    assert all('width="50%"' in told and "padding" in told for told, _ in cards)
    outer, inner = html.index("<!--[if mso]><table"), html.index('class="sheet"')
    assert outer < inner < html.index("<!--[if mso]></td></tr></table>")


def test_two_hundred_kpis_are_all_named_and_the_mail_stays_small(project):
    kpi = REPORT[REPORT.index("  total:") : REPORT.index("  east:")]
    many = [kpi.replace("total:", f"kpi{n}:").replace("Total", f"Number {n}.") for n in range(200)]
    project.write(REPORT[: REPORT.index("  total:")] + "".join(many))
    project.run()
    told = announced(project)
    mail = told.content.mail()
    assert len(mail.html.encode()) <= MOST_BYTES
    for text in (shown(mail.html), shown(mail.text)):
        assert [n for n in range(200) if f"Number {n}." not in text] == []
    posted = message(told, [], {}, "")
    assert len(posted["blocks"]) <= 50


def test_without_the_site_address_there_are_no_links(sold):
    mail = announced(sold, url="").content.mail()
    assert "href=" not in mail.html
    assert "http" not in mail.text


def test_the_same_edition_gives_the_same_mail_and_is_made_once(sold):
    one, other = announced(sold), announced(sold)
    assert one.content.mail() == other.content.mail()
    assert one.content.mail() is one.content.mail()


def test_nothing_is_made_for_those_who_do_not_ask(sold, monkeypatch):
    told = announced(sold)
    monkeypatch.setattr(ArchiveSite, "edition", lambda *_: pytest.fail("it was loaded"))
    assert told.text.startswith("Week 2, 2024")
    assert told.content is not None


def test_tables_are_the_files_that_the_page_offers(sold):
    files = announced(sold).content.tables()
    names = ["sales-2024-W02-a_day.csv", "sales-2024-W02-shops.csv"]
    assert [file.name for file in files] == names
    assert files[1].data == b"shop,amount\neast,77\nwest,770\n"
    assert files[1].url == f"{URL}sales/2024-W02/shops/sales-2024-W02-shops.csv"


def test_a_view_that_could_not_be_made_says_so(project):
    broken = REPORT.replace("select shop, sum(amount) as amount", "select nothing as amount")
    project.write(broken)
    project.run()
    told = announced(project)
    assert "nothing" in block(told, "shops").error
    mail = told.content.mail()
    assert "This view could not be made." in shown(mail.html)
    assert "This view could not be made." in mail.text
    assert "preliminary" in mail.text


def test_a_revision_says_what_was_said_before(sold):
    sales = sold.content / "sales" / "sales.csv"
    sales.write_text(sales.read_text().replace("2024-01-08,east,8", "2024-01-08,east,108"))
    [report] = sold.load()
    [entry] = [one for one in sold.archive.editions() if one.label == "2024-W02"]
    task = Task(report, entry.period, "forced", revision=2, why="one <row> came late")
    list(run_tasks([task], sold.archive, sold.now))
    told = announced(sold)
    mail = told.content.mail()
    slack = json.dumps(message(told, [], {}, ""), ensure_ascii=False)
    for text in (shown(mail.html), mail.text, slack):
        assert "These numbers were revised." in text
        assert "Total: was 847, now 947" in " ".join(text.split())
        assert "sealed, revised · data until 14 January 2024, 23:59 · UTC" in text
        assert "Reason: one " in text
        assert "came late" in text
    assert "Reason: one <row> came late" in mail.text
    assert "Reason: one &lt;row&gt; came late" in mail.html


def test_long_tables_are_cut_until_gmail_shows_all_of_a_mail(project):
    tables = "".join(
        f"  rows_{number}:\n    plugin: table\n    args:\n      datasource: shop\n"
        "      max_rows: 200\n"
        f"      query: select 'row ' || i as name, i as {'x' * 30} from range(200) t(i)\n"
        for number in range(12)
    )
    project.write(REPORT + tables)
    project.run()
    mail = announced(project).content.mail()
    assert len(mail.html.encode()) <= MOST_BYTES
    assert f'href="{URL}sales/2024-W02/rows_11/"' in mail.html
    assert "more rows" in shown(mail.html)


def test_a_project_has_its_own_mail(sold):
    look = sold.folder / "look"
    (look / "mail").mkdir(parents=True)
    (look / "mail" / "edition.html").write_text("<p>Mine: {{ edition.title }}</p>")
    assert "Mine: Sales &amp; co" in announced(sold, look=[look]).content.mail().html


def test_a_new_mail_changes_no_page(sold):
    look = sold.folder / "look"
    (look / "mail").mkdir(parents=True)
    before = Templates([look]).digest
    (look / "mail" / "edition.html").write_text("<p>Mine</p>")
    assert Templates([look]).digest == before
    (look / "pages").mkdir()
    (look / "pages" / "edition.html").write_text("<p>Mine</p>")
    assert Templates([look]).digest != before


def test_a_drawing_that_cannot_be_read_is_left_out(sold, monkeypatch):
    def unread(*_args: object, **_more: object) -> str:
        raise KpisiteError("it is no SVG")

    monkeypatch.setattr(mail_module, "fixed_svg", unread)
    monkeypatch.setattr(mail_module, "sparkline_svg", lambda _: "")
    told = announced(sold)
    assert told.content.mail().pictures == []
    assert "kpi-rows" in block(told, "a_day").html


class Maps(View):
    """Shows pictures."""

    class Options(PluginOptions):
        names: list[str]

    options: Options

    def render_md(self, frames, page):
        blobs = [
            Blob(name, f"{self.id} {name}".encode(), "image/png") for name in self.options.names
        ]
        return Markup("".join(f'<img src="{page.blob(blob)}" alt="">' for blob in blobs))


def test_each_picture_has_a_name_of_its_own(project):
    views = {"a": ["b-c.png", "gr\u00f6\u00dfe.png", "gr\u00fc\u00dfe.png"], "a-b": ["c.png"]}
    project.write(
        "title: Maps\nschedule: weekly\nsince: 2024-01-01\nuntil: 2024-01-15\nviews:\n"
        + "".join(
            f"  {id_}: {{plugin: '{__name__}:Maps', args: {{names: {json.dumps(names)}}}}}\n"
            for id_, names in views.items()
        )
    )
    project.run()
    told = announced(project)
    mail = told.content.mail()
    assert [picture.data.decode() for picture in mail.pictures] == [
        f"{id_} {name}" for id_, names in views.items() for name in names
    ]
    assert mail.pictures[0].name == "a-b-c.png"
    assert all(f'src="cid:{picture.name}"' in mail.html for picture in mail.pictures)
    shown_by = [picture for one in told.content.blocks() for picture in one.pictures]
    assert shown_by == mail.pictures


def test_a_mail_speaks_the_language_of_the_site(sold):
    with speaking(read_language("de", [template_folder() / "locale"])):
        mail = announced(sold).content.mail()
    assert '<html lang="de"' in mail.html
    assert "besser" in mail.text
    assert "Bericht öffnen" in mail.html


def test_an_edition_that_is_not_the_one_of_the_site_is_no_mail(sold):
    told = announced(sold)
    told.content.entry = replace(told.content.entry, revision=2)
    with pytest.raises(OutputError, match="has changed since the site was built"):
        told.content.mail()


def test_the_pictures_need_no_font_of_the_machine(sold):
    first = announced(sold).content.mail().pictures[0].data
    assert first == announced(sold).content.mail().pictures[0].data
    assert first.startswith(b"\x89PNG")


@pytest.mark.parametrize("url", [URL, ""])
def test_a_picture_has_an_address_where_the_site_has_both(sold, url):
    assert announced(sold, url=url).preview_url == ""
    folder = sold.folder / "site" / "sales" / "2024-W02"
    (folder / "preview.png").write_bytes(b"PNG")
    preview = f"{URL.rstrip('/')}/sales/2024-W02/preview.png" if url else ""
    assert announced(sold, url=url).preview_url == preview
