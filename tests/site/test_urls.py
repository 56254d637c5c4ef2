from __future__ import annotations

from kpisite.render.blocks import ASSET_SCHEME
from kpisite.site.urls import Urls


def test_addresses_are_relative_to_the_page_they_stand_on():
    urls = Urls()
    assert urls.page("", "flights") == "flights/"
    assert urls.page("flights", "flights/2013-W06") == "2013-W06/"
    assert urls.page("flights/2013-W06", "flights/2013-W05") == "../2013-W05/"
    assert urls.page("flights/2013-W06/on_time", "") == "../../../"
    assert urls.page("flights", "flights") == "./"


def test_without_directory_urls_they_name_the_file():
    urls = Urls(directory_urls=False)
    assert urls.page("flights", "flights/2013-W06") == "2013-W06/index.html"
    assert urls.page("", "") == "./index.html"


def test_assets_in_a_block_are_found_from_every_page_that_shows_it():
    text = f'<img src="{ASSET_SCHEME}flights/2013-W06/map/map.png"> ![]({ASSET_SCHEME}a/b.svg)'
    resolved = Urls().resolve_assets(text, "flights/2013-W06")
    assert resolved == '<img src="map/map.png"> ![](../../a/b.svg)'
    assert 'src="2013-W06/map/map.png"' in Urls().resolve_assets(text, "flights")
