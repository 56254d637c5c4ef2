"""Rows about `mkdocs build`: cold, with nothing new, with one edition more."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from measuring import measure, repeated, run_script
from project import Project
from rows import Row, ratio
from workshop import VIEWS, bare_build

if TYPE_CHECKING:
    from measuring import Cost
    from workshop import Workshop


def one_more_of_many(shop: Workshop) -> list[Row]:
    """Compare a build with one new edition to the cold build of the same site."""
    cold, pages = shop.cold
    cost = repeated(shop.many.build_one_more)
    return [
        ratio(
            f"one new edition, warm, {shop.many.editions} editions, {pages:,} pages",
            "the cold build of the same",
            cost,
            cold,
            1 / 20,
        )
    ]


def one_more_of_few(shop: Workshop) -> list[Row]:
    """Compare a build with one new edition to MkDocs' own start."""
    few = Project.make(shop.folder / "few", 1, shop.sizes.few, VIEWS)
    few.run()
    few.build_cold()
    pages = few.pages()
    return [
        ratio(
            f"one new edition, warm, {few.editions} editions, {pages:,} pages",
            "bare MkDocs, one page",
            repeated(few.build_one_more),
            shop.one_page,
            2.5,
        )
    ]


def nothing_new(shop: Workshop) -> list[Row]:
    """Compare a build that changes nothing to a copy of the site and MkDocs' own start."""
    _ = shop.cold
    cost = repeated(shop.many.build)
    copy = repeated(lambda: _copy(shop))
    return [
        ratio(
            f"nothing new, {shop.many.editions} editions",
            "cp -r of the site, and bare MkDocs, one page",
            cost,
            copy + shop.one_page,
            2.0,
        )
    ]


def cold(shop: Workshop) -> list[Row]:
    """Compare a cold build to bare MkDocs on the same pages."""
    cost, pages = shop.cold
    folder = shop.folder / "same_pages"
    shutil.rmtree(folder, ignore_errors=True)
    run_script("bare_site", folder, shop.many.folder)
    bare = repeated(lambda: bare_build(folder))
    bare_pages = sum(1 for _ in (folder / "site").rglob("*.html"))
    shutil.rmtree(folder)
    figure = (cost.cpu / pages) / (bare.cpu / bare_pages)
    return [
        Row(
            f"cold build, {pages:,} pages, CPU per page",
            "bare MkDocs on the same pages and files",
            figure,
            1.0,
            costs={"measured": cost, "against": bare},
        )
    ]


def _copy(shop: Workshop) -> Cost:
    target = shop.folder / "copy"
    shutil.rmtree(target, ignore_errors=True)
    return measure(["cp", "-r", str(shop.many.site), str(target)], shop.folder, {})
