from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kpisite.errors import DatasourceError
from kpisite.plugins.files import existing_file, shown_paths

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "report").mkdir()
    (tmp_path / "sales.csv").touch()
    return tmp_path / "report"


@pytest.mark.parametrize("absolute", [True, False])
def test_a_file_is_found_from_the_folder_of_the_report(folder: Path, absolute: bool):
    written = str(folder.parent / "sales.csv") if absolute else "../sales.csv"
    assert existing_file(folder, written) == folder.parent / "sales.csv"


@pytest.mark.parametrize(
    ("written", "shown", "hint"),
    [
        ("data/x.csv", "data/x.csv", "Paths start at the folder of the report."),
        ("./a/../x.csv", "x.csv", "Paths start at the folder of the report."),
        ("../sale.csv", "../sale.csv", "Did you mean 'sales.csv'?"),
        ("..", "../../{parent.name}", "Paths start at the folder of the report."),
    ],
)
def test_a_file_that_is_not_there_is_shown_as_it_was_looked_for(
    folder: Path, written: str, shown: str, hint: str
):
    with pytest.raises(DatasourceError) as caught:
        existing_file(folder, written)
    assert caught.value.message == f"there is no file {shown.format(parent=folder.parent)}"
    assert caught.value.hint == hint


def test_paths_in_a_message_start_at_the_folder_as_far_as_a_project_reaches(folder: Path):
    root = folder.parents[2]
    text = f"no '{folder}/x.csv', {folder.parent}/y.csv, {folder.parents[1]}/z.csv or {root}/a.csv"
    assert shown_paths(text, folder) == f"no 'x.csv', ../y.csv, ../../z.csv or {root}/a.csv"
    other = f"/mnt{folder}/x.csv"
    assert shown_paths(other, folder) == other
