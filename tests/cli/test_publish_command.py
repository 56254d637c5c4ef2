"""`kpisite publish`: a strict build, then the outputs; and nothing else ever delivers."""

from __future__ import annotations

import logging
import os
import re
import shutil

from small_disk import small_disk
from small_sites import mkdocs_build

FOREIGN = "public/thesis.txt"


def add_output(shop, id_: str = "web", output_dir: str = "public") -> None:
    text = shop.report.read_text()
    head = "" if "outputs:" in text else "outputs:\n"
    line = f"  {id_}: {{plugin: static, args: {{output_dir: {output_dir}}}}}\n"
    shop.report.write_text(text + head + line)


def test_the_site_arrives_and_each_sealed_edition_has_a_delivery(published):
    home = published.files("public")["public/index.html"]
    assert home == published.files("site")["site/index.html"]
    deliveries = [path for path in published.files("archive") if "deliveries" in path]
    assert deliveries == [
        "archive/sales/2024-01/deliveries/web.json",
        "archive/sales/2024-02/deliveries/web.json",
    ]


def test_the_result_says_where_and_what(published):
    shutil.rmtree(published.folder / "public")
    result = published.call("publish")
    assert result.exit_code == 0
    heading, line = result.stdout.splitlines()
    assert heading.split() == ["OUTPUT", "PLUGIN", "TARGET", "STATUS", "WHAT"]
    assert line.split()[:4] == ["sales/web", "static", "public", "ok"]
    assert "added, 0 changed, 0 removed" in line


def test_publishing_twice_changes_and_records_nothing(published):
    before = published.files("archive", "public")
    result = published.call("publish")
    assert result.exit_code == 0, result.stderr
    assert "0 added, 0 changed, 0 removed" in result.stdout
    assert "recorded" not in result.stdout
    assert published.files("archive", "public") == before


def test_a_dry_run_says_what_would_leave_and_delivers_nothing(shop):
    add_output(shop)
    result = shop.call("publish", "--dry-run")
    assert result.exit_code == 0, result.stderr
    heading, counts, *files, rest = result.stdout.splitlines()
    assert heading == "sales/web (static) to public:"
    assert re.fullmatch(r"  \d+ added, 0 changed, 0 removed, .* MB to write", counts)
    assert all(line.startswith("  add ") for line in files)
    assert re.fullmatch(r"  and \d+ more lines", rest)
    assert not (shop.folder / "public").exists()
    assert not [path for path in shop.files("archive") if "deliveries" in path]


def test_a_dry_run_of_what_is_there_already_has_nothing_to_do(published):
    result = published.call("publish", "--dry-run")
    assert result.stdout == "sales/web (static) to public:\n  nothing to do\n"


def test_without_an_output_it_says_so_and_does_nothing(shop):
    result = shop.call("publish")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "No report names an output: there is nothing to publish.\n"
    assert shop.call("publish", "--json").stdout == "[]\n"
    assert shop.files("archive", "site") == {}


def test_one_warning_of_the_build_stops_it_and_nothing_is_delivered(shop):
    add_output(shop)
    (shop.folder / "content" / "page.md").write_text("[lost](nowhere.md)\n")
    result = shop.call("publish")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "the site could not be built without a warning" in result.stderr
    assert "nowhere.md" in result.stderr
    assert not (shop.folder / "public").exists()


def test_a_site_that_cannot_be_written_is_told_in_two_lines(shop):
    add_output(shop)
    with small_disk(shop.folder / "site", 500_000):
        result = shop.call("publish")
    assert result.exit_code == 1
    *_, error, hint = result.stderr.splitlines()
    assert error.startswith(f"Error: {shop.folder}/site/")
    assert error.endswith(": the site could not be built: No space left on device")
    assert hint.startswith("  Nothing was delivered.")
    assert not (shop.folder / "public").exists()


def test_a_view_that_fails_stops_it_and_nothing_is_delivered(shop):
    add_output(shop)
    shop.edit("select * from sales", "select * from salse")
    result = shop.call("publish")
    assert result.exit_code == 1
    assert "view 'rows'" in result.stderr
    assert not (shop.folder / "public").exists()


def test_a_folder_that_others_filled_is_refused_and_the_other_output_arrives(shop):
    add_output(shop)
    add_output(shop, "second", "elsewhere")
    (shop.folder / "public").mkdir()
    (shop.folder / FOREIGN).write_text("ten years")
    result = shop.call("publish")
    assert result.exit_code == 1
    assert "Error: sales/web: output 'web': 'public' holds files" in result.stderr
    assert shop.files("public") == {FOREIGN: b"ten years"}
    assert (shop.folder / "elsewhere" / "index.html").is_file()
    deliveries = {path.rpartition("/")[2] for path in shop.files("archive") if "deliver" in path}
    assert deliveries == {"second.json"}


def test_building_never_delivers(shop):
    add_output(shop)
    result = mkdocs_build(shop.folder, "--strict", now="2024-03-01")
    assert result.returncode == 0, result.stderr
    assert (shop.folder / "site" / "index.html").is_file()
    assert not (shop.folder / "public").exists()
    assert not [path for path in shop.files("archive") if "deliveries" in path]


def test_the_build_leaves_the_process_as_it_was(shop, monkeypatch):
    monkeypatch.setenv("KPISITE_NOW", "2020-01-01")
    add_output(shop)
    logger = logging.getLogger("mkdocs")
    before = (logger.level, logger.propagate, list(logger.handlers))
    assert shop.call("publish").exit_code == 0
    assert (logger.level, logger.propagate, list(logger.handlers)) == before
    assert os.environ["KPISITE_NOW"] == "2020-01-01"
    assert "archive/sales/2024-03/1/edition.json" in shop.files("archive")
