"""`kpisite merge`: another archive's editions come into the project's."""

from __future__ import annotations

import pytest


@pytest.fixture
def other(shop):
    """The project without the archive that stands beside it now."""
    assert shop.call("run").exit_code == 0
    (shop.folder / "archive").rename(shop.folder / "other")
    return shop.folder / "other"


def test_it_says_what_came_and_what_was_here_already(shop, other):
    result = shop.call("merge", str(other))
    assert result.exit_code == 0, result.stderr
    assert result.stdout.splitlines() == [
        "sales/2024-01, revision 1: added",
        "sales/2024-02, revision 1: added",
        "sales/2024-03, revision 1: added",
        "3 changes, 0 kept as here, 0 equal.",
    ]
    assert shop.call("merge", str(other)).stdout == "0 changes, 0 kept as here, 3 equal.\n"
    assert shop.call("verify").exit_code == 0
    assert (shop.folder / "archive" / "index.parquet").is_file()


def test_what_is_kept_is_named(shop, other):
    assert shop.call("run", now="2024-03-02").exit_code == 0
    said = shop.call("merge", str(other)).stdout
    assert "sales/2024-01, revision 1: kept\n" in said
    assert said.endswith("0 changes, 3 kept as here, 0 equal.\n")


def test_another_archive_than_the_projects_may_get_it(shop, other):
    third = shop.folder / "third"
    assert shop.call("merge", str(other), "--into", str(third)).exit_code == 0
    assert not (shop.folder / "archive").exists()
    files = shop.files("other")
    assert len(files) > 3
    assert {p.partition("/")[2] for p in shop.files("third")} == {
        p.partition("/")[2] for p in files
    }


def test_a_folder_that_is_not_there_is_not_taken_for_an_empty_archive(shop):
    result = shop.call("merge", "nowhere")
    assert result.exit_code == 2
    assert result.stderr == "Error: nowhere: there is no such folder\n  Name another archive.\n"
