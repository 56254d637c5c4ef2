"""Pictures for links: where they are, which pages name them, and when they are drawn again."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from PIL import Image
from test_head import head, make
from test_page_cache import Site, assert_same_as_cold, edit

from kpisite.cli.main import main
from kpisite.render.picture import Picture

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST = "https://kpi.example.org/"
PICTURES = {f"sales/2024-0{month}/preview.png" for month in (1, 2, 3)} | {"preview.png"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site of three editions; nobody changes it."""
    with pytest.MonkeyPatch.context() as patch:
        yield make(tmp_path_factory.mktemp("previews"), patch)


def pictures(site: Site) -> dict[str, bytes]:
    return {path: data for path, data in site.files().items() if path.endswith("preview.png")}


def test_each_edition_and_the_site_have_a_picture_of_the_size_that_is_said(built):
    drawn = pictures(built)
    assert drawn.keys() == PICTURES
    for data in drawn.values():
        image = Image.open(io.BytesIO(data))
        assert (image.format, image.size) == ("PNG", (600, 315))
        assert len(image.getcolors(1 << 20) or []) > 20
    assert len(set(drawn.values())) == len(drawn)


@pytest.mark.parametrize(
    ("path", "picture"),
    [
        ("", "preview.png"),
        ("sales", "sales/2024-03/preview.png"),
        ("sales/archive", "sales/2024-03/preview.png"),
        ("sales/kpis/sold", "sales/2024-03/preview.png"),
        ("sales/compare", "sales/2024-03/preview.png"),
        ("sales/2024-01", "sales/2024-01/preview.png"),
        ("sales/2024-01/sold", "sales/2024-01/preview.png"),
    ],
)
def test_a_page_names_its_picture_with_its_size_and_a_text(built, path, picture):
    found = head(built, path)
    assert found.named("og:image") == [HOST + picture]
    assert found.named("og:image:width") == ["600"]
    assert found.named("og:image:height") == ["315"]
    assert found.named("og:image:type") == ["image/png"]
    assert found.named("twitter:card") == ["summary_large_image"]
    [text] = found.named("og:image:alt")
    assert text.startswith(found.named("og:title")[0])


def test_a_page_of_the_project_has_no_picture(built):
    assert head(built, "notes").named("og:image") == []


def test_an_older_revision_has_a_picture_of_its_own(tmp_path, monkeypatch):
    site = make(tmp_path, monkeypatch)
    edit(tmp_path / "docs" / "sales" / "sales.csv", "2024-01-05,10", "2024-01-05,11")
    monkeypatch.chdir(tmp_path)
    main(["run", "sales", "--period", "2024-01", "--force"], standalone_mode=False)
    site.build()
    older = "sales/revisions/2024-01/1"
    assert head(site, older).named("og:image") == [f"{HOST}{older}/preview.png"]
    drawn = pictures(site)
    assert drawn[f"{older}/preview.png"] != drawn["sales/2024-01/preview.png"]


@pytest.mark.parametrize("reason", ["no address", "switched off"])
def test_without_an_address_or_if_switched_off_there_is_none(tmp_path, monkeypatch, reason):
    changes: dict[str, object] = {}
    if reason == "no address":
        changes["site_url"] = ""
    else:
        changes["plugins"] = ["search", {"kpisite": {"preview_pictures": False}}]
    site = make(tmp_path, monkeypatch, **changes)
    assert pictures(site) == {}
    found = head(site, "sales/2024-01")
    assert found.named("og:image") == []
    assert found.named("twitter:card") == ["summary"]


def test_a_site_that_gets_pictures_shows_them_on_pages_that_were_cached(tmp_path, monkeypatch):
    without = {"plugins": ["search", {"kpisite": {"preview_pictures": False}}]}
    site = make(tmp_path, monkeypatch, **without)
    site.configure()
    assert site.build() == (0, 3)
    assert pictures(site).keys() == PICTURES
    assert_same_as_cold(site)
    site.configure(**without)
    site.build()
    assert pictures(site) == {}
    assert "preview.png" not in site.page("sales/kpis/sold")


def test_another_name_of_the_site_is_on_all_pictures(tmp_path, monkeypatch):
    site = make(tmp_path, monkeypatch)
    before = pictures(site)
    site.configure(site_name="Another")
    site.build()
    after = pictures(site)
    assert all(after[path] != before[path] for path in PICTURES)
    assert_same_as_cold(site)


def test_a_build_with_nothing_new_draws_nothing(tmp_path, monkeypatch):
    site = make(tmp_path, monkeypatch)
    before = pictures(site)

    def refuse(picture: Picture, scale: float) -> bytes:
        raise AssertionError("a picture was drawn")

    monkeypatch.setattr(Picture, "png", refuse)
    assert site.build() == (3, 0)
    assert pictures(site) == before


def test_a_new_edition_changes_its_own_picture_and_that_of_the_site(tmp_path, monkeypatch):
    site = make(tmp_path, monkeypatch)
    before = pictures(site)
    edit(site.report, "until: 2024-04-01", "until: 2024-05-01")
    site.build()
    after = pictures(site)
    changed = {path for path in after if after[path] != before.get(path)}
    assert changed == {"sales/2024-04/preview.png", "preview.png"}
    assert_same_as_cold(site)


def test_a_file_of_the_project_stands_for_the_picture_of_the_site(tmp_path, monkeypatch):
    site = make(tmp_path, monkeypatch)
    (tmp_path / "docs" / "preview.png").write_bytes(b"ours")
    site.build()
    assert pictures(site)["preview.png"] == b"ours"


def test_a_picture_speaks_the_language_of_the_site(tmp_path, monkeypatch):
    drawn: list[list[str]] = []

    def keep(picture: Picture, scale: float) -> bytes:
        drawn.append([text.text for text in picture.texts])
        return b""

    monkeypatch.setattr(Picture, "png", keep)
    german = {"name": "material", "font": False, "language": "de"}
    make(tmp_path, monkeypatch, theme=german)
    [february] = [texts for texts in drawn if "Februar 2024" in texts]
    assert "endgültig" in february
