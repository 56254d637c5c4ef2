from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from kpisite.plugins import View
from kpisite.render.digests import class_digest, code_digest, file_names, files_digest
from kpisite.views.table import Table

if TYPE_CHECKING:
    from pathlib import Path


def digest(folder: Path) -> str:
    return files_digest(folder, file_names(folder))


def test_a_digest_changes_with_contents_and_names(tmp_path: Path):
    (tmp_path / "a").mkdir()
    seen = {digest(tmp_path)}
    for name, text in (("b", "1"), ("b", "2"), ("a/b", "2"), ("c", ""), ("d", "1b")):
        (tmp_path / name).write_text(text)
        seen.add(digest(tmp_path))
    assert len(seen) == 6


def test_a_digest_does_not_depend_on_where_a_folder_is(tmp_path: Path):
    for name in ("one", "two"):
        (tmp_path / name / "sub").mkdir(parents=True)
        (tmp_path / name / "sub" / "a.html").write_text("same")
    assert digest(tmp_path / "one") == digest(tmp_path / "two")


def test_linked_folders_are_followed(tmp_path: Path):
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "a.html").write_text("a")
    (tmp_path / "look").mkdir()
    (tmp_path / "look" / "views").symlink_to(tmp_path / "shared")
    assert file_names(tmp_path / "look") == ["views/a.html"]


def test_a_file_that_is_gone_counts_as_absent(tmp_path: Path):
    (tmp_path / "a").write_text("a")
    assert files_digest(tmp_path, ["a", "gone"]) == files_digest(tmp_path, ["a"])


def test_the_code_has_one_digest_in_a_process():
    assert code_digest() == code_digest()
    assert len(code_digest()) == 64


def test_kpisites_own_views_are_in_the_code_digest_already():
    assert class_digest(Table) == ""


def test_every_file_of_a_plugins_package_and_of_its_bases_counts(tmp_path: Path, monkeypatch):
    package = tmp_path / "acme_pack"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "_helper.py").write_text("A = 1\n")
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.syspath_prepend(str(tmp_path))
    import acme_pack

    def made() -> str:
        base = type("Base", (Table,), {"__module__": "acme_pack.views"})
        return class_digest(type("Own", (base,), {"__module__": View.__module__}))

    before = made()
    (package / "_helper.py").write_text("A = 2\n")
    other_code = made()
    (package / "views" / "templates").mkdir(parents=True)
    (package / "views" / "templates" / "own.html").write_text("own")
    assert len({"", before, other_code, made()}) == 4
    del sys.modules[acme_pack.__name__]
