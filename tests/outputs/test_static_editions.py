"""The output `static` with `what: edition`: a folder for each edition, and one for the latest."""

from __future__ import annotations

import errno
import io
import json
import os
import shutil
from pathlib import Path

import pypdf
import pytest
from pydantic import ValidationError
from required import needs

from kpisite.errors import OutputError
from kpisite.outputs import _swapping
from kpisite.outputs._swapping import MARKER
from kpisite.outputs.static import Static
from kpisite.pipeline.publish import read_site
from kpisite.plugins import OutputContext
from kpisite.plugins.browser import NAMES, Browser

WEEKS = {"2024-W01": "Sold 28", "2024-W02": "Sold 77"}
PAGE = """\
<!doctype html><html lang="en"><head><title>Sales, {period}</title>
<link rel="stylesheet" href="../../look.css"></head>
<body><nav>{around}</nav><div class="kpi-page"><h1>{period}</h1>{text}</div></body></html>
"""
PNG, PDF = b"\x89PNG", b"%PDF-"


class Project:
    """A project with a built site, and the output on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.public = folder / "public"
        self.reports: dict[str, tuple[str, dict[str, str]]] = {}

    def build(self, id_: str = "sales", title: str = "Sales, weekly", around: str = "", **weeks):
        """Build the site again, with a report."""
        editions = {**WEEKS, **{key.replace("_", "-"): text for key, text in weeks.items()}}
        self.reports[id_] = title, {key: text for key, text in editions.items() if text}
        site = self.folder / "site"
        shutil.rmtree(site, ignore_errors=True)
        site.mkdir(parents=True)
        (site / "look.css").write_text("h1 { color: #123456 }")
        rows = [{"report": one, "index_url": f"{one}/index.json"} for one in self.reports]
        (site / "index.json").write_text(json.dumps({"reports": rows}))
        for report, (title_, texts) in self.reports.items():
            for period, text in texts.items():
                page = site / report / period / "index.html"
                page.parent.mkdir(parents=True)
                page.write_text(PAGE.format(period=period, text=text, around=around))
            listed = [
                {
                    "period": period,
                    "url": f"{period}/",
                    "run": "2024-02-01T12:00:00Z",
                    "status": "preliminary" if "so far" in texts[period] else "sealed",
                }
                for period in sorted(texts, reverse=True)
            ]
            document = {"title": title_, "editions": listed}
            (site / report / "index.json").write_text(json.dumps(document))

    def driver(
        self,
        *formats: str,
        reports: tuple[str, ...] = (),
        browser: str = "",
        when: str = "sealed",
    ) -> Static:
        options = {
            "what": "edition",
            "output_dir": "public",
            "output_format": formats or ["html"],
            "when": when,
        }
        context = OutputContext("web", self.folder, reports=reports, browser=browser)
        return Static(Static.Options(**options), context)

    def deploy(self, *formats: str, **context):
        """Deploy, and return what the receipt counts."""
        driver = self.driver(*formats, **context)
        details = driver.deploy(read_site(self.folder / "site")).details
        return {name: details[name] for name in ("added", "changed", "removed")}

    def plan(self, *formats: str, **context):
        return self.driver(*formats, **context).plan(read_site(self.folder / "site"))

    def there(self) -> dict[str, str]:
        """Return what is in the folders of editions, by their names."""
        return {
            path.parent.name: path.read_text().partition("<main")[2]
            for path in sorted(self.public.glob("[!.]*/index.html"))
        }

    def names(self) -> list[str]:
        """Return what stands where the folders are."""
        return sorted(path.name for path in self.public.iterdir())

    def files(self, name: str) -> list[str]:
        return sorted(path.name for path in (self.public / name).iterdir())


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path / "project")
    made.build()
    return made


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a browser that is none has printed."""
    pages: list[str] = []

    def pdf(_: Browser, html: str, created: object) -> bytes:
        pages.append(html.partition("<h1>")[2].partition("</h1>")[0])
        return PDF + html.encode()

    monkeypatch.setattr(Browser, "pdf", pdf)
    return pages


needs_browser = needs(any(map(shutil.which, NAMES)), "no browser found")


def test_each_edition_has_a_folder_and_the_newest_one_another(project):
    assert project.deploy() == {"added": 3, "changed": 0, "removed": 0}
    there = project.there()
    assert list(there) == ["latest-sales-weekly", "sales-2024-W01", "sales-2024-W02"]
    assert "Sold 28" in there["sales-2024-W01"]
    assert "Sold 77" in there["sales-2024-W02"]
    assert there["latest-sales-weekly"] == there["sales-2024-W02"]
    html = (project.public / "sales-2024-W01/index.html").read_text()
    assert "color: #123456" in html
    assert "look.css" not in html
    assert sorted(path.name for path in project.folder.iterdir()) == ["public", "site"]


