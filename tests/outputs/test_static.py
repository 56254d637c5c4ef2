"""The output `static`: a site is put in place whole, or not at all."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import ClassVar

import pytest
from pydantic import ValidationError
from sites import Watcher, read_files
from small_disk import small_disk

from kpisite.errors import OutputError
from kpisite.outputs import _swapping
from kpisite.outputs.static import MARKER, Static
from kpisite.pipeline.publish import read_site
from kpisite.plugins import OutputContext
from kpisite.testing import SiteDriverContract

SITE = {"index.html": "<h1>Home</h1>", "sales/index.html": "sales", "assets/a.css": "a{}"}


def write(folder: Path, files: dict[str, str]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


def content(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != MARKER
    }


def driver(project: Path, output_dir: str = "public") -> Static:
    return Static(Static.Options(output_dir=output_dir), OutputContext("web", project))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    write(folder / "site", SITE)
    return folder


class TestStaticContract(SiteDriverContract):
    own_files: ClassVar = {MARKER}

    def make(self, folder: Path) -> Static:
        return driver(folder)

    def make_unreachable(self, folder: Path) -> Static:
        (folder / "file").write_text("a file")
        return driver(folder, "file/public")

    def published(self, folder: Path) -> dict[str, bytes]:
        return read_files(folder / "public")


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_the_whole_site_is_put_in_place_and_the_receipt_counts_it(project):
    site = read_site(project / "site")
    receipt = driver(project).deploy(site)
    assert content(project / "public") == SITE
    assert (project / "public" / MARKER).read_text() == f"{site.digest}\n"
    assert receipt.target == "public"
    assert receipt.digest == site.digest
    assert receipt.details == {"files": 3, "added": 3, "changed": 0, "removed": 0}
    assert names(project) == {"site", "public"}


def test_a_deploy_says_how_far_it_is(project):
    watcher = Watcher()
    context = OutputContext("web", project, progress=watcher)
    Static(Static.Options(output_dir="public"), context).deploy(read_site(project / "site"))
    assert watcher.told[-1] == (3, 3)
    watcher.check()


def test_without_an_option_the_folder_is_build(project):
    Static(Static.Options(), OutputContext("web", project)).deploy(read_site(project / "site"))
    assert content(project / "_build") == SITE


def test_an_empty_output_dir_is_a_mistake():
    with pytest.raises(ValidationError):
        Static.Options(output_dir="")


def test_stale_files_and_folders_are_gone_after_the_next_deploy(project):
    driver(project).deploy(read_site(project / "site"))
    write(project / "site", {"index.html": "new", "team/index.html": "team"})
    receipt = driver(project).deploy(read_site(project / "site"))
    assert content(project / "public") == {"index.html": "new", "team/index.html": "team"}
    assert not (project / "public" / "sales").exists()
    assert receipt.details == {"files": 2, "added": 1, "changed": 1, "removed": 2}


def test_a_folder_may_become_a_file_and_a_file_a_folder(project):
    driver(project).deploy(read_site(project / "site"))
    swapped = {"sales": "now a file", "index.html/deep.html": "now a folder"}
    write(project / "site", swapped)
    driver(project).deploy(read_site(project / "site"))
    assert content(project / "public") == swapped


def test_an_equal_site_is_not_written_again(project):
    driver(project).deploy(read_site(project / "site"))
    before = (project / "public").stat().st_ino
    write(project / "site", SITE)
    site = read_site(project / "site")
    assert driver(project).plan(site) == []
    assert driver(project).deploy(site).details["changed"] == 0
    assert (project / "public").stat().st_ino == before


def test_what_somebody_changed_in_the_folder_is_put_right(project):
    site = read_site(project / "site")
    driver(project).deploy(site)
    (project / "public" / "index.html").write_text("defaced 1234")
    assert driver(project).plan(site)[0].startswith("0 added, 1 changed, 0 removed")
    driver(project).deploy(site)
    assert content(project / "public") == SITE


def test_the_plan_names_files_and_sizes_and_changes_nothing(project):
    driver(project).deploy(read_site(project / "site"))
    write(project / "site", {"index.html": "new", "team.html": "x" * 1500, "assets/a.css": "a{}"})
    assert driver(project).plan(read_site(project / "site")) == [
        "1 added, 1 changed, 1 removed, 1.5 kB to write",
        "add team.html, 1.5 kB",
        "change index.html, 3 B",
        "remove sales/index.html",
    ]
    assert content(project / "public") == SITE


def test_a_folder_that_others_filled_is_refused_and_stays_as_it_is(project):
    write(project / "public", {"thesis.txt": "ten years"})
    site = read_site(project / "site")
    for action in (driver(project).deploy, driver(project).plan):
        with pytest.raises(OutputError) as caught:
            action(site)
        assert "output 'web': 'public' holds files that kpisite did not put there" in str(
            caught.value
        )
        assert "Name an empty or a new folder" in caught.value.hint
    assert content(project / "public") == {"thesis.txt": "ten years"}
    assert names(project) == {"site", "public"}


def test_an_empty_folder_is_taken(project):
    (project / "public").mkdir()
    driver(project).deploy(read_site(project / "site"))
    assert content(project / "public") == SITE


@pytest.mark.parametrize("output_dir", [".", "..", "/", "site", "site/public", "../project"])
def test_the_project_and_the_built_site_are_never_replaced(project, output_dir):
    site = read_site(project / "site")
    with pytest.raises(OutputError, match="contains"):
        driver(project, output_dir).deploy(site)
    assert content(project / "site") == SITE


@pytest.mark.parametrize("output_dir", ["content", "content/public", "archive/web"])
def test_the_projects_content_and_archive_are_refused(project, output_dir):
    reserved = (project / "content", project / "archive")
    context = OutputContext("web", project, reserved)
    static = Static(Static.Options(output_dir=output_dir), context)
    with pytest.raises(OutputError, match=f"the project's '{output_dir.split('/')[0]}'"):
        static.deploy(read_site(project / "site"))
    assert names(project) == {"site"}


def test_a_volume_is_refused_with_a_folder_in_it_that_will_do(project, tmp_path):
    with small_disk(tmp_path / "volume", 300_000):
        with pytest.raises(OutputError, match="is a disk or volume of its own") as caught:
            driver(project, "../volume").deploy(read_site(project / "site"))
        assert "'output_dir: ../volume/site'" in caught.value.hint
        driver(project, "../volume/site").deploy(read_site(project / "site"))
        assert content(tmp_path / "volume" / "site") == SITE


def test_a_disk_that_gets_full_leaves_the_old_site_and_a_rerun_finishes(project, tmp_path):
    with small_disk(tmp_path / "volume", 300_000) as resize:
        static = driver(project, "../volume/site")
        static.deploy(read_site(project / "site"))
        write(project / "site", {"index.html": "new", "a.bin": "x" * 400_000})
        with pytest.raises(OutputError, match="No space left on device"):
            static.deploy(read_site(project / "site"))
        assert content(tmp_path / "volume" / "site") == SITE
        assert names(tmp_path / "volume") == {"site"}
        resize(2_000_000)
        static.deploy(read_site(project / "site"))
        assert content(tmp_path / "volume" / "site").keys() == {"index.html", "a.bin"}


def test_publishes_at_once_leave_one_whole_site(tmp_path):
    sites = {who: {f"{who}/{n}.html": who * 500 for n in range(60)} for who in "abc"}
    for number in range(10):
        public = tmp_path / str(number) / "public"
        built = {}
        for who, files in sites.items():
            write(tmp_path / who / "site", files)
            built[who] = read_site(tmp_path / who / "site")
        ready = Barrier(len(sites))

        def deploy(who: str, public: Path = public, built=built, ready=ready) -> None:
            ready.wait()
            driver(tmp_path / who, str(public)).deploy(built[who])

        with ThreadPoolExecutor(len(sites)) as executor:
            list(executor.map(deploy, sites))
        assert content(public) in sites.values()
        assert names(public.parent) == {"public"}


def test_a_file_in_its_place_is_refused(project):
    (project / "public").write_text("a file")
    with pytest.raises(OutputError, match="'public' is no folder"):
        driver(project).deploy(read_site(project / "site"))
    assert (project / "public").read_text() == "a file"


def test_an_absolute_folder_elsewhere_may_be_named(project, tmp_path):
    driver(project, str(tmp_path / "www" / "kpis")).deploy(read_site(project / "site"))
    assert content(tmp_path / "www" / "kpis") == SITE


def test_a_link_stays_a_link_and_what_it_names_is_replaced(project, tmp_path):
    (tmp_path / "www").mkdir()
    (project / "public").symlink_to(tmp_path / "www")
    driver(project).deploy(read_site(project / "site"))
    assert (project / "public").is_symlink()
    assert content(tmp_path / "www") == SITE


def test_a_copy_that_fails_leaves_the_old_site_and_no_leftovers(project):
    driver(project).deploy(read_site(project / "site"))
    write(project / "site", {"index.html": "new", "later.html": "x"})
    site = read_site(project / "site")
    (project / "site" / "later.html").unlink()
    with pytest.raises(OutputError) as caught:
        driver(project).deploy(site)
    assert "cannot be put into 'public'" in str(caught.value)
    assert str(project) not in str(caught.value)
    assert content(project / "public") == SITE
    assert names(project) == {"site", "public"}


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
def test_a_swap_by_two_renames_that_fails_puts_the_old_site_back(project, monkeypatch, error):
    monkeypatch.setattr(_swapping, "exchange", lambda one, other: False)
    driver(project).deploy(read_site(project / "site"))
    write(project / "site", {"index.html": "new"})
    rename = Path.rename

    def failing(self: Path, target: Path) -> Path:
        if self.name.endswith("kpisite-new"):
            raise error
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises((OutputError, KeyboardInterrupt)):
        driver(project).deploy(read_site(project / "site"))
    assert content(project / "public") == SITE
    monkeypatch.undo()
    driver(project).deploy(read_site(project / "site"))
    assert content(project / "public") == {"index.html": "new"}
    assert names(project) == {"site", "public"}


def test_after_a_crash_between_the_renames_the_old_site_is_put_back_first(project):
    driver(project).deploy(read_site(project / "site"))
    (project / "public").rename(project / ".public.kpisite-old")
    write(project / ".public.kpisite-new", {"half.html": "half"})
    write(project / "site", {"index.html": "new"})
    site = read_site(project / "site")
    assert driver(project).plan(site)[0].startswith("0 added, 1 changed, 2 removed")
    assert not (project / "public").exists()
    (project / "site" / "index.html").unlink()
    with pytest.raises(OutputError):
        driver(project).deploy(site)
    assert content(project / "public") == SITE
    assert names(project) == {"site", "public"}


def test_leftovers_of_a_crash_after_the_swap_are_cleaned(project):
    driver(project).deploy(read_site(project / "site"))
    write(project / ".public.kpisite-old", {"older.html": "older"})
    write(project / ".public.kpisite-new", {"half.html": "half"})
    driver(project).deploy(read_site(project / "site"))
    assert content(project / "public") == SITE
    assert names(project) == {"site", "public"}
