"""A folder of rendered texts: what is damaged, gone or cannot be kept costs time only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kpisite.render.block_cache import BlockCache, Rendered

if TYPE_CHECKING:
    from pathlib import Path

BYTES = bytes(range(256))


class Maker:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self) -> Rendered:
        self.asked += 1
        return Rendered(text="made")


def test_what_is_kept_is_not_made_again(tmp_path: Path):
    make = Maker()
    for _ in range(2):
        made = BlockCache(tmp_path, "code").rendered(["a", 1], make)
        assert made == Rendered(text="made")
    assert make.asked == 1


def test_other_parts_and_other_code_find_nothing(tmp_path: Path):
    make = Maker()
    for code, parts in (("code", ["a", 1]), ("code", ["a", 2]), ("other", ["a", 1])):
        BlockCache(tmp_path, code).rendered(parts, make)
    assert make.asked == 3


@pytest.mark.parametrize("damage", [b"", b"{", b"\xff", b"[]", b'{"text": 5}', b'{"text": "a"'])
def test_a_damaged_file_is_ignored_and_written_anew(tmp_path: Path, damage):
    make = Maker()
    BlockCache(tmp_path, "code").rendered([], make)
    for path in tmp_path.iterdir():
        path.write_bytes(damage)
    for _ in range(2):
        assert BlockCache(tmp_path, "code").rendered([], make) == Rendered(text="made")
    assert make.asked == 2


def test_a_folder_that_cannot_be_written_costs_time_only(tmp_path: Path):
    (tmp_path / "cache").write_text("a file stands where the folder would")
    make = Maker()
    for _ in range(2):
        assert BlockCache(tmp_path / "cache", "code").rendered([], make) == Rendered(text="made")
    assert make.asked == 2


def test_what_fails_is_not_kept(tmp_path: Path):
    cache = BlockCache(tmp_path, "code")
    with pytest.raises(ZeroDivisionError):
        cache.rendered([], lambda: Rendered(text=str(1 / 0)))
    assert cache.rendered([], Maker()) == Rendered(text="made")


def test_what_was_not_asked_for_is_removed(tmp_path: Path):
    old = BlockCache(tmp_path, "code")
    old.put("asked", Rendered(text="a"))
    old.put("not-asked", Rendered(text="b"))
    (tmp_path / "left.1234abcd").write_text("by a build that was stopped")
    new = BlockCache(tmp_path, "code")
    assert new.get("asked") == Rendered(text="a")
    new.put("new", Rendered(text="c"))
    new.prune()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["asked.json", "new.json"]


def test_one_build_may_prune_what_another_uses(tmp_path: Path):
    mine, other = BlockCache(tmp_path, "code"), BlockCache(tmp_path, "code")
    mine.put("mine", Rendered(text="a"))
    other.prune()
    assert mine.get("mine") is None
    mine.put("mine", Rendered(text="a"))
    assert mine.get("mine") == Rendered(text="a")


def test_a_text_that_utf_8_cannot_hold_is_not_kept(tmp_path: Path):
    cache = BlockCache(tmp_path, "code")
    cache.put("key", Rendered(text="\ud800"))
    assert cache.get("key") is None
    assert list(tmp_path.iterdir()) == []


def test_text_and_bytes_come_back_as_they_were(tmp_path: Path):
    cache = BlockCache(tmp_path, "code")
    made = Rendered(text="a\r\n\u2028\0<b>'é", assets={"x/é.bin": BYTES, "empty": b""})
    cache.put("key", made)
    assert cache.get("key") == made