@needs_browser
def test_an_edition_may_be_there_as_html_png_and_pdf(project):
    project.deploy("html", "png", "pdf")
    for name in ("sales-2024-W02", "latest-sales-weekly"):
        assert project.files(name) == [MARKER, "index.html", f"{name}.pdf", f"{name}.png"]
        folder = project.public / name
        sheet = pypdf.PdfReader(folder / f"{name}.pdf")
        assert "Sold 77" in sheet.pages[0].extract_text()
        assert sheet.metadata.creation_date.isoformat() == "2024-02-01T12:00:00+00:00"
        assert (folder / f"{name}.png").read_bytes().startswith(PNG)


def test_what_stays_the_same_is_not_printed_again(project, printed):
    project.deploy("pdf")
    assert printed == ["2024-W02", "2024-W01"]
    before = {path: path.stat().st_ino for path in project.public.iterdir()}
    assert project.deploy("pdf") == {"added": 0, "changed": 0, "removed": 0}
    project.build(around="<a href='../other/'>Another report</a>")
    assert project.plan("pdf") == []
    assert project.deploy("pdf") == {"added": 0, "changed": 0, "removed": 0}
    assert {path: path.stat().st_ino for path in project.public.iterdir()} == before
    assert len(printed) == 2


def test_only_what_changed_is_printed(project, printed):
    project.deploy("pdf")
    project.build(**{"2024_W01": "Sold 29"})
    assert project.plan("pdf") == ["0 added, 1 changed, 0 removed", "change sales-2024-W01"]
    assert project.deploy("pdf") == {"added": 0, "changed": 1, "removed": 0}
    project.build(**{"2024_W01": "Sold 29", "2024_W03": "Sold 3"})
    assert project.deploy("pdf") == {"added": 1, "changed": 1, "removed": 0}
    assert printed == ["2024-W02", "2024-W01", "2024-W01", "2024-W03"]


def test_another_format_makes_all_again(project, printed):
    project.deploy("pdf")
    project.deploy("html", "pdf")
    assert project.files("sales-2024-W01") == [MARKER, "index.html", "sales-2024-W01.pdf"]
    project.deploy()
    assert project.files("sales-2024-W01") == [MARKER, "index.html"]


def test_a_new_edition_moves_latest_and_an_old_one_that_changes_does_not(project):
    project.deploy()
    project.build(**{"2024_W03": "Sold 3"})
    project.deploy()
    assert "Sold 3" in project.there()["latest-sales-weekly"]
    project.build(**{"2024_W03": "Sold 3", "2024_W01": "Sold 1000"})
    assert project.deploy() == {"added": 0, "changed": 1, "removed": 0}
    assert "Sold 3" in project.there()["latest-sales-weekly"]
    assert "Sold 1000" in project.there()["sales-2024-W01"]


def test_an_edition_that_may_still_change_is_there_where_it_is_wanted(project):
    project.build(**{"2024_W03": "Sold 1 so far"})
    assert project.deploy() == {"added": 3, "changed": 0, "removed": 0}
    assert "Sold 77" in project.there()["latest-sales-weekly"]
    assert project.deploy(when="preliminary") == {"added": 1, "changed": 1, "removed": 0}
    assert "Sold 1 so far" in project.there()["latest-sales-weekly"]
    project.deploy()
    assert "sales-2024-W03" not in project.there()
    assert "Sold 77" in project.there()["latest-sales-weekly"]


def test_before_the_first_edition_is_sealed_nothing_is_there(project):
    project.build(**{"2024_W01": "Sold 1 so far", "2024_W02": ""})
    assert project.plan() == []
    assert project.deploy() == {"added": 0, "changed": 0, "removed": 0}
    assert not project.public.exists()


def test_an_edition_that_the_site_no_longer_has_is_gone(project):
    project.deploy()
    project.build(**{"2024_W01": ""})
    assert project.plan() == ["0 added, 0 changed, 1 removed", "remove sales-2024-W01"]
    assert project.deploy() == {"added": 0, "changed": 0, "removed": 1}
    assert list(project.there()) == ["latest-sales-weekly", "sales-2024-W02"]


