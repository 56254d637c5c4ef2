"""What every driver of sites keeps to, as tests against a real target."""

# ruff: noqa: D102, S101 - tests, named by sentences

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from kpisite.pipeline.publish import read_site
from kpisite.testing.output import DriverContract

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from kpisite.plugins import Site, SiteDriver

_SITE = {
    "index.html": b"<h1>Week 5</h1>\n",
    "flights/2013-W05/week-5.html": b"<h1>Week 5</h1>\n",
    "flights/2013-W05/map/map 1.png": bytes(range(256)),
    "assets/a.css": b"a{}\r\n",
    "assets/\N{LATIN SMALL LETTER U WITH DIAERESIS}ber.txt": b"\n",
    "robots.txt": b"",
}
"""A site: text and what is none, an empty file, names to be quoted; each is told by its name."""
_ADDED, _CHANGED = "flights/2013-W06/week-6.html", "index.html"
_REMOVED = "flights/2013-W05/map/map 1.png"
_NEXT = {
    **{path: content for path, content in _SITE.items() if path != _REMOVED},
    _ADDED: b"<h1>Week 6</h1>\n",
    _CHANGED: b"<h1>Week 6</h1>\n",
}
"""The site after it, with as many bytes in the file that changed."""


class SiteDriverContract(DriverContract):
    """What every driver of sites keeps to. Subclass it as `TestMyDriverContract`."""

    own_files: ClassVar[Collection[str]] = ()
    """Paths of the files that the driver puts beside those of the site."""

    @abstractmethod
    def make(self, folder: Path) -> SiteDriver:
        """Return a driver in a project's folder, before a target that is empty at first.

        Within a test, it is the same target for the same folder. The site is in `folder / "site"`.
        Where removing files is an option, it is on.
        """

    @abstractmethod
    def make_unreachable(self, folder: Path) -> SiteDriver:
        """Return a driver that cannot reach its target."""

    @abstractmethod
    def published(self, folder: Path) -> Mapping[str, bytes]:
        """Return path and content of all files that people see at the target of `make`."""

    def test_a_plan_lists_what_differs_and_changes_nothing(self, tmp_path: Path) -> None:
        driver = self.make(tmp_path)
        first = driver.plan(_write(tmp_path, _SITE))
        assert not [path for path in _SITE if not _named(path, first)]
        assert self.published(tmp_path) == {}
        driver.deploy(_write(tmp_path, _SITE))
        before = self.published(tmp_path)
        second = driver.plan(_write(tmp_path, _NEXT))
        assert {path for path in {**_SITE, **_NEXT} if _named(path, second)} == {
            *(_ADDED, _CHANGED, _REMOVED)
        }
        assert self.published(tmp_path) == before
        self._see_no_secret(*first, *second)

    def test_the_first_deploy_publishes_the_files_of_the_site_and_no_others(
        self, tmp_path: Path
    ) -> None:
        driver = self.make(tmp_path)
        receipt = driver.deploy(_write(tmp_path, _SITE))
        assert self._seen(tmp_path) == _SITE
        self._check(receipt, driver.target)

    def test_the_same_site_again_changes_nothing(self, tmp_path: Path) -> None:
        first = self.make(tmp_path).deploy(_write(tmp_path, _SITE))
        before = self.published(tmp_path)
        site = _write(tmp_path, _SITE)
        assert list(self.make(tmp_path).plan(site)) == []
        second = self.make(tmp_path).deploy(site)
        assert self.published(tmp_path) == before
        assert (second.target, second.digest) == (first.target, first.digest)

    def test_what_is_added_changed_and_removed_arrives(self, tmp_path: Path) -> None:
        first = self.make(tmp_path).deploy(_write(tmp_path, _SITE))
        second = self.make(tmp_path).deploy(_write(tmp_path, _NEXT))
        assert self._seen(tmp_path) == _NEXT
        assert second.digest != first.digest

    def test_where_it_cannot_be_reached_what_was_there_stays_and_a_rerun_finishes(
        self, tmp_path: Path
    ) -> None:
        self.make(tmp_path).deploy(_write(tmp_path, _SITE))
        before = self.published(tmp_path)
        site = _write(tmp_path, _NEXT)
        self._fails(lambda: self.make_unreachable(tmp_path).deploy(site))
        assert self.published(tmp_path) == before
        self.make(tmp_path).deploy(site)
        assert self._seen(tmp_path) == _NEXT

    def test_what_is_told_of_progress_grows_and_ends_at_the_total(self, tmp_path: Path) -> None:
        told: list[tuple[int, int]] = []
        driver = self.make(tmp_path)
        driver.context = replace(driver.context, progress=lambda *count: told.append(count))
        for files in (_SITE, _NEXT):
            driver.deploy(_write(tmp_path, files))
            counts = [done for done, _ in told]
            assert counts == sorted(counts)
            assert {total for _, total in told} <= set(counts[-1:])
            told.clear()

    def _seen(self, folder: Path) -> dict[str, bytes]:
        """Return what people see, without the driver's own files."""
        seen = self.published(folder)
        return {path: content for path, content in seen.items() if path not in self.own_files}


def _write(folder: Path, files: Mapping[str, bytes]) -> Site:
    """Make `folder / "site"` a site with these files, as a build does that writes all anew."""
    site = folder / "site"
    for path in [path for path in site.rglob("*") if path.is_file()]:
        path.unlink()
    for name, content in files.items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_bytes(content)
    return read_site(site)


def _named(path: str, plan: Sequence[str]) -> bool:
    return any(path in line for line in plan)
