from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kpisite.errors import ViewError
from kpisite.render.templates import Templates, template_folder

if TYPE_CHECKING:
    from pathlib import Path


def test_the_shipped_templates_are_found():
    assert (template_folder() / "pages" / "edition.html").is_file()
    assert (template_folder() / "assets" / "kpisite" / "kpisite.css").is_file()


def test_a_projects_own_template_wins_by_its_path(tmp_path: Path):
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "wall.html").write_text("{{ text }}")
    assert Templates([tmp_path]).render("pages/wall.html", text="own") == "own"


def test_values_are_escaped(tmp_path: Path):
    (tmp_path / "a.html").write_text("{{ text }}")
    assert Templates([tmp_path]).render("a.html", text="<b>") == "&lt;b&gt;"


def test_a_name_that_is_not_there_is_an_error_not_an_empty_text(tmp_path: Path):
    (tmp_path / "a.html").write_text("{{ missing }}")
    with pytest.raises(ViewError, match=r"template a\.html: 'missing' is undefined"):
        Templates([tmp_path]).render("a.html")


def test_a_mistake_in_a_template_is_told_with_its_line(tmp_path: Path):
    (tmp_path / "a.html").write_text("one\n{% if %}")
    with pytest.raises(ViewError, match=r"template a\.html:2: Expected an expression"):
        Templates([tmp_path]).render("a.html")


def test_a_template_that_is_not_there_is_named():
    with pytest.raises(ViewError, match=r"there is no template 'views/none\.html'"):
        Templates().render("views/none.html")


@pytest.mark.parametrize("path", ["assets/icon.svg", "./assets/icon.svg"])
def test_what_is_for_the_browser_is_no_template(tmp_path: Path, path):
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "icon.svg").write_text("<svg/>")
    (tmp_path / "a.html").write_text(f"{{% include '{path}' %}}")
    with pytest.raises(ViewError, match=r"there is no template"):
        Templates([tmp_path]).render("a.html")