def test_with_another_title_latest_has_another_name(project):
    project.deploy()
    project.build(title="Verkäufe: Woche")
    project.deploy()
    assert list(project.there()) == ["latest-verk-ufe-woche", "sales-2024-W01", "sales-2024-W02"]
    project.build(title="売上")
    project.deploy()
    assert next(iter(project.there())) == "latest-sales"


def test_files_of_others_are_never_touched(project):
    for name in ("notes.txt", "sales-2023-W52/index.html", "other-2024-W01/index.html"):
        (project.public / name).parent.mkdir(parents=True, exist_ok=True)
        (project.public / name).write_text("mine")
    project.driver().deploy(read_site(project.folder / "site"))
    project.build(**{"2024_W01": ""})
    project.driver().deploy(read_site(project.folder / "site"))
    assert (project.public / "notes.txt").read_text() == "mine"
    assert (project.public / "sales-2023-W52/index.html").read_text() == "mine"
    assert (project.public / "other-2024-W01/index.html").read_text() == "mine"


@pytest.mark.parametrize("kind", ["folder", "file", "link"])
def test_a_place_that_others_hold_is_refused_before_anything_is_written(project, kind):
    place = project.public / "sales-2024-W01"
    place.parent.mkdir()
    if kind == "folder":
        place.mkdir()
        (place / "index.html").write_text("mine")
    elif kind == "file":
        place.write_text("mine")
    else:
        place.symlink_to(project.folder / "site")
    for action in (project.plan, project.deploy):
        with pytest.raises(OutputError, match="'sales-2024-W01' is there already, and kpisite did"):
            action()
    assert [path.name for path in project.public.iterdir()] == ["sales-2024-W01"]


def test_what_somebody_changed_in_a_folder_is_put_right(project, printed):
    project.deploy("html", "pdf")
    folder = project.public / "sales-2024-W01"
    (folder / "index.html").write_text("defaced")
    (project.public / "sales-2024-W02" / "more.txt").write_text("x")
    (project.public / "latest-sales-weekly" / "latest-sales-weekly.pdf").unlink()
    assert project.deploy("html", "pdf") == {"added": 0, "changed": 3, "removed": 0}
    assert "Sold 28" in (folder / "index.html").read_text()
    assert project.plan("html", "pdf") == []


def test_only_the_reports_that_name_the_output_are_there(project):
    project.build("costs", "Costs", **{"2024_W01": "Paid 5"})
    project.deploy(reports=("sales",))
    assert "costs-2024-W01" not in project.there()
    project.driver(reports=("costs",)).deploy(read_site(project.folder / "site"))
    assert len(project.there()) == 6
    del project.reports["costs"]
    project.build()
    project.driver(reports=("sales",)).deploy(read_site(project.folder / "site"))
    assert "costs-2024-W01" in project.there()
    project.deploy()
    assert "costs-2024-W01" not in project.there()


@pytest.mark.parametrize(
    ("report", "title", "name"),
    [("costs", "Sales weekly", "latest-sales-weekly"), ("a/b", "Other", "a-b-2024-W02")],
)
def test_two_folders_of_one_name_are_an_error(project, report, title, name):
    project.build("a-b", "Another")
    project.build(report, title)
    with pytest.raises(OutputError, match=f"would both have the folder '{name}'") as caught:
        project.deploy()
    assert f"'{report}'" in str(caught.value)
    assert not project.public.exists()


def test_a_disk_that_is_full_leaves_what_was_there_and_the_next_run_ends_the_work(
    project, printed, monkeypatch
):
    project.deploy("html", "pdf")
    before = project.there()
    project.build(**{"2024_W01": "Sold 1", "2024_W02": "Sold 2"})
    write = Path.write_bytes

    def full(path: Path, data: bytes) -> int:
        if data.startswith(PDF):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OutputError, match="'public': No space left on device") as caught:
        project.deploy("html", "pdf")
    assert "What was there before still is" in caught.value.hint
    assert project.there() == before
    assert project.names() == list(before)
    monkeypatch.setattr(Path, "write_bytes", write)
    assert project.deploy("html", "pdf") == {"added": 0, "changed": 3, "removed": 0}


@pytest.mark.parametrize("number", range(1, 7))
def test_after_a_crash_each_folder_is_whole_and_the_next_run_ends_the_work(
    project, monkeypatch, number
):
    project.deploy()
    old = project.there()
    project.build(**{"2024_W01": "", "2024_W02": "Sold 2", "2024_W03": "Sold 3"})
    rename, done = Path.rename, []
    monkeypatch.setattr(_swapping, "exchange", lambda one, other: False)

    def crash(path: Path, target: Path) -> Path:
        done.append(path)
        if len(done) >= number:  # nothing is put back either
            raise KeyboardInterrupt
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", crash)
    with pytest.raises(KeyboardInterrupt):
        project.deploy()
    monkeypatch.undo()
    seen = project.there()
    project.deploy()
    new = project.there()
    assert list(new) == ["latest-sales-weekly", "sales-2024-W02", "sales-2024-W03"]
    assert project.names() == list(new)
    for name, text in seen.items():
        assert text in (old.get(name), new.get(name))


