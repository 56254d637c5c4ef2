from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kpisite.render.compiled_templates import CompiledTemplates
from kpisite.render.templates import Templates

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def own(tmp_path: Path) -> Path:
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "a.html").write_text("{{ text }}!")
    return folder


def render(own: Path, cache: CompiledTemplates) -> str:
    return Templates([own], cache).render("a.html", text="<b>")


def kept(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_template_is_compiled_once_and_says_the_same_from_the_cache(own, tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    first = render(own, CompiledTemplates(folder, "site", "pages"))
    assert len(kept(folder)) == 1
    monkeypatch.setattr("jinja2.Environment._generate", None)  # nothing can be compiled any more
    assert render(own, CompiledTemplates(folder, "site", "pages")) == first == "&lt;b&gt;!"


def test_a_changed_template_is_compiled_anew(own, tmp_path):
    folder = tmp_path / "cache"
    render(own, CompiledTemplates(folder, "site", "pages"))
    (own / "a.html").write_text("{{ text }}?")
    assert render(own, CompiledTemplates(folder, "site", "pages")) == "&lt;b&gt;?"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda code: b"",
        lambda code: code[:-7],
        lambda code: code[:-1] + bytes([code[-1] ^ 1]),
        lambda code: code[:40] + bytes([code[40] ^ 1]) + code[41:],
    ],
    ids=["empty", "cut off", "a bit at the end", "a bit in the head"],
)
def test_a_damaged_file_is_not_run(own, tmp_path, spoil):
    folder = tmp_path / "cache"
    render(own, CompiledTemplates(folder, "site", "pages"))
    (file,) = kept(folder)
    whole = file.read_bytes()
    file.write_bytes(spoil(whole))
    assert render(own, CompiledTemplates(folder, "site", "pages")) == "&lt;b&gt;!"
    assert file.read_bytes() == whole


def test_other_settings_find_nothing_of_it(own, tmp_path):
    folder = tmp_path / "cache"
    render(own, CompiledTemplates(folder, "site", "pages"))
    render(own, CompiledTemplates(folder, "other", "pages"))
    assert len(kept(folder)) == 2


def test_only_the_newest_sites_are_kept(own, tmp_path):
    folder = tmp_path / "cache"
    for site in ("one", "two", "three", "four"):
        render(own, CompiledTemplates(folder, site, "pages"))
    assert sorted(path.name for path in folder.iterdir()) == ["four", "three", "two"]


def test_a_folder_that_cannot_be_written_costs_only_time(own, tmp_path):
    folder = tmp_path / "cache"
    folder.write_text("a file, not a folder")
    assert render(own, CompiledTemplates(folder, "site", "pages")) == "&lt;b&gt;!"