def test_a_folder_that_a_crash_left_aside_is_put_back_before_anything_is_made(project):
    project.deploy()
    public = project.public
    (public / "sales-2024-W02").rename(public / ".sales-2024-W02.kpisite-old")
    (public / ".sales-2024-W01.kpisite-new").mkdir()
    assert project.plan() == []
    assert project.deploy() == {"added": 0, "changed": 0, "removed": 0}
    assert project.names() == list(project.there())
    assert len(project.there()) == 3


def test_a_removal_that_a_crash_stopped_is_ended(project):
    project.deploy()
    (project.public / "sales-2024-W01").rename(project.public / ".sales-2024-W01.kpisite-old")
    project.build(**{"2024_W01": ""})
    assert project.deploy() == {"added": 0, "changed": 0, "removed": 1}
    assert project.names() == ["latest-sales-weekly", "sales-2024-W02"]


def test_without_a_browser_nothing_is_changed(project):
    project.deploy()
    before = project.there()
    with pytest.raises(OutputError, match="no program 'nothing', which KPISITE_BROWSER") as caught:
        project.deploy("html", "pdf", browser="nothing")
    assert caught.value.where == "sales-2024-W02"
    assert project.there() == before
    assert project.plan() == []


def test_a_browser_that_hangs_is_an_error_and_the_old_files_stay(project, tmp_path, monkeypatch):
    project.deploy()
    hangs = tmp_path / "hangs"
    hangs.write_text("#!/bin/sh\nsleep 600\n")
    hangs.chmod(0o755)
    monkeypatch.setattr("kpisite.plugins.browser.TIMEOUT", 0.3)
    with pytest.raises(OutputError, match=r"hangs does not answer within 0\.3 s"):
        project.deploy("png", browser=str(hangs))
    assert project.plan() == []


def test_without_its_json_files_the_site_is_refused(project):
    (project.folder / "site" / "sales" / "index.json").unlink()
    with pytest.raises(OutputError, match=r"has no sales/index\.json that can be read"):
        project.deploy()


def test_a_folder_holds_a_site_or_editions_and_not_both(project):
    site = read_site(project.folder / "site")
    whole = Static(Static.Options(output_dir="public"), OutputContext("web", project.folder))
    whole.deploy(site)
    with pytest.raises(OutputError, match="'public' holds a whole site"):
        project.deploy()
    shutil.rmtree(project.public)
    project.deploy()
    with pytest.raises(OutputError, match="'public' holds files that kpisite did not put there"):
        whole.deploy(site)
    assert len(project.there()) == 3


def test_pages_may_be_files_instead_of_folders(project):
    site = project.folder / "site"
    (site / "sales/2024-W01/index.html").rename(site / "sales/2024-W01.html")
    index = site / "sales/index.json"
    index.write_text(index.read_text().replace('"2024-W01/"', '"2024-W01.html"'))
    project.deploy()
    assert "Sold 28" in project.there()["sales-2024-W01"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"output_format": "pdf"}, "set 'what: edition'"),
        ({"what": "edition", "output_format": []}, "at least 1 item"),
        ({"what": "edition", "output_format": "gif"}, "'html', 'png' or 'pdf'"),
        ({"when": "preliminary"}, "'when' is for 'what: edition'"),
        ({"what": "editions"}, "'site' or 'edition'"),
    ],
)
def test_options_that_cannot_be(options, message):
    with pytest.raises(ValidationError, match=message):
        Static.Options(**options)


def test_a_format_may_be_named_alone():
    assert Static.Options(what="edition", output_format="pdf").output_format == ("pdf",)


@needs_browser
def test_the_same_edition_is_the_same_bytes_on_another_day(project):
    project.deploy("pdf")
    name = "sales-2024-W01/sales-2024-W01.pdf"
    before = (project.public / name).read_bytes()
    shutil.rmtree(project.public)
    project.deploy("pdf")
    assert (project.public / name).read_bytes() == before
    assert pypdf.PdfReader(io.BytesIO(before)).metadata.title == "Sales, 2024-W01"
